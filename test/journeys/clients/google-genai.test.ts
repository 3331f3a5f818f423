import { GoogleGenAI, type LiveServerMessage } from "@google/genai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ANSWER, layClientTable, MODEL, newKey, type ClientTable } from "../../support/client-table.ts";

const LIVE_MODEL = "gemini-2.5-flash-native-audio-preview";

let table: ClientTable;
let ai: GoogleGenAI;

beforeAll(async () => {
  table = await layClientTable();
  ai = new GoogleGenAI({ apiKey: table.caller, httpOptions: { baseUrl: table.url } });
});
afterEach(() => table.checkWire());
afterAll(() => table.close());

describe("@google/genai is served by the pool", () => {
  test("generates", async () => {
    const { result, calls } = await table.pooled(() => ai.models.generateContent({ model: MODEL, contents: "Hello" }));
    expect(result.text).toBe(ANSWER);
    expect(result.usageMetadata?.totalTokenCount).toBe(21);
    expect(calls[0]?.path).toBe(`/v1/models/${MODEL}:generateContent`);
  });

  test("streams, event by event", async () => {
    const { result } = await table.pooled(async () => {
      const pieces: string[] = [];
      const events = await ai.models.generateContentStream({ model: MODEL, contents: "Hello" });
      for await (const event of events) pieces.push(event.text ?? "");
      return pieces;
    });
    expect(result.length).toBeGreaterThan(2);
    expect(result.join("")).toBe(ANSWER);
  });

  test("embeds, one text and several", async () => {
    const model = "gemini-embedding-001";
    const one = await table.pooled(() => ai.models.embedContent({ model, contents: "a" }));
    expect(one.result.embeddings?.[0]?.values).toHaveLength(3072);
    const two = await table.pooled(() => ai.models.embedContent({ model, contents: ["a", "b"] }));
    expect(two.result.embeddings).toHaveLength(2);
  });

  test("counts tokens", async () => {
    const { result } = await table.pooled(() => ai.models.countTokens({ model: MODEL, contents: "Hello" }));
    expect(result.totalTokens).toBeGreaterThan(0);
  });

  test("lists models and reads one", async () => {
    const { result: names } = await table.pooled(async () => {
      const found: string[] = [];
      for await (const model of await ai.models.list()) found.push(model.name ?? "");
      return found;
    });
    expect(names).toContain(`models/${MODEL}`);
    const { result } = await table.pooled(() => ai.models.get({ model: MODEL }));
    expect(result.displayName).toBe("Gemini 2.5 Flash");
  });

  test("chats, with the answer of a tool in the second turn", async () => {
    const chat = ai.chats.create({
      model: MODEL,
      config: { tools: [{ functionDeclarations: [{ name: "get_weather", description: "weather" }] }] },
    });
    const { functionCalls } = await chat.sendMessage({ message: "What is the weather in Paris?" });
    expect(functionCalls?.[0]).toMatchObject({ name: "get_weather", args: { location: "Paris" } });
    const answer = await chat.sendMessage({
      message: { functionResponse: { name: "get_weather", response: { sky: "blue" } } },
    });
    expect(answer.text).toBe(ANSWER);
    const calls = table.takeCalls();
    expect(new Set(calls.map(({ key }) => key)).size).toBe(2);
    expect(calls.at(-1)?.bodyText).toContain("get_weather");
  });

  test("generates a picture", async () => {
    const { result } = await table.pooled(() =>
      ai.models.generateContent({ model: "gemini-2.5-flash-image", contents: "a pot" }),
    );
    expect(result.data).toMatch(/^iVBOR/);
  });

  test("interacts without a memory", async () => {
    const { result } = await table.pooled(() => ai.interactions.create({ model: MODEL, input: "Hello", store: false }));
    expect(result.status).toBe("completed");
  });

  test("reads Google's own error about the request", async () => {
    const asked = ai.models.generateContent({ model: "gemini-0", contents: "Hello" });
    await expect(asked).rejects.toMatchObject({ name: "ApiError", status: 404 });
  });
});

describe("@google/genai keeps its state on the caller's own key", () => {
  test("uploads a file in several chunks through the Worker, uses it and deletes it", async () => {
    const bytes = new Uint8Array(9 * 1024 * 1024).fill(65);
    const upload = await table.pinned(() =>
      ai.files.upload({ file: new Blob([bytes]), config: { mimeType: "text/plain", displayName: "letters" } }),
    );
    const chunks = upload.calls.filter(({ path }) => path.includes("upload_id="));
    expect(chunks.map(({ bodyBytes }) => bodyBytes)).toEqual([8 * 1024 * 1024, 1024 * 1024]);
    expect(upload.calls.map(({ path }) => path).join(" ")).not.toContain("pool_ticket");
    const { name = "", uri = "", sizeBytes } = upload.result;
    expect(Number(sizeBytes)).toBe(bytes.byteLength);

    await table.pinned(() => ai.files.get({ name }));
    const used = await table.pinned(() =>
      ai.models.generateContent({
        model: MODEL,
        contents: [
          { role: "user", parts: [{ text: "Hello" }, { fileData: { fileUri: uri, mimeType: "text/plain" } }] },
        ],
      }),
    );
    expect(used.result.text).toBe(ANSWER);
    const listed = await table.pinned(async () => {
      const names: (string | undefined)[] = [];
      for await (const file of await ai.files.list()) names.push(file.name);
      return names;
    });
    expect(listed.result).toEqual([name]);
    await table.pinned(() => ai.files.delete({ name }));
    await expect(ai.files.get({ name })).rejects.toMatchObject({ status: 403 });
  });

  test("caches, uses the cache and deletes it", async () => {
    const { result: cache } = await table.pinned(() =>
      ai.caches.create({ model: MODEL, config: { contents: "A long story", ttl: "300s" } }),
    );
    const { name = "" } = cache;
    const used = await table.pinned(() =>
      ai.models.generateContent({ model: MODEL, contents: "Hello", config: { cachedContent: name } }),
    );
    expect(used.result.text).toBe(ANSWER);
    await table.pinned(() => ai.caches.get({ name }));
    await table.pinned(() => ai.caches.update({ name, config: { ttl: "600s" } }));
    await table.pinned(() => ai.caches.delete({ name }));
  });

  test("interacts with a memory", async () => {
    const first = await table.pinned(() => ai.interactions.create({ model: MODEL, input: "Hello" }));
    const { id } = first.result;
    const second = await table.pinned(() =>
      ai.interactions.create({ model: MODEL, input: "And then?", previous_interaction_id: id, store: false }),
    );
    expect(second.result.status).toBe("completed");
    await table.pinned(() => ai.interactions.get(id));
  });

  test("keeps a file search store", async () => {
    const { result: store } = await table.pinned(() => ai.fileSearchStores.create({ config: { displayName: "s" } }));
    const { name = "" } = store;
    const upload = await table.pinned(() =>
      ai.fileSearchStores.uploadToFileSearchStore({
        fileSearchStoreName: name,
        file: new Blob(["text"]),
        config: { mimeType: "text/plain" },
      }),
    );
    expect(upload.calls).toHaveLength(2);
    const used = await table.pinned(() =>
      ai.models.generateContent({
        model: MODEL,
        contents: "Hello",
        config: { tools: [{ fileSearch: { fileSearchStoreNames: [name] } }] },
      }),
    );
    expect(used.result.text).toBe(ANSWER);
    await table.pinned(() => ai.fileSearchStores.delete({ name }));
  });

  test("starts a batch", async () => {
    const { result } = await table.pinned(() =>
      ai.batches.create({ model: MODEL, src: [{ contents: [{ parts: [{ text: "Hello" }] }] }] }),
    );
    await table.pinned(() => ai.batches.get({ name: result.name ?? "" }));
  });
});

describe("@google/genai speaks live", () => {
  /** Opens a session, says hello, and returns what the callbacks saw until the session ended. */
  async function converse(client: GoogleGenAI) {
    const said: LiveServerMessage[] = [];
    const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
    const { promise: finished, resolve: onFinished } = Promise.withResolvers<void>();
    const errors: string[] = [];
    const session = await client.live.connect({
      model: LIVE_MODEL,
      callbacks: {
        onmessage: (message) => {
          said.push(message);
          if (message.serverContent?.turnComplete === true) onFinished();
        },
        onerror: (event) => errors.push(event.message),
        onclose: () => {
          onClosed();
          onFinished();
        },
      },
    });
    session.sendClientContent({ turns: "Hello", turnComplete: true });
    await finished;
    session.close();
    await closed;
    return { text: said.map(({ text }) => text ?? "").join(""), errors };
  }

  test("a conversation, with the caller's own key in the query that the SDK writes", async () => {
    const { result, calls } = await table.pinned(() => converse(ai));
    expect(result.text).toBe(ANSWER);
    expect(result.errors).toEqual([]);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.path).not.toContain("key=");
  });

  test("an ephemeral token minted by the caller opens a session of its own", async () => {
    const alpha = new GoogleGenAI({
      apiKey: table.caller,
      httpOptions: { baseUrl: table.url, apiVersion: "v1alpha" },
    });
    const { result: token } = await table.pinned(() => alpha.authTokens.create({ config: { uses: 1 } }));
    const holder = new GoogleGenAI({
      apiKey: token.name ?? "",
      httpOptions: { baseUrl: table.url, apiVersion: "v1alpha" },
    });
    table.takeCalls();
    const { text } = await converse(holder);
    expect(text).toBe(ANSWER);
    const [call] = table.takeCalls();
    expect(call?.key).toBe(token.name);
    expect(call?.path).toContain("BidiGenerateContentConstrained");
  });

  test("Google's close code and reason arrive as they are", async () => {
    const key = newKey();
    table.google.script(key, { kind: "error", fixture: "project-denied" });
    const denied = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: table.url } });
    await expect(converse(denied)).rejects.toThrow(
      "(code 1008): Your project has been denied access. Please contact support.",
    );
  });
});
