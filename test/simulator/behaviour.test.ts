import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BODY, MODEL, readError, send, simulatedGoogle } from "./in-process.ts";

const KEY = "AIzaBehaves";
const OTHER = "AIzaSameProject";
const SSE = `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`;
const NOON_IN_UTC = Date.UTC(2026, 10, 21, 12);

afterEach(() => void vi.useRealTimers());

/** Moves the hands of the clock once somebody waits for them, and lets whoever waited go on. */
async function pass(ms: number): Promise<void> {
  while (vi.getTimerCount() === 0) await setImmediate();
  vi.advanceTimersByTime(ms);
  await setImmediate();
}

async function statuses(count: number, one: () => Promise<Response>): Promise<number[]> {
  const seen: number[] = [];
  for (let call = 0; call < count; call++) seen.push((await one()).status);
  return seen;
}

describe("a scripted key", () => {
  test("fails its first calls, or from a call on, or for some models only", async () => {
    const google = simulatedGoogle();
    const fixture = "overloaded";
    google.script(KEY, { kind: "error", fixture, only: { firstCalls: 2 } });
    expect(await statuses(3, () => send(google, { key: KEY }))).toEqual([503, 503, 200]);
    google.script(KEY, { kind: "error", fixture, only: { fromCall: 2 } });
    expect(await statuses(3, () => send(google, { key: KEY }))).toEqual([200, 503, 503]);
    google.script(KEY, { kind: "error", fixture, only: { models: ["gemini-2.5-pro"] } });
    const pro = "/v1beta/models/gemini-2.5-pro:generateContent";
    expect(await statuses(1, () => send(google, { key: KEY, path: pro }))).toEqual([503]);
    expect(await statuses(1, () => send(google, { key: KEY }))).toEqual([200]);
  });

  test("walks through a sequence and repeats its last step", async () => {
    const google = simulatedGoogle();
    google.script(KEY, [
      { kind: "error", fixture: "busy" },
      { kind: "good" },
      { kind: "error", fixture: "key-expired" },
    ]);
    expect(await statuses(4, () => send(google, { key: KEY }))).toEqual([429, 200, 400, 400]);
  });

  test("cannot be scripted with an error that was never recorded", () => {
    const script = () =>
      simulatedGoogle().script(KEY, {
        kind: "slow",
        delayMs: 1,
        next: { kind: "error", fixture: "typo" },
      });
    expect(script).toThrow("no fixture named typo");
  });
});

describe("quotas belong to a project and a model", () => {
  test("a minute's quota is shared by the project's keys and comes back with the next minute", async () => {
    let now = NOON_IN_UTC;
    const google = simulatedGoogle(() => now);
    google.issue(KEY, { project: "7" });
    google.issue(OTHER, { project: "7" });
    for (const key of [KEY, OTHER]) google.script(key, { kind: "quota", perMinute: 2 });
    expect(await statuses(2, () => send(google, { key: KEY }))).toEqual([200, 200]);
    now += 18_000;
    const refused = await readError(await send(google, { key: OTHER }));
    expect(refused.message).toContain("Please retry in 42s.");
    expect(refused.details?.at(-1)).toMatchObject({ retryDelay: "42s" });
    const pro = "/v1beta/models/gemini-2.5-pro:generateContent";
    expect((await send(google, { key: OTHER, path: pro })).status).toBe(200);
    now += 42_000;
    expect((await send(google, { key: OTHER })).status).toBe(200);
  });

  test("a day's quota comes back at midnight in Los Angeles", async () => {
    let now = NOON_IN_UTC;
    const google = simulatedGoogle(() => now);
    google.script(KEY, { kind: "quota", perDay: 1 });
    expect(await statuses(2, () => send(google, { key: KEY }))).toEqual([200, 429]);
    now = Date.UTC(2026, 10, 22, 7, 59);
    const refused = await readError(await send(google, { key: KEY }));
    expect(JSON.stringify(refused.details)).toContain("PerDay");
    now = Date.UTC(2026, 10, 22, 8, 0);
    expect((await send(google, { key: KEY })).status).toBe(200);
  });

  test("counting tokens costs nothing", async () => {
    const google = simulatedGoogle();
    google.script(KEY, { kind: "quota", perDay: 1 });
    const path = `/v1beta/models/${MODEL}:countTokens`;
    expect(await statuses(3, () => send(google, { key: KEY, path }))).toEqual([200, 200, 200]);
  });
});

describe("a stream", () => {
  test("is framed as Google frames it, or a JSON array without alt=sse", async () => {
    const google = simulatedGoogle();
    google.issue(KEY);
    const text = await (await send(google, { key: KEY, path: SSE })).text();
    expect(text.split("\r\n\r\n")).toHaveLength(4);
    const array = await send(google, { key: KEY, path: SSE.replace("?alt=sse", "") });
    expect(array.headers.get("content-type")).toContain("application/json");
    expect(await array.json()).toHaveLength(3);
  });

  test("may break in the middle with Google's unframed error", async () => {
    const google = simulatedGoogle();
    google.script(KEY, { kind: "midstream-error", afterEvents: 2 });
    const answer = await send(google, { key: KEY, path: SSE });
    expect(answer.status).toBe(200);
    const text = await answer.text();
    const tail = text.slice(text.lastIndexOf("\r\n\r\n") + 4);
    expect(text.match(/^data: /gm)).toHaveLength(2);
    expect(tail.startsWith("\n{\n")).toBe(true);
    expect(JSON.parse(tail)).toMatchObject({ error: { code: 503, status: "UNAVAILABLE" } });
  });

  test("may drip", async () => {
    const google = simulatedGoogle();
    google.script(KEY, { kind: "drip", pauseMs: 30 });
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const answer = await send(google, { key: KEY, path: SSE });
    const reader = answer.body?.getReader();
    await reader?.read();
    let came = 0;
    const rest = (async () => {
      while (!(await reader?.read())?.done) came += 1;
    })();
    const cameAfter = (ms: number) => pass(ms).then(() => came);
    expect([await cameAfter(29), await cameAfter(1), await cameAfter(29), await cameAfter(1)]).toEqual([0, 1, 1, 2]);
    await rest;
  });

  test("that nobody reads to its end counts as aborted", async () => {
    const google = simulatedGoogle();
    google.issue(KEY);
    const answer = await send(google, { key: KEY, path: SSE });
    await answer.body?.cancel();
    expect(google.calls[0]).toMatchObject({ aborted: true, answeredStatus: 200 });
  });

  test("stops with the caller's signal", async () => {
    const google = simulatedGoogle();
    google.script(KEY, { kind: "drip", pauseMs: 10_000 });
    const caller = new AbortController();
    const answer = await send(google, { key: KEY, path: SSE, signal: caller.signal });
    const reader = answer.body?.getReader();
    await reader?.read();
    const next = reader?.read();
    caller.abort();
    await expect(next).rejects.toThrow("aborted");
    expect(google.calls[0]?.aborted).toBe(true);
  });
});

describe("a connection", () => {
  test("may hang until the caller gives up", async () => {
    const google = simulatedGoogle();
    google.script(KEY, { kind: "hang" });
    await expect(send(google, { key: KEY, signal: AbortSignal.timeout(20) })).rejects.toThrow("timeout");
    expect(google.calls[0]).toMatchObject({ aborted: true, answeredStatus: undefined });
  });

  test("may be slow and then do something else", async () => {
    const google = simulatedGoogle();
    google.script(KEY, { kind: "slow", delayMs: 30, next: { kind: "error", fixture: "internal" } });
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    let status: number | undefined;
    const answer = send(google, { key: KEY }).then((response) => (status = response.status));
    await pass(29);
    expect(status).toBeUndefined();
    await pass(1);
    expect(await answer).toBe(500);
  });

  test("may break, which is no abort of the caller's", async () => {
    const google = simulatedGoogle();
    google.script(KEY, { kind: "reset" });
    await expect(send(google, { key: KEY })).rejects.toBeInstanceOf(TypeError);
    expect(google.calls[0]).toMatchObject({
      aborted: false,
      answeredStatus: undefined,
      bodyText: JSON.stringify(BODY),
    });
  });

  test("is refused at once when the caller has gone already", async () => {
    const google = simulatedGoogle();
    google.issue(KEY);
    await expect(send(google, { key: KEY, signal: AbortSignal.abort() })).rejects.toThrow("aborted");
  });
});
