import { ChatGoogleGenerativeAI, GoogleGenerativeAIEmbeddings } from "@langchain/google-genai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ANSWER, layClientTable, MODEL, type ClientTable } from "../../support/client-table.ts";

let table: ClientTable;

beforeAll(async () => {
  table = await layClientTable();
});
afterEach(() => table.checkWire());
afterAll(() => table.close());

describe("@langchain/google-genai", () => {
  const chat = () => new ChatGoogleGenerativeAI({ model: MODEL, apiKey: table.caller, baseUrl: table.url });

  test("invokes", async () => {
    const model = chat();
    const { result } = await table.pooled(() => model.invoke("Hello"));
    expect(result.text).toBe(ANSWER);
  });

  test("streams", async () => {
    const model = chat();
    const { result } = await table.pooled(async () => {
      const pieces: string[] = [];
      for await (const piece of await model.stream("Hello")) pieces.push(piece.text);
      return pieces;
    });
    expect(result.length).toBeGreaterThan(2);
    expect(result.join("")).toBe(ANSWER);
  });

  test("embeds", async () => {
    const embeddings = new GoogleGenerativeAIEmbeddings({
      model: "gemini-embedding-001",
      apiKey: table.caller,
      baseUrl: table.url,
    });
    const { result } = await table.pooled(() => embeddings.embedQuery("a"));
    expect(result).toHaveLength(3072);
    expect(await embeddings.embedDocuments(["a", "b"])).toHaveLength(2);
  });
});
