import { beforeEach, describe, expect, test } from "vitest";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, newKeys, PROMPT, type Sent, type Table } from "../support/table.ts";
import { emptyAccess, issueToken, markImported } from "../support/tokens.ts";

const FLASH = "gemini-2.5-flash";
const RULE = "gemini-2.5-flash*, text-embedding-*";
const messages = [{ role: "user", content: "Hi" }];

let table: Table;
let caller: string;
let token: string;
let limited: string;

beforeEach(async () => {
  await emptyPool();
  await emptyAccess();
  table = layTable({ MODELS: RULE });
  const [key = "", ...others] = newKeys(3);
  caller = key;
  await table.contribute(...others, caller);
  await markImported(caller);
  token = (await issueToken()).token;
  limited = (await issueToken({ models: "gemini-2.5-flash" })).token;
});

const native = (model: string, method = "generateContent"): Sent => ({ path: `/v1beta/models/${model}:${method}` });
const openAi = (model: string): Sent => ({ path: "/v1/chat/completions", body: { model, messages } });
const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });

describe("MODELS", () => {
  test("lets what it names pass, in any spelling of the name", async () => {
    for (const sent of [native(FLASH), native("gemini%2D2.5-flash"), native("models%2Fgemini-2.5-flash")]) {
      expect((await table.send({ key: caller, ...sent })).status).toBe(200);
      expect((await table.send({ key: token, ...sent })).status).toBe(200);
    }
    for (const model of [FLASH, `models/${FLASH}`]) {
      expect((await table.send({ headers: bearer(caller), ...openAi(model) })).status).toBe(200);
      expect((await table.send({ headers: bearer(token), ...openAi(model) })).status).toBe(200);
    }
  });

  test.each([
    "gemini-2.5-pro",
    "GEMINI-2.5-PRO",
    "models%2Fgemini-2.5-pro",
    "models/gemini-2.5-pro",
    "gemini%2D2.5%2Dpro",
    "gemini%252D2.5-pro",
    "gemini-2.5-pro;x=gemini-2.5-flash",
    "gemini-2.5-pro%00gemini-2.5-flash",
    "gemini-2.5-pro%20",
    "xgemini-2.5-flash",
  ])("refuses what it does not name, however it is written: %s", async (model) => {
    table.served();
    for (const key of [caller, token]) {
      for (const method of [
        "generateContent",
        "streamGenerateContent",
        "countTokens",
        "batchGenerateContent",
        "predictLongRunning",
      ]) {
        const response = await table.send({ key, ...native(model, method) });
        // What no model is called is no path of a guest's at all.
        expect(key === caller ? [403] : [400, 403]).toContain(response.status);
        expect(await response.json()).toMatchObject({ error: { code: response.status } });
      }
    }
    expect(table.served()).toEqual([]);
  });

  test("refuses in the caller's dialect, with the rule in plain words", async () => {
    for (const credential of [caller, token]) {
      const response = await table.send({ headers: bearer(credential), ...openAi("models/gemini-2.5-pro") });
      expect(response.status).toBe(403);
      const { error } = await response.json<{ error: { type: string; message: string } }>();
      expect(error.type).toBe("permission_error");
      expect(error.message).toBe(
        "gemini-2.5-pro may not be used here. Allowed: every name that begins with gemini-2.5-flash, every name that begins with text-embedding-.",
      );
    }
  });

  test("holds for pinned requests too, where the model is known", async () => {
    const withFile = { contents: [{ parts: [{ fileData: { fileUri: "files/abc" } }] }] };
    expect((await table.send({ key: caller, ...native("gemini-2.5-pro"), body: withFile })).status).toBe(403);
    expect(
      (await table.send({ key: caller, ...native("gemini-2.5-pro"), headers: { "x-pool-mode": "own" } })).status,
    ).toBe(403);
    const interaction = { path: "/v1beta/interactions", body: { model: "gemini-2.5-pro", input: "Hi" } };
    expect((await table.send({ key: caller, ...interaction })).status).toBe(403);
    expect((await table.send({ key: caller, path: "/v1beta/models/gemini-2.5-pro", method: "GET" })).status).toBe(403);
  });

  test.each([
    "/v1beta/tunedModels/mine:generateContent",
    "/v1beta/tunedModels/gemini-2.5-flash:streamGenerateContent",
    "/v1beta/dynamic/gemini-2.5-flash:generateContent",
    "/v1beta/tunedModels/models%2Fgemini-2.5-flash:batchGenerateContent",
    "/v1beta/models/gemini-2.5-flash:generateContent?model=models/gemini-2.5-pro",
    "/v1beta/models/gemini-2.5-flash:generateContent?alt=json&%6Dodel=gemini-2.5-pro",
    "/v1/chat/completions?model=gemini-2.5-pro",
  ])("refuses what is named in another place: %s", async (path) => {
    table.served();
    const body = path.includes("chat") ? { model: FLASH, messages } : PROMPT;
    const response = await table.send({ key: caller, path, body });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("may not be used here");
    expect(table.served()).toEqual([]);
  });

  test.each([
    ["two models", `{"model":"${FLASH}","model":"gemini-2.5-pro","messages":[]}`],
    ["single quotes", "{'model':'gemini-2.5-pro','messages':[]}"],
    ["another's name for it", { model: "google/gemini-2.5-pro", messages }],
    ["no model", { messages }],
  ])("refuses a body that does not name one model where it can be read: %s", async (_, body) => {
    table.served();
    for (const headers of [bearer(caller), { ...bearer(caller), "x-pool-mode": "own" }]) {
      expect((await table.send({ path: "/v1/chat/completions", headers, body })).status).toBe(403);
    }
    expect(table.served()).toEqual([]);
    const free = table.isolate({ MODELS: "" });
    await free({ path: "/v1/chat/completions", headers: bearer(caller), body });
    expect(table.served()).toEqual([caller]);
  });

  test.each([
    ["another model", { model: "models/gemini-2.5-pro", ...PROMPT }],
    ["another model besides", `{"model":"models/${FLASH}","model":"models/gemini-2.5-pro","contents":[]}`],
    ["another model inside", { generateContentRequest: { model: "gemini-2.5-pro", ...PROMPT } }],
    ["another model in single quotes", "{'model':'models/gemini-2.5-pro','contents':[]}"],
  ])("refuses a body that names %s than its path", async (_, body) => {
    table.served();
    for (const sent of [{ key: caller }, { key: caller, headers: { "x-pool-mode": "own" } }, { key: token }]) {
      expect((await table.send({ ...sent, ...native(FLASH), body })).status).toBe(403);
    }
    expect(table.served()).toEqual([]);
    const free = table.isolate({ MODELS: "" });
    // A token brings no key that could answer for it.
    expect((await free({ key: token, ...native(FLASH), body })).status).toBe(400);
    expect(table.served()).toEqual([]);
    await free({ key: caller, ...native(FLASH), body });
    expect(table.served()).toEqual([caller]);
  });

  test("lets a body pass that names its path's model", async () => {
    const body = { model: `models/${FLASH}`, ...PROMPT };
    for (const key of [caller, token]) expect((await table.send({ key, ...native(FLASH), body })).status).toBe(200);
  });

  test("lets a tuned model pass that it names, and leaves tuned models to be managed", async () => {
    const tuned = table.isolate({ MODELS: "tunedModels/mine" });
    const path = "/v1beta/tunedModels/mine:generateContent";
    const asked = await tuned({ key: caller, path });
    expect(await asked.text()).not.toContain("may not be used here");
    table.served();
    for (const method of ["GET", "DELETE"]) await table.send({ key: caller, path: "/v1beta/tunedModels/mine", method });
    expect(table.served()).toEqual([caller, caller]);
  });

  test("leaves what needs no model alone", async () => {
    expect((await table.send({ key: caller, path: "/v1beta/files", method: "GET" })).status).toBe(200);
    expect((await table.send({ key: token, path: "/v1beta/files", method: "GET" })).status).toBe(200);
  });

  test("leaves the others out of lists of models, in both dialects", async () => {
    const listed = await table.send({ key: caller, path: "/v1beta/models", method: "GET" });
    const { models } = await listed.json<{ models: { name: string }[] }>();
    expect(models.length).toBeGreaterThan(0);
    for (const { name } of models) expect(name).toMatch(/^models\/(?:gemini-2\.5-flash|text-embedding-)/);
    const compatible = await table.send({ headers: bearer(token), path: "/v1/models", method: "GET" });
    const { data } = await compatible.json<{ data: { id: string }[] }>();
    expect(data.length).toBeGreaterThan(0);
    for (const { id } of data) expect(id).toMatch(/^(?:models\/)?(?:gemini-2\.5-flash|text-embedding-)/);
  });

  test("passes a list on as it came if it cannot be read", async () => {
    const broken = `{"models":[{"name":"models/gemini-2.5-pro"}`;
    const asIs = layTable({ MODELS: RULE }, { fetch: async () => new Response(broken) });
    expect(await (await asIs.send({ key: caller, path: "/v1beta/models", method: "GET" })).text()).toBe(broken);
    const long = `{"models":[],"x":"${"x".repeat(3_000_000)}"}`;
    const tooLong = layTable({ MODELS: RULE }, { fetch: async () => new Response(long) });
    expect(await (await tooLong.send({ key: caller, path: "/v1beta/models", method: "GET" })).text()).toBe(long);
  });
});

describe("The models of a token", () => {
  test("narrow the operator's, and never widen them", async () => {
    expect((await table.send({ key: limited, ...native(FLASH) })).status).toBe(200);
    expect((await table.send({ key: limited, ...native("gemini-2.5-flash-lite") })).status).toBe(403);
    const wide = (await issueToken({ models: "*" })).token;
    expect((await table.send({ key: wide, ...native("gemini-2.5-pro") })).status).toBe(403);
  });

  test("do not hold for callers with keys", async () => {
    expect((await table.send({ key: caller, ...native("gemini-2.5-flash-lite") })).status).toBe(200);
  });

  test("hold for what is made: caches, videos, interactions, Live", async () => {
    table.served();
    const pro = "gemini-2.5-flash-lite";
    const refused: Sent[] = [
      { path: "/v1beta/cachedContents", body: { model: `models/${pro}`, ...PROMPT } },
      { path: "/v1beta/cachedContents", body: `{"model":"models/${FLASH}","model":"models/${pro}","contents":[]}` },
      { path: "/v1beta/cachedContents", body: PROMPT },
      { path: "/v1beta/interactions", body: { model: pro, input: "Hi" } },
      { path: "/v1beta/interactions", body: { agent: "deep-research", input: "Hi" } },
      { path: "/v1/videos", headers: bearer(limited), body: { model: pro, prompt: "A table" } },
      {
        path: "/v1/videos",
        headers: { ...bearer(limited), "content-type": "multipart/form-data; boundary=b" },
        body: "--b--",
      },
      { path: "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent", method: "GET" },
    ];
    for (const sent of refused) expect([400, 403]).toContain((await table.send({ key: limited, ...sent })).status);
    expect(table.served()).toEqual([]);
  });

  test("hold for each request inside a batch, and not for its metadata", async () => {
    const batch = (request: object): Sent => ({
      key: limited,
      path: `/v1beta/models/${FLASH}:batchGenerateContent`,
      body: { batch: { inputConfig: { requests: { requests: [{ request: PROMPT }, request] } } } },
    });
    table.served();
    const pro = "models/gemini-2.5-pro";
    for (const request of [
      { request: { model: pro, ...PROMPT } },
      { request: { model: `models/${FLASH}`, ...PROMPT, more: { model: pro } } },
      { request: { model: [pro], ...PROMPT } },
    ]) {
      expect((await table.send(batch(request))).status).toBe(403);
    }
    expect(table.served()).toEqual([]);
    const fine = { request: { model: `models/${FLASH}`, ...PROMPT }, metadata: { model: "T" } };
    expect((await table.send(batch(fine))).status).toBe(200);
  });

  test("leave only those in lists", async () => {
    const { models } = await (
      await table.send({ key: limited, path: "/v1beta/models", method: "GET" })
    ).json<{ models: unknown[] }>();
    expect(models).toMatchObject([{ name: `models/${FLASH}` }]);
  });
});
