import { ApiError, GoogleGenAI } from "@google/genai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { inParallel } from "../../src/relay/in-parallel.ts";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";
import { ANSWER, contribute, EMBEDDING_MODEL, issueKeys, MODEL, ownKey, SOON, usesOf } from "./table-manners.ts";

const clientOf = (worker: WorkerProcess, apiKey: string, watch?: (response: Response) => void) =>
  new GoogleGenAI({
    apiKey,
    httpOptions: {
      baseUrl: worker.url,
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        watch?.(response);
        return response;
      },
    },
  });

const hello = { model: MODEL, contents: "Hello" };

describe("an application with @google/genai whose base URL is the Worker", () => {
  let worker: WorkerProcess;
  let keys: string[];
  let ai: GoogleGenAI;

  beforeAll(async () => {
    worker = await startWorker();
    keys = issueKeys(worker.google, "Member", 3);
    await contribute(worker, keys);
    ai = clientOf(worker, keys[0] ?? "");
  });
  afterAll(() => worker.close());

  test("generates text", async () => {
    const answer = await ai.models.generateContent(hello);
    expect(answer.text).toBe(ANSWER);
    expect(answer.usageMetadata?.totalTokenCount).toBe(21);
  });

  test("streams text in several events", async () => {
    const pieces: string[] = [];
    for await (const event of await ai.models.generateContentStream(hello)) pieces.push(event.text ?? "");
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.join("")).toBe(ANSWER);
  });

  test("embeds", async () => {
    const answer = await ai.models.embedContent({ model: EMBEDDING_MODEL, contents: ["a", "b"] });
    expect(answer.embeddings?.map(({ values }) => values?.length)).toEqual([3072, 3072]);
  });

  test("counts tokens", async () => {
    expect((await ai.models.countTokens(hello)).totalTokens).toBeGreaterThan(0);
  });

  test("lists models and reads one", async () => {
    const names: string[] = [];
    for await (const model of await ai.models.list()) names.push(model.name ?? "");
    expect(names).toContain(`models/${MODEL}`);
    expect((await ai.models.get({ model: MODEL })).displayName).toBe("Gemini 2.5 Flash");
  });

  test("brings its key to the table with the first request, which that key serves itself", async () => {
    const [key = ""] = issueKeys(worker.google, "Newcomer", 1);
    const answers: Response[] = [];
    await clientOf(worker, key, (response) => answers.push(response)).models.generateContent(hello);
    expect(worker.google.calls.at(-1)?.key).toBe(key);
    expect(answers[0]?.headers.get("x-pool-contributed")).toBe("yes");
    expect(answers[0]?.headers.get("x-pool-served-by")).toBe("own");
    await vi.waitFor(async () => expect((await ownKey(worker.url, key)).status).toBe(200), SOON);
  });

  test("is served by the keys of others afterwards", async () => {
    const from = worker.google.calls.length;
    for (let turn = 0; turn < 8; turn++) await ai.models.generateContent(hello);
    const used = new Set(worker.google.calls.slice(from).map(({ key }) => key));
    expect(used.size).toBeGreaterThanOrEqual(3);
    expect(worker.google.calls.length - from).toBe(8);
  });

  test("is served although the next key has just been suspended, and that key leaves the table", async () => {
    const [victim = ""] = issueKeys(worker.google, "Victim", 1);
    await contribute(worker, [victim]);
    worker.google.script(victim, { kind: "error", fixture: "key-suspended" });
    await vi.waitFor(async () => {
      expect((await ai.models.generateContent(hello)).text).toBe(ANSWER);
      expect(await (await ownKey(worker.url, victim)).json()).toMatchObject({ status: "retired" });
    }, SOON);
    expect(worker.google.callsBy(victim)).toHaveLength(2);
  });

  test("whose own key is dead gets Google's own error, and the key does not join", async () => {
    const [key = ""] = issueKeys(worker.google, "Expired", 1);
    worker.google.script(key, { kind: "error", fixture: "key-expired" });
    const failure = await clientOf(worker, key)
      .models.generateContent(hello)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiError);
    expect(failure).toMatchObject({ status: 400, message: expect.stringContaining("API key expired") });
    expect((await ownKey(worker.url, key)).status).toBe(404);
  });

  test("stops the request to Google when it aborts a stream", async () => {
    const [key = ""] = issueKeys(worker.google, "Dripping", 1);
    worker.google.script(key, { kind: "drip", pauseMs: 50 });
    const caller = new AbortController();
    const config = { abortSignal: caller.signal };
    const stream = await clientOf(worker, key).models.generateContentStream({ ...hello, config });
    const first = await stream.next();
    expect(first.done).toBe(false);
    caller.abort();
    await stream.next().catch(() => undefined);
    await vi.waitFor(() => expect(worker.google.callsBy(key)).toMatchObject([{ aborted: true }]), SOON);
  });

  test("tells Google nothing about its caller but the request", () => {
    expect(worker.google.violations).toEqual([]);
    expect(worker.google.faults).toEqual([]);
  });
});

describe("the rotation over contributed keys", () => {
  let worker: WorkerProcess;
  beforeAll(async () => {
    worker = await startWorker();
  });
  afterAll(() => worker.close());

  test("uses each of 12 keys 20 times in 240 requests one after the other", async () => {
    const keys = issueKeys(worker.google, "Twelve", 12);
    await contribute(worker, keys);
    const ai = clientOf(worker, keys[0] ?? "");
    const from = worker.google.calls.length;
    for (let turn = 0; turn < 240; turn++) await ai.models.generateContent(hello);
    expect(worker.google.calls.length - from).toBe(240);
    for (const uses of usesOf(worker.google, keys, from)) {
      expect(uses).toBeGreaterThanOrEqual(19);
      expect(uses).toBeLessThanOrEqual(21);
    }
  });

  test("uses each of 30 keys about as often in 300 requests, 30 at a time", async () => {
    const crowd = await startWorker();
    try {
      const keys = issueKeys(crowd.google, "Thirty", 30);
      await contribute(crowd, keys);
      const clients = keys.map((key) => clientOf(crowd, key));
      const from = crowd.google.calls.length;
      const turns = Array.from({ length: 10 }, () => clients).flat();
      const answers = await inParallel(turns, 30, (ai) => ai.models.generateContent(hello));
      expect(answers.map(({ text }) => text)).toEqual(turns.map(() => ANSWER));
      const uses = usesOf(crowd.google, keys, from);
      expect(Math.min(...uses)).toBeGreaterThan(0);
      expect(Math.max(...uses) / Math.min(...uses)).toBeLessThanOrEqual(2);
    } finally {
      await crowd.close();
    }
  });
});
