import { ApiError, createPartFromUri, GoogleGenAI } from "@google/genai";
import OpenAI, { APIError } from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ANSWER, MODEL, newKey } from "../../support/client-table.ts";
import { startWorker, type WorkerProcess } from "../../support/worker-process.ts";

const ADMIN_TOKEN = "an-operator-token-of-the-journeys";
const LIVE = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
const messages = [{ role: "user" as const, content: "Hello" }];

let worker: WorkerProcess;
let contributed: string[];
/** Imported by the operator: what the team makes is made with it. */
let home: string;
let team: { id: number; token: string };
let others: { id: number; token: string };

beforeAll(async () => {
  worker = await startWorker({ secrets: { ADMIN_TOKEN } });
  contributed = [newKey(), newKey(), newKey()];
  for (const key of contributed) {
    worker.google.issue(key);
    const answer = await fetch(`${worker.url}/v1beta/models/${MODEL}:generateContent`, {
      method: "POST",
      headers: { "x-goog-api-key": key, "content-type": "application/json" },
      body: JSON.stringify({ contents: [{ parts: [{ text: "Hello" }] }] }),
    });
    expect(answer.headers.get("x-pool-contributed")).toBe("yes");
    await answer.text();
  }
  home = newKey();
  worker.google.issue(home);
  await administer("POST", "/keys/import", { text: `our own key: ${home}` });
  team = await createToken("team");
  others = await createToken("others");
});
afterAll(() => worker.close());

/** Whatever happened, neither token ever reached Google, and each request carried one credential. */
afterEach(() => {
  expect(worker.google.violations).toEqual([]);
  expect(worker.google.faults).toEqual([]);
  for (const { path, headers, bodyText } of worker.google.calls) {
    expect(path + JSON.stringify(headers) + bodyText).not.toContain("potluck-");
  }
  expect(worker.output()).not.toMatch(/potluck-[\w-]{20}/);
});

async function administer<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${worker.url}/api/admin${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

function createToken(name: string, terms: object = {}): Promise<{ id: number; token: string }> {
  return administer("POST", "/tokens", { name, ...terms });
}

const openAiFor = (token: string) => new OpenAI({ apiKey: token, baseURL: `${worker.url}/v1`, maxRetries: 0 });
const genAiFor = (token: string) => new GoogleGenAI({ apiKey: token, httpOptions: { baseUrl: worker.url } });

async function statusOf(asked: Promise<unknown>): Promise<number | undefined> {
  const error: unknown = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof APIError || error instanceof ApiError) return error.status;
  throw new Error(`expected an error of the client, got ${String(error)}`);
}

describe("openai with an access token", () => {
  test("chats, streams and lists models on the pool's keys, one after the other", async () => {
    const openai = openAiFor(team.token);
    worker.google.calls.length = 0;
    for (let turn = 0; turn < 4; turn++) {
      const chat = await openai.chat.completions.create({ model: MODEL, messages });
      expect(chat.choices[0]?.message.content).toBe(ANSWER);
    }
    expect(new Set(worker.google.calls.map(({ key }) => key))).toEqual(new Set([...contributed, home]));
    let streamed = "";
    for await (const piece of await openai.chat.completions.create({ model: MODEL, messages, stream: true })) {
      streamed += piece.choices[0]?.delta.content ?? "";
    }
    expect(streamed).toBe(ANSWER);
    expect((await openai.models.list()).data.length).toBeGreaterThan(0);
  });

  test("gets errors that it understands", async () => {
    const narrow = openAiFor((await createToken("narrow", { models: "gemini-2.5-pro" })).token);
    const once = openAiFor((await createToken("once", { requestLimit: 1 })).token);
    expect(await statusOf(narrow.chat.completions.create({ model: MODEL, messages }))).toBe(403);
    await once.chat.completions.create({ model: MODEL, messages });
    expect(await statusOf(once.chat.completions.create({ model: MODEL, messages }))).toBe(429);
    const nobody = openAiFor(`potluck-${"A".repeat(43)}`);
    expect(await statusOf(nobody.chat.completions.create({ model: MODEL, messages }))).toBe(401);
  });
});

describe("@google/genai with an access token", () => {
  test("generates and streams", async () => {
    const ai = genAiFor(team.token);
    expect((await ai.models.generateContent({ model: MODEL, contents: "Hello" })).text).toBe(ANSWER);
    let streamed = "";
    for await (const piece of await ai.models.generateContentStream({ model: MODEL, contents: "Hello" })) {
      streamed += piece.text ?? "";
    }
    expect(streamed).toBe(ANSWER);
  });

  test("uploads a file, uses it, caches it; another token sees and reaches nothing of it", async () => {
    const ai = genAiFor(team.token);
    worker.google.calls.length = 0;
    const file = await ai.files.upload({ file: new Blob(["a text"]), config: { mimeType: "text/plain" } });
    const { name = "", uri = "" } = file;
    const contents = [createPartFromUri(uri, "text/plain"), "What does it say?"];
    expect((await ai.models.generateContent({ model: MODEL, contents })).text).toBe(ANSWER);
    expect((await ai.files.get({ name })).name).toBe(name);
    const cached = await ai.caches.create({ model: MODEL, config: { contents, ttl: "300s" } });
    const cachedContent = cached.name ?? "";
    const answer = await ai.models.generateContent({ model: MODEL, contents: "Sum it up", config: { cachedContent } });
    expect(answer.text).toBe(ANSWER);
    const holders = worker.google.calls.map(({ key }) => key ?? "none");
    expect(holders.filter((key) => key !== home && key !== "none")).toEqual([]);

    const stranger = genAiFor(others.token);
    const listed: (string | undefined)[] = [];
    for await (const seen of await stranger.files.list()) listed.push(seen.name);
    for await (const seen of await stranger.caches.list()) listed.push(seen.name);
    expect(listed).toEqual([]);
    worker.google.calls.length = 0;
    expect(await statusOf(stranger.files.get({ name }))).toBe(403);
    expect(await statusOf(stranger.files.delete({ name }))).toBe(403);
    expect(await statusOf(stranger.models.generateContent({ model: MODEL, contents }))).toBe(403);
    expect(
      await statusOf(stranger.models.generateContent({ model: MODEL, contents: "Hi", config: { cachedContent } })),
    ).toBe(403);
    expect(worker.google.calls).toEqual([]);

    const own: (string | undefined)[] = [];
    for await (const seen of await ai.files.list()) own.push(seen.name);
    expect(own).toEqual([name]);
    await ai.caches.delete({ name: cachedContent });
    await ai.files.delete({ name });
    expect(await statusOf(ai.files.get({ name }))).toBe(403);
  });

  test("streams an interaction that Google stores, and goes on from it", async () => {
    const ai = genAiFor(team.token);
    let id = "";
    for await (const event of await ai.interactions.create({ model: MODEL, input: "Hello", stream: true })) {
      if ("interaction" in event) id = event.interaction.id ?? id;
    }
    expect(id).toMatch(/^v1_/);
    const next = await ai.interactions.create({ model: MODEL, input: "And?", previous_interaction_id: id });
    expect((await ai.interactions.get(next.id)).id).toBe(next.id);
    const stranger = genAiFor(others.token);
    await expect(stranger.interactions.get(next.id)).rejects.toMatchObject({ status: 404 });
  });
});

describe("a raw WebSocket with an access token", () => {
  function speak(path: string): Promise<string> {
    const socket = new WebSocket(worker.url.replace(/^http/, "ws") + path);
    socket.binaryType = "arraybuffer";
    let said = "";
    return new Promise((resolve) => {
      socket.addEventListener("open", () =>
        socket.send(JSON.stringify({ setup: { model: "models/gemini-2.5-flash-native-audio-preview" } })),
      );
      socket.addEventListener("message", ({ data }) => {
        said += data instanceof ArrayBuffer ? new TextDecoder().decode(data) : String(data);
        if (said.includes("setupComplete")) socket.close(1000);
      });
      socket.addEventListener("close", () => resolve(said));
    });
  }

  test("holds a Live session on the home key", async () => {
    worker.google.calls.length = 0;
    expect(await speak(`${LIVE}?key=${team.token}`)).toContain("setupComplete");
    expect(worker.google.calls.map(({ key }) => key)).toEqual([home]);
  });

  test("is refused with a token that is none, or that may not use every model", async () => {
    const narrow = await createToken("narrow", { models: MODEL });
    worker.google.calls.length = 0;
    expect(await speak(`${LIVE}?key=potluck-${"A".repeat(43)}`)).toBe("");
    expect(await speak(`${LIVE}?key=${narrow.token}`)).toBe("");
    expect(worker.google.calls).toEqual([]);
  });
});

test("a revoked token ends at once, whatever it asks for", async () => {
  const { id, token } = await createToken("short");
  await openAiFor(token).chat.completions.create({ model: MODEL, messages });
  await administer("DELETE", `/tokens/${id}`);
  worker.google.calls.length = 0;
  expect(await statusOf(openAiFor(token).chat.completions.create({ model: MODEL, messages }))).toBe(401);
  expect(await statusOf(genAiFor(token).models.generateContent({ model: MODEL, contents: "Hello" }))).toBe(401);
  expect(await statusOf(genAiFor(token).files.list())).toBe(401);
  expect(worker.google.calls).toEqual([]);
});
