import { describe, expect, test } from "vitest";
import type { GoogleError } from "./in-process.ts";
import { BODY, MODEL, readError, send, simulatedGoogle } from "./in-process.ts";

const KEY = "AIzaRefused";
const STREAM = `/v1beta/models/${MODEL}:streamGenerateContent`;
const CHAT = "/v1beta/openai/chat/completions";

describe("an error takes the layout of its route", () => {
  test("is an object on a unary route", async () => {
    const answer = await send(simulatedGoogle(), { key: KEY });
    expect(answer.status).toBe(400);
    expect((await readError(answer)).details?.[0]?.["reason"]).toBe("API_KEY_INVALID");
  });

  test("is a one-element array on a stream without alt=sse", async () => {
    const answer = await send(simulatedGoogle(), { key: KEY, path: STREAM });
    expect(await answer.json()).toMatchObject([{ error: { code: 400 } }]);
  });

  test("is plain JSON labelled text/event-stream with alt=sse", async () => {
    const answer = await send(simulatedGoogle(), { key: KEY, path: `${STREAM}?alt=sse` });
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    expect(await answer.json()).toMatchObject({ error: { code: 400 } });
  });

  test("is a one-element array on the OpenAI route", async () => {
    const answer = await send(simulatedGoogle(), {
      path: CHAT,
      headers: { authorization: `Bearer ${KEY}` },
    });
    expect(await answer.json()).toMatchObject([{ error: { code: 400, status: "INVALID_ARGUMENT" } }]);
  });

  test("carries a word for a code on interactions, but an array when the key itself is refused", async () => {
    const google = simulatedGoogle();
    const path = "/v1beta/interactions";
    const unknown = await send(google, { key: KEY, path, body: { model: MODEL, input: "Hello" } });
    expect(await unknown.json()).toMatchObject([{ error: { code: 400 } }]);
    google.script(KEY, { kind: "error", fixture: "quota-day" });
    const exhausted = await send(google, {
      key: KEY,
      path,
      body: { model: MODEL, input: "Hello" },
    });
    expect(exhausted.status).toBe(429);
    expect((await readError(exhausted)).code).toBe("quota_exceeded");
  });

  test("is a page where Google's front end speaks", async () => {
    const google = simulatedGoogle();
    google.script(KEY, { kind: "html" });
    const answer = await send(google, { key: KEY });
    expect(answer.status).toBe(502);
    expect(await answer.text()).toContain("<!DOCTYPE html>");
  });
});

describe("an error echoes what Google echoes", () => {
  test("a suspended key's own error carries the key and its project", async () => {
    const google = simulatedGoogle();
    google.issue(KEY, { project: "123456789012" });
    google.script(KEY, { kind: "error", fixture: "key-suspended" });
    const text = await (await send(google, { key: KEY })).text();
    expect(text).toContain(`api_key:${KEY}`);
    expect(text).toContain("projects/123456789012");
  });

  test("an unknown model is echoed with whatever the caller made of it", async () => {
    const google = simulatedGoogle();
    google.issue(KEY);
    const name = 'API key expired. Please renew the API key. "{{key}}" <b>';
    const native = await send(google, {
      key: KEY,
      path: `/v1beta/models/${encodeURIComponent(name)}:generateContent`,
    });
    expect(native.status).toBe(404);
    expect((await readError(native)).message).toContain(`models/${name} is not found for API version v1beta`);
    const body = { model: name, messages: [] };
    const openai = await send(google, {
      path: CHAT,
      headers: { authorization: `Bearer ${KEY}` },
      body,
    });
    const [first] = (await openai.json()) as GoogleError[];
    expect(first?.error.message).toContain(`models/${name} is not found for API version v1main`);
  });

  test("an unknown field is echoed twice, as the caller spelled it", async () => {
    const google = simulatedGoogle();
    google.issue(KEY);
    const name = 'Your API key was reported as leaked. $& "x" Please use another API key.';
    const answer = await send(google, { key: KEY, body: { ...BODY, [name]: 1 } });
    expect(answer.status).toBe(400);
    const { message, details } = await readError(answer);
    const echoed = `Unknown name "${JSON.stringify(name).slice(1, -1)}": Cannot find field.`;
    expect(message).toContain(echoed);
    expect(JSON.stringify(details)).toContain(JSON.stringify(echoed).slice(1, -1));
  });

  test("an embedding model does not generate", async () => {
    const google = simulatedGoogle();
    google.issue(KEY);
    const answer = await send(google, {
      key: KEY,
      path: "/v1beta/models/gemini-embedding-001:generateContent",
    });
    expect(answer.status).toBe(404);
  });

  test("malformed JSON is an invalid argument that shows the caller's text", async () => {
    const google = simulatedGoogle();
    google.issue(KEY);
    const answer = await send(google, { key: KEY, body: "{contents: API key expired." });
    expect(answer.status).toBe(400);
    expect((await readError(answer)).message).toContain("API key expired.");
  });

  test("an unknown path is a 404 page, and a doubled slash is an unknown path", async () => {
    const google = simulatedGoogle();
    google.issue(KEY);
    for (const path of ["/v2/models", "//v1beta/models", "/v1beta/nothing"]) {
      const answer = await send(google, { key: KEY, path, method: "GET" });
      expect([path, answer.status]).toEqual([path, 404]);
      expect(await answer.text()).toContain("<!DOCTYPE html>");
    }
  });
});

test("every recorded error can be replayed on every kind of route", async () => {
  const { readFixtures } = await import("../../simulator/fixtures-on-disk.ts");
  const fixtures = await readFixtures();
  expect(Object.keys(fixtures).length).toBeGreaterThan(20);
  const google = simulatedGoogle();
  for (const [fixture, { status }] of Object.entries(fixtures)) {
    google.script(KEY, { kind: "error", fixture });
    const bearer = { authorization: `Bearer ${KEY}` };
    const answers = [
      await send(google, { key: KEY }),
      await send(google, { key: KEY, path: `${STREAM}?alt=sse` }),
      await send(google, { path: CHAT, headers: bearer }),
      await send(google, { key: KEY, path: "/v1beta/interactions" }),
    ];
    expect([fixture, ...answers.map((answer) => answer.status)]).toEqual([fixture, status, status, status, status]);
    for (const answer of answers) expect(await answer.text()).not.toContain("{{");
  }
});

test("the location is refused to every key, or to the requests that the predicate picks", async () => {
  const google = simulatedGoogle();
  google.issue(KEY);
  google.refuseLocation(true);
  expect((await readError(await send(google, { key: KEY }))).status).toBe("FAILED_PRECONDITION");
  google.refuseLocation((request) => request.headers.get("x-egress") === "hkg");
  expect((await send(google, { key: KEY, headers: { "x-egress": "hkg" } })).status).toBe(400);
  expect((await send(google, { key: KEY })).status).toBe(200);
});
