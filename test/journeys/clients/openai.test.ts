import OpenAI, { APIError } from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ANSWER, layClientTable, MODEL, newKey, type ClientTable } from "../../support/client-table.ts";

const messages = [{ role: "user" as const, content: "Hello" }];

let table: ClientTable;
let openai: OpenAI;

beforeAll(async () => {
  table = await layClientTable();
  openai = new OpenAI({ apiKey: table.caller, baseURL: `${table.url}/v1`, maxRetries: 0 });
});
afterEach(() => table.checkWire());
afterAll(() => table.close());

/** The error that a promise ends in, as the SDK made it. */
async function failureOf(asked: Promise<unknown>): Promise<APIError> {
  const error: unknown = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof APIError) return error;
  throw new Error(`expected an APIError, got ${String(error)}`);
}

describe("openai is served by the pool", () => {
  test("completes a chat", async () => {
    const { result, calls } = await table.pooled(() => openai.chat.completions.create({ model: MODEL, messages }));
    expect(result.choices[0]?.message.content).toBe(ANSWER);
    expect(calls[0]?.path).toBe("/v1beta/openai/chat/completions");
    expect(calls[0]?.credential).toBe("bearer");
  });

  test("streams a chat", async () => {
    const { result } = await table.pooled(async () => {
      const pieces: string[] = [];
      const events = await openai.chat.completions.create({ model: MODEL, messages, stream: true });
      for await (const event of events) pieces.push(event.choices[0]?.delta.content ?? "");
      return pieces;
    });
    expect(result.length).toBeGreaterThan(2);
    expect(result.join("")).toBe(ANSWER);
  });

  test("calls a tool and gets an answer to its result", async () => {
    const tools = [{ type: "function" as const, function: { name: "get_weather" } }];
    const question = { role: "user" as const, content: "The weather, please" };
    const asked = await openai.chat.completions.create({ model: MODEL, messages: [question], tools });
    const message = asked.choices[0]?.message;
    const call = message?.tool_calls?.[0];
    expect(call).toMatchObject({ type: "function", function: { name: "get_weather" } });
    if (message === undefined || call === undefined) return;
    const answered = await openai.chat.completions.create({
      model: MODEL,
      messages: [question, message, { role: "tool", tool_call_id: call.id, content: "blue" }],
      tools,
    });
    expect(answered.choices[0]?.message.content).toBe(ANSWER);
  });

  test("gets structured output", async () => {
    const answer = await openai.chat.completions.create({
      model: MODEL,
      messages,
      response_format: {
        type: "json_schema",
        json_schema: { name: "saying", schema: { type: "object", properties: { answer: { type: "string" } } } },
      },
    });
    expect(JSON.parse(answer.choices[0]?.message.content ?? "")).toEqual({ answer: ANSWER });
  });

  test("embeds, as base64 behind the scenes", async () => {
    const { result } = await table.pooled(() =>
      openai.embeddings.create({ model: "gemini-embedding-001", input: ["a", "b"] }),
    );
    expect(result.data.map(({ embedding }) => embedding.length)).toEqual([3072, 3072]);
  });

  test("generates a picture", async () => {
    const { result } = await table.pooled(() =>
      openai.images.generate({ model: "imagen-4.0-generate-001", prompt: "a pot", response_format: "b64_json" }),
    );
    expect(result.data?.[0]?.b64_json).toMatch(/^iVBOR/);
  });

  test("lists models and retrieves one by either name", async () => {
    const { result } = await table.pooled(() => openai.models.list());
    const ids = result.data.map(({ id }) => id);
    expect(ids).toContain(`models/${MODEL}`);
    expect(await openai.models.retrieve(MODEL)).toMatchObject({ object: "model", id: `models/${MODEL}` });
    expect(await openai.models.retrieve(`models/${MODEL}`)).toMatchObject({ object: "model" });
  });

  test("takes a model with the prefix that the list of models shows", async () => {
    const { result } = await table.pooled(() => openai.chat.completions.create({ model: `models/${MODEL}`, messages }));
    expect(result.choices[0]?.message.content).toBe(ANSWER);
  });

  test("passes Google's own fields on as they are", async () => {
    const google = { thinking_config: { include_thoughts: true } };
    const body = { model: MODEL, messages, extra_body: { google } };
    await openai.chat.completions.create(body);
    expect(table.takeCalls().at(-1)?.bodyText).toBe(JSON.stringify(body));
  });
});

describe("openai keeps its state on the caller's own key", () => {
  test("a cache of the caller's", async () => {
    const created = await fetch(`${table.url}/v1beta/cachedContents`, {
      method: "POST",
      headers: { "x-goog-api-key": table.caller, "content-type": "application/json" },
      body: JSON.stringify({ model: `models/${MODEL}`, contents: [{ parts: [{ text: "A long story" }] }] }),
    });
    const { name } = (await created.json()) as { name: string };
    const body = { model: MODEL, messages, extra_body: { google: { cached_content: name } } };
    const { result } = await table.pinned(() => openai.chat.completions.create(body));
    expect(result.choices[0]?.message.content).toBe(ANSWER);
  });
});

describe("openai shows readable errors", () => {
  test("a bad key is a wrong key to the SDK, in Google's words", async () => {
    const stranger = new OpenAI({ apiKey: newKey(), baseURL: `${table.url}/v1`, maxRetries: 0 });
    const error = await failureOf(stranger.chat.completions.create({ model: MODEL, messages }));
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error.message).toBe("401 API key not valid. Please pass a valid API key.");
    expect(error.code).toBe("invalid_api_key");
  });

  test("no quota left anywhere is a rate limit", async () => {
    for (const key of [table.caller, ...table.others]) {
      table.google.script(key, { kind: "error", fixture: "quota-minute", only: { models: ["gemini-2.5-pro"] } });
    }
    const asked = openai.chat.completions.create({ model: "gemini-2.5-pro", messages });
    const error = await failureOf(asked);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error.message).toContain("429 You exceeded your current quota");
    expect(Number(error.headers?.get("retry-after"))).toBeGreaterThan(0);
    expect(error.headers?.get("x-pool-served-by")).toBe("own");
  });

  test("also when the answer would have been a stream", async () => {
    const stream = openai.chat.completions.create({ model: "gemini-2.5-pro", messages, stream: true });
    expect(await failureOf(stream)).toBeInstanceOf(OpenAI.RateLimitError);
  });

  test("an unknown model and an unknown field", async () => {
    const noModel = await failureOf(openai.chat.completions.create({ model: "gpt-9", messages }));
    expect(noModel).toBeInstanceOf(OpenAI.NotFoundError);
    expect(noModel.message).toContain("404 models/gpt-9 is not found");
    const noField = await failureOf(openai.chat.completions.create({ model: MODEL, messages, seed: 1 }));
    expect(noField).toBeInstanceOf(OpenAI.BadRequestError);
    expect(noField.message).toContain('Unknown name "seed"');
    expect(noField.type).toBe("invalid_request_error");
  });

  test("what Google's layer does not have is named, and nothing is forwarded", async () => {
    table.takeCalls();
    const errors = [
      await failureOf(openai.responses.create({ model: MODEL, input: "Hello" })),
      await failureOf(openai.responses.retrieve("resp_1")),
      await failureOf(openai.completions.create({ model: MODEL, prompt: "Hello" })),
      await failureOf(openai.moderations.create({ input: "Hello" })),
      await failureOf(openai.audio.speech.create({ model: MODEL, input: "Hello", voice: "alloy" })),
      await failureOf(openai.vectorStores.list()),
      await failureOf(openai.fineTuning.jobs.list()),
    ];
    for (const error of errors) {
      expect(error).toBeInstanceOf(OpenAI.NotFoundError);
      expect(error.message).toContain("Google's OpenAI-compatible API has no");
      expect(error.message).toContain("/v1/chat/completions");
    }
    expect(table.takeCalls()).toEqual([]);
  });

  test("no key at all", async () => {
    const response = await fetch(`${table.url}/v1/chat/completions`, { method: "POST", body: "{}" });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { type: "authentication_error", param: null } });
  });
});
