import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { embed, generateText, isStepCount, jsonSchema, Output, streamText, tool, uploadFile } from "ai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ANSWER, layClientTable, MODEL, newKey, type ClientTable } from "../../support/client-table.ts";

let table: ClientTable;
/** Every request of the provider's, with the credentials it carried. */
const sent: { url: string; credential: boolean }[] = [];

const watch: typeof fetch = (input, init) => {
  const request = new Request(input, init);
  const credential = request.headers.has("x-goog-api-key") || request.url.includes("key=");
  sent.push({ url: request.url, credential });
  return fetch(input, init);
};

function provider(apiKey: string) {
  return createGoogleGenerativeAI({ apiKey, baseURL: `${table.url}/v1beta`, fetch: watch });
}

beforeAll(async () => {
  table = await layClientTable();
});
afterEach(() => table.checkWire());
afterAll(() => table.close());

describe("ai with @ai-sdk/google", () => {
  test("generates text", async () => {
    const google = provider(table.caller);
    const { result } = await table.pooled(() => generateText({ model: google(MODEL), prompt: "Hello" }));
    expect(result.text).toBe(ANSWER);
  });

  test("streams text", async () => {
    const google = provider(table.caller);
    const { result } = await table.pooled(async () => {
      const pieces: string[] = [];
      for await (const piece of streamText({ model: google(MODEL), prompt: "Hello" }).textStream) pieces.push(piece);
      return pieces;
    });
    expect(result.length).toBeGreaterThan(2);
    expect(result.join("")).toBe(ANSWER);
  });

  test("calls a tool and gets an answer to its result", async () => {
    const google = provider(table.caller);
    const asked: string[] = [];
    const getWeather = tool({
      description: "weather",
      inputSchema: jsonSchema<{ location: string }>({
        type: "object",
        properties: { location: { type: "string" } },
      }),
      execute: async ({ location }) => {
        asked.push(location);
        return "blue";
      },
    });
    const { text } = await generateText({
      model: google(MODEL),
      prompt: "What is the weather in Paris?",
      tools: { get_weather: getWeather },
      stopWhen: isStepCount(2),
    });
    expect(asked).toEqual(["Paris"]);
    expect(text).toBe(ANSWER);
  });

  test("gets structured output", async () => {
    const google = provider(table.caller);
    const schema = jsonSchema<{ answer: string }>({ type: "object", properties: { answer: { type: "string" } } });
    const { output } = await generateText({ model: google(MODEL), prompt: "Hello", output: Output.object({ schema }) });
    expect(output).toEqual({ answer: ANSWER });
  });

  test("embeds", async () => {
    const google = provider(table.caller);
    const model = google.embedding("gemini-embedding-001");
    const { result } = await table.pooled(() => embed({ model, value: "a" }));
    expect(result.embedding).toHaveLength(3072);
  });

  test("uploads a file through the Worker, in a chunk that carries no credential, and uses it", async () => {
    const google = provider(table.caller);
    sent.length = 0;
    table.takeCalls();
    const { providerReference } = await uploadFile({
      api: google.files(),
      data: { type: "data", data: new Uint8Array(1000).fill(65) },
      mediaType: "text/plain",
    });
    const chunk = sent.find(({ url }) => url.includes("upload_id="));
    expect(chunk?.credential).toBe(false);
    expect(sent.map(({ url }) => new URL(url).origin)).toEqual(sent.map(() => table.url));
    const atGoogle = table.takeCalls();
    expect(atGoogle[0]).toMatchObject({ key: table.caller, method: "POST" });
    expect(atGoogle[1]).toMatchObject({ key: undefined, bodyBytes: 1000, answeredStatus: 200 });

    const { result } = await table.pinned(() =>
      generateText({
        model: google(MODEL),
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "Hello" },
              { type: "file", data: { type: "reference", reference: providerReference }, mediaType: "text/plain" },
            ],
          },
        ],
      }),
    );
    expect(result.text).toBe(ANSWER);
  });

  test("shows Google's message for a bad key", async () => {
    const asked = generateText({ model: provider(newKey())(MODEL), prompt: "Hello", maxRetries: 0 });
    await expect(asked).rejects.toThrow("API key not valid. Please pass a valid API key.");
  });
});
