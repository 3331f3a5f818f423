import { GoogleGenAI, Modality } from "@google/genai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Call } from "../../simulator/calls.ts";
import type { ServedGoogle } from "../../simulator/serve.ts";
import { serveSimulatedGoogle } from "../../simulator/serve.ts";
import { soon } from "../support/soon.ts";
import { BODY, MODEL } from "./in-process.ts";

const KEY = "AIzaSimulatedKeyOverTheWire";
const FOREIGN = "AIzaSimulatedKeyOfAnother";

let served: ServedGoogle;
let ai: GoogleGenAI;

beforeAll(async () => {
  served = await serveSimulatedGoogle();
  ai = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: served.url } });
});
beforeEach(() => {
  served.google.reset();
  served.google.issue(KEY);
});
afterAll(() => served.close());

function post(path: string, body: unknown = BODY, signal?: AbortSignal): Promise<Response> {
  const headers = { "x-goog-api-key": KEY };
  return fetch(served.url + path, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}

describe("over a socket", () => {
  test("a caller who hangs up before the answer is seen as aborted", async () => {
    served.google.script(KEY, { kind: "hang" });
    const caller = new AbortController();
    const answer = post(`/v1/models/${MODEL}:generateContent`, BODY, caller.signal);
    await soon(() => expect(served.google.calls).toHaveLength(1));
    caller.abort();
    await expect(answer).rejects.toThrow();
    await soon(() => expect(served.google.calls[0]?.aborted).toBe(true));
  });

  test("a caller who hangs up in the middle of a stream is seen as aborted", async () => {
    served.google.script(KEY, { kind: "drip", pauseMs: 20 });
    const caller = new AbortController();
    const answer = await post(`/v1/models/${MODEL}:streamGenerateContent?alt=sse`, BODY, caller.signal);
    await answer.body?.getReader().read();
    caller.abort();
    await soon(() => expect(served.google.calls[0]).toMatchObject({ aborted: true, answeredStatus: 200 }));
  });

  test("a reset breaks the connection", async () => {
    served.google.script(KEY, { kind: "reset" });
    await expect(post(`/v1/models/${MODEL}:generateContent`)).rejects.toThrow("fetch failed");
    expect(served.google.calls[0]?.aborted).toBe(false);
  });

  test("a broken stream reaches @google/genai as an error after its first events", async () => {
    served.google.script(KEY, { kind: "midstream-error" });
    let text = "";
    const read = async (): Promise<void> => {
      for await (const event of await ai.models.generateContentStream({
        model: MODEL,
        contents: "Hello",
      })) {
        text += event.text ?? "";
      }
    };
    await expect(read()).rejects.toThrow("overloaded");
    expect(text).toBe("Everyone bri");
  });

  test("interactions stream and are kept below an id of Google's kind", async () => {
    const answer = await post("/v1beta/interactions", {
      model: MODEL,
      input: "Hello",
      stream: true,
    });
    const id = /v1_\w+/.exec(await answer.text())?.[0];
    expect(id).toBeDefined();
    const kept = await fetch(`${served.url}/v1beta/interactions/${id}`, {
      headers: { "x-goog-api-key": KEY },
    });
    expect(kept.status).toBe(200);
  });
});

test("@google/genai uploads a file, uses it, and deletes it", async () => {
  const file = await ai.files.upload({
    file: new Blob(["hello"], { type: "text/plain" }),
    config: { displayName: "note" },
  });
  expect(file).toMatchObject({ displayName: "note", sizeBytes: "5", state: "ACTIVE" });
  const name = file.name ?? "";
  expect((await ai.files.get({ name })).uri).toBe(file.uri);
  const contents = [{ role: "user", parts: [{ fileData: { fileUri: file.uri ?? "", mimeType: "text/plain" } }] }];
  expect((await ai.models.generateContent({ model: MODEL, contents })).text).toContain("Everyone");
  served.google.issue(FOREIGN);
  const other = new GoogleGenAI({ apiKey: FOREIGN, httpOptions: { baseUrl: served.url } });
  await expect(other.models.generateContent({ model: MODEL, contents })).rejects.toThrow("do not have permission");
  await ai.files.delete({ name });
  await expect(ai.files.get({ name })).rejects.toThrow("403");
});

describe("Live", () => {
  async function openAndClose(key: string): Promise<{ code: number; reason: string }> {
    return new Promise((resolve, reject) => {
      const path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
      const socket = new WebSocket(`${served.url.replace("http", "ws")}${path}?key=${key}`);
      socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
      setTimeout(() => reject(new Error("still open")), 20_000).unref();
    });
  }

  test("@google/genai talks with a session", async () => {
    const heard: string[] = [];
    let turnDone = (): void => undefined;
    const done = new Promise<void>((resolve) => (turnDone = resolve));
    const session = await ai.live.connect({
      model: "gemini-2.5-flash-native-audio-preview",
      config: { responseModalities: [Modality.TEXT] },
      callbacks: {
        onmessage: (message) => {
          for (const part of message.serverContent?.modelTurn?.parts ?? []) heard.push(part.text ?? "");
          if (message.serverContent?.turnComplete) turnDone();
        },
      },
    });
    session.sendClientContent({ turns: "Hello", turnComplete: true });
    await done;
    session.close();
    expect(heard.join("")).toContain("Everyone brings a key");
    expect(served.google.calls[0]).toMatchObject({
      key: KEY,
      credential: "query",
      answeredStatus: 101,
    });
  });

  test("lets an ephemeral token speak for the project that minted it", async () => {
    const minted = (await (await post("/v1alpha/auth_tokens", { uses: 1 })).json()) as {
      name: string;
    };
    const path = "/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained";
    const socket = new WebSocket(`${served.url.replace("http", "ws")}${path}?access_token=${minted.name}`);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", reject);
    });
    socket.close();
    expect(served.google.calls.at(-1)?.project).toBe(served.google.calls[0]?.project);
  });

  test("closes an unknown key's session with 1008", async () => {
    expect(await openAndClose("AIzaNobody")).toEqual({
      code: 1008,
      reason: expect.stringContaining("not valid"),
    });
  });

  test("closes with the code that fits the key's error", async () => {
    served.google.script(KEY, { kind: "error", fixture: "spending-cap" });
    expect(await openAndClose(KEY)).toEqual({
      code: 1011,
      reason: expect.stringContaining("spending cap"),
    });
    served.google.refuseLocation(true);
    expect((await openAndClose(KEY)).code).toBe(1007);
  });
});

describe("another process", () => {
  const control = (path: string, body?: unknown): Promise<Response> =>
    fetch(
      `${served.url}/__simulator/${path}`,
      body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
    );

  test("issues, scripts, reads calls and resets", async () => {
    expect(await (await control("issue", { key: FOREIGN, project: "77" })).json()).toEqual({
      project: "77",
    });
    await control("script", { key: KEY, behaviour: [{ kind: "error", fixture: "key-leaked" }] });
    expect((await post(`/v1/models/${MODEL}:generateContent`)).status).toBe(403);
    const calls = (await (await control(`calls?key=${KEY}`)).json()) as Call[];
    expect(calls).toMatchObject([{ key: KEY, answeredStatus: 403 }]);
    expect(await (await control("violations")).json()).toEqual([]);
    expect(await (await control("faults")).json()).toEqual([]);
    await control("reset", {});
    expect(await (await control("calls")).json()).toEqual([]);
  });

  test("is told when a script makes no sense", async () => {
    expect((await control("script", { key: KEY, behaviour: "good" })).status).toBe(400);
    expect((await control("script", { key: KEY, behaviour: { kind: "error", fixture: "typo" } })).status).toBe(501);
    expect((await control("nothing")).status).toBe(404);
  });
});
