import { GoogleGenerativeAI } from "@google/generative-ai";
import { GoogleAICacheManager, GoogleAIFileManager } from "@google/generative-ai/server";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ANSWER, layClientTable, MODEL, type ClientTable } from "../../support/client-table.ts";

let table: ClientTable;

beforeAll(async () => {
  table = await layClientTable();
});
afterEach(() => table.checkWire());
afterAll(() => table.close());

describe("@google/generative-ai, the SDK before @google/genai", () => {
  const model = () => new GoogleGenerativeAI(table.caller).getGenerativeModel({ model: MODEL }, { baseUrl: table.url });

  test("generates and streams", async () => {
    const { result } = await table.pooled(() => model().generateContent("Hello"));
    expect(result.response.text()).toBe(ANSWER);
    const pieces: string[] = [];
    const { stream } = await model().generateContentStream("Hello");
    for await (const piece of stream) pieces.push(piece.text());
    expect(pieces.join("")).toBe(ANSWER);
  });

  test("uploads a file in one multipart request, uses it and deletes it", async () => {
    const files = new GoogleAIFileManager(table.caller, { baseUrl: table.url });
    const upload = await table.pinned(() => files.uploadFile(Buffer.from("text"), { mimeType: "text/plain" }));
    expect(upload.calls).toHaveLength(1);
    const { name, uri, mimeType } = upload.result.file;
    const used = await table.pinned(() => model().generateContent(["Hello", { fileData: { fileUri: uri, mimeType } }]));
    expect(used.result.response.text()).toBe(ANSWER);
    await table.pinned(() => files.listFiles());
    await table.pinned(() => files.deleteFile(name));
  });

  test("caches", async () => {
    const caches = new GoogleAICacheManager(table.caller, { baseUrl: table.url });
    const contents = [{ role: "user", parts: [{ text: "A long story" }] }];
    const { result: cache } = await table.pinned(() => caches.create({ model: MODEL, contents, ttlSeconds: 300 }));
    const cached = new GoogleGenerativeAI(table.caller).getGenerativeModelFromCachedContent(
      cache,
      {},
      { baseUrl: table.url },
    );
    const used = await table.pinned(() => cached.generateContent("Hello"));
    expect(used.result.response.text()).toBe(ANSWER);
  });
});
