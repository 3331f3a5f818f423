import OpenAI, { AuthenticationError, NotFoundError, RateLimitError } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";
import { ANSWER, contribute, EMBEDDING_MODEL, issueKeys, MODEL, ownKey } from "./table-manners.ts";

let worker: WorkerProcess;
let member: string;
let openai: OpenAI;

const clientOf = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${worker.url}/v1`, maxRetries: 0 });
const messages = [{ role: "user" as const, content: "Hello" }];

beforeAll(async () => {
  worker = await startWorker();
  const keys = issueKeys(worker.google, "OpenAi", 3);
  await contribute(worker, keys);
  member = keys[0] ?? "";
  openai = clientOf(member);
});
afterAll(() => worker.close());

describe("an application with the openai client whose base URL is the Worker", () => {
  test("completes a chat", async () => {
    const answer = await openai.chat.completions.create({ model: MODEL, messages });
    expect(answer.choices[0]?.message.content).toBe(ANSWER);
    expect(answer.choices[0]?.finish_reason).toBe("stop");
  });

  test("streams a chat", async () => {
    const pieces: string[] = [];
    for await (const event of await openai.chat.completions.create({ model: MODEL, messages, stream: true })) {
      pieces.push(event.choices[0]?.delta.content ?? "");
    }
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.join("")).toBe(ANSWER);
  });

  test("embeds", async () => {
    const answer = await openai.embeddings.create({ model: EMBEDDING_MODEL, input: ["a", "b"] });
    expect(answer.data.map(({ embedding }) => embedding.length)).toEqual([3072, 3072]);
  });

  test("lists models and reads one", async () => {
    const models = await openai.models.list();
    expect(models.data.map(({ id }) => id)).toContain(`models/${MODEL}`);
    expect((await openai.models.retrieve(MODEL)).object).toBe("model");
  });

  test("brings its key to the table, and is served by the keys of others afterwards", async () => {
    const [key = ""] = issueKeys(worker.google, "Guest", 1);
    const first = await clientOf(key).chat.completions.create({ model: MODEL, messages }).withResponse();
    expect(first.response.headers.get("x-pool-contributed")).toBe("yes");
    const from = worker.google.calls.length;
    for (let turn = 0; turn < 4; turn++) await clientOf(key).chat.completions.create({ model: MODEL, messages });
    expect(new Set(worker.google.calls.slice(from).map((call) => call.key)).size).toBeGreaterThan(1);
  });

  test("gets Google's credential as a Bearer token only, whoever's key it is", async () => {
    const from = worker.google.calls.length;
    await openai.chat.completions.create({ model: MODEL, messages });
    expect(worker.google.calls.slice(from)).toMatchObject([{ credential: "bearer", answeredStatus: 200 }]);
  });
});

describe("an openai application that gets an error", () => {
  const failureOf = (apiKey: string, model = MODEL) =>
    clientOf(apiKey)
      .chat.completions.create({ model, messages })
      .then(
        () => undefined,
        (error: unknown) => error,
      );

  test("sees a readable AuthenticationError for a key that Google does not know", async () => {
    const key = "AIzaSyNobodyKnowsThisKeyAtAll0000000000";
    const failure = await failureOf(key);
    expect(failure).toBeInstanceOf(AuthenticationError);
    expect(failure).toMatchObject({ status: 401, message: expect.stringContaining("API key not valid") });
    expect((await ownKey(worker.url, key)).status).toBe(404);
  });

  test("sees a readable NotFoundError for a model that is none", async () => {
    const failure = await failureOf(member, "gemini-of-the-far-future");
    expect(failure).toBeInstanceOf(NotFoundError);
    expect(failure).toMatchObject({ message: expect.stringContaining("gemini") });
  });

  test("sees a readable RateLimitError when their own key is the only one and out of quota", async () => {
    const [key = ""] = issueKeys(worker.google, "Newcomer", 1);
    worker.google.script(key, { kind: "quota", perDay: 0 });
    const failure = await failureOf(key);
    expect(failure).toBeInstanceOf(RateLimitError);
    expect(failure).toMatchObject({ message: expect.stringContaining("quota") });
  });
});
