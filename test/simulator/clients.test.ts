import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ServedGoogle } from "../../simulator/serve.ts";
import { serveSimulatedGoogle } from "../../simulator/serve.ts";

const KEY = "AIzaSimulatedKeyOfTheClients";
const MODEL = "gemini-2.5-flash";
const ANSWER = "Everyone brings a key, everyone eats from the table.";

let served: ServedGoogle;
let ai: GoogleGenAI;
let openai: OpenAI;

beforeAll(async () => {
  served = await serveSimulatedGoogle();
  ai = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: served.url } });
  openai = new OpenAI({ apiKey: KEY, baseURL: `${served.url}/v1beta/openai`, maxRetries: 0 });
});
beforeEach(() => {
  served.google.reset();
  served.google.issue(KEY);
});
afterAll(() => served.close());

describe("@google/genai against the simulated Google", () => {
  test("generates text and sees usage", async () => {
    const answer = await ai.models.generateContent({ model: MODEL, contents: "Hello" });
    expect(answer.text).toBe(ANSWER);
    expect(answer.candidates?.[0]?.finishReason).toBe("STOP");
    expect(answer.usageMetadata?.totalTokenCount).toBe(21);
  });

  test("streams the same text in several events", async () => {
    const pieces: string[] = [];
    for await (const event of await ai.models.generateContentStream({
      model: MODEL,
      contents: "Hello",
    })) {
      pieces.push(event.text ?? "");
    }
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.join("")).toBe(ANSWER);
  });

  test("gets a function call when tools are offered and the weather is asked", async () => {
    const answer = await ai.models.generateContent({
      model: MODEL,
      contents: "What is the weather in Paris?",
      config: {
        tools: [{ functionDeclarations: [{ name: "get_weather", description: "weather" }] }],
      },
    });
    expect(answer.functionCalls?.[0]).toMatchObject({
      name: "get_weather",
      args: { location: "Paris" },
    });
  });

  test("gets JSON when a schema is asked", async () => {
    const answer = await ai.models.generateContent({
      model: MODEL,
      contents: "Hello",
      config: { responseMimeType: "application/json", responseJsonSchema: { type: "object" } },
    });
    expect(JSON.parse(answer.text ?? "")).toEqual({ answer: ANSWER });
  });

  test("embeds one text and several", async () => {
    const one = await ai.models.embedContent({ model: "gemini-embedding-001", contents: "a" });
    const two = await ai.models.embedContent({
      model: "gemini-embedding-001",
      contents: ["a", "b"],
    });
    expect(one.embeddings?.[0]?.values).toHaveLength(3072);
    expect(two.embeddings?.map((embedding) => embedding.values?.length)).toEqual([3072, 3072]);
  });

  test("counts tokens", async () => {
    const count = await ai.models.countTokens({ model: MODEL, contents: "Hello" });
    expect(count.totalTokens).toBeGreaterThan(0);
  });

  test("lists models and reads one", async () => {
    const names: string[] = [];
    for await (const model of await ai.models.list()) names.push(model.name ?? "");
    expect(names).toContain(`models/${MODEL}`);
    expect((await ai.models.get({ model: MODEL })).displayName).toBe("Gemini 2.5 Flash");
  });

  test("generates an image", async () => {
    const answer = await ai.models.generateContent({
      model: "gemini-2.5-flash-image",
      contents: "a pot",
    });
    expect(answer.data).toMatch(/^iVBOR/);
  });
});

describe("openai against the simulated Google", () => {
  const messages = [{ role: "user" as const, content: "Hello" }];

  test("completes a chat", async () => {
    const answer = await openai.chat.completions.create({ model: MODEL, messages });
    expect(answer.choices[0]?.message.content).toBe(ANSWER);
    expect(answer.choices[0]?.finish_reason).toBe("stop");
  });

  test("streams a chat", async () => {
    let text = "";
    for await (const event of await openai.chat.completions.create({
      model: MODEL,
      messages,
      stream: true,
    })) {
      text += event.choices[0]?.delta.content ?? "";
    }
    expect(text).toBe(ANSWER);
  });

  test("gets a tool call when tools are offered and the weather is asked", async () => {
    const answer = await openai.chat.completions.create({
      model: MODEL,
      messages: [{ role: "user", content: "The weather, please" }],
      tools: [{ type: "function", function: { name: "get_weather" } }],
    });
    const call = answer.choices[0]?.message.tool_calls?.[0];
    expect(call).toMatchObject({ type: "function", function: { name: "get_weather" } });
  });

  test("embeds", async () => {
    const answer = await openai.embeddings.create({
      model: "gemini-embedding-001",
      input: ["a", "b"],
    });
    expect(answer.data.map((item) => item.embedding.length)).toEqual([3072, 3072]);
  });

  test("generates an image", async () => {
    const answer = await openai.images.generate({
      model: "imagen-4.0-generate-001",
      prompt: "a pot",
      response_format: "b64_json",
    });
    expect(answer.data?.[0]?.b64_json).toMatch(/^iVBOR/);
  });

  test("lists models and reads one", async () => {
    const models = await openai.models.list();
    expect(models.data.map((model) => model.id)).toContain(`models/${MODEL}`);
    expect((await openai.models.retrieve(MODEL)).object).toBe("model");
  });
});
