import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import worker from "../../src/index.ts";
import { parseSettings, SETTINGS, SettingsError, type Bindings } from "../../src/settings.ts";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, MODEL, newKey } from "../support/table.ts";

beforeEach(emptyPool);

const NATIVE = `/v1beta/models/${MODEL}:generateContent`;
const OPENAI = "/v1/chat/completions";

describe("an error of our own", () => {
  it("speaks Google's language on native paths", async () => {
    const response = await layTable().send({ path: NATIVE });
    expect(response.status).toBe(403);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.json()).toEqual({
      error: { code: 403, message: expect.stringContaining("No API key was sent"), status: "PERMISSION_DENIED" },
    });
  });

  it("speaks OpenAI's on OpenAI's", async () => {
    const response = await layTable().send({ path: OPENAI });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      error: {
        message: expect.stringContaining("No API key was sent"),
        type: "authentication_error",
        code: "unauthenticated",
        param: null,
      },
    });
  });

  it("about a key that cannot be one shows nothing of it", async () => {
    const table = layTable();
    for (const path of [NATIVE, OPENAI]) {
      const response = await table.send({ path, headers: { authorization: "Bearer pa ss" } });
      expect([400, 401]).toContain(response.status);
      expect(await response.text()).not.toContain("pa ss");
    }
    expect(table.google.calls).toEqual([]);
  });

  it("can be read by a page of any origin", async () => {
    const response = await layTable().send({ path: NATIVE, headers: { origin: "https://app.example" } });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it.each([NATIVE, OPENAI])("is what an unreachable Google becomes (%s), in the caller's dialect", async (path) => {
    const table = layTable({}, { fetch: () => Promise.reject(new TypeError("Network connection lost.")) });
    const response = await table.send({ path, key: newKey(), body: { model: MODEL, messages: [] } });
    expect(response.status).toBe(503);
    const { error } = await response.json<{ error: Record<string, unknown> }>();
    expect(error["message"]).toBe("Google's API could not be reached. Please try again.");
    expect("type" in error).toBe(path === OPENAI);
  });

  it("follows malformed JSON: Google's word on it comes through", async () => {
    const table = layTable();
    const key = newKey();
    await table.contribute(key);
    const response = await table.send({ key, body: '{"contents": [' });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("Invalid JSON payload");
  });

  it("never follows absurd headers", async () => {
    const table = layTable();
    const key = newKey();
    table.google.issue(key);
    const headers = {
      "content-type": "x".repeat(8000),
      accept: "*/*;q=nonsense",
      "x-goog-api-client": "\u00ff\u00fe",
      "content-encoding": "rot13",
      range: "bytes=-1",
    };
    expect((await table.send({ key, headers })).status).toBe(200);
  });
});

/** The Worker as the runtime calls it. */
function call(bindings: Partial<Bindings>): Promise<Response> {
  const request = new Request(`https://potluck.example/keycount`) as Request<unknown, IncomingRequestCfProperties>;
  return worker.fetch(request, { ...env, ...bindings }, createExecutionContext());
}

describe("a Worker that is not configured", () => {
  it.each([
    ["POOL_SECRET is missing", { POOL_SECRET: undefined }, /POOL_SECRET is missing.*wrangler secret put POOL_SECRET/],
    ["POOL_SECRET is empty", { POOL_SECRET: "" }, /POOL_SECRET is missing/],
    ["POOL_SECRET is short", { POOL_SECRET: "too-short-a-secret" }, /POOL_SECRET is too short: 18 characters/],
    ["MAX_RETRIES is no number", { MAX_RETRIES: "three" }, /MAX_RETRIES must be a whole number/],
    ["MAX_RETRIES is negative", { MAX_RETRIES: "-1" }, /MAX_RETRIES must be a whole number/],
    ["LEASE_MAX is too much", { LEASE_MAX: 1000 }, /LEASE_MAX must be at most 64/],
    ["LEASE_MAX is too little", { LEASE_MAX: "0" }, /LEASE_MAX must be at least 1/],
    ["GEMINI_BASE_URL is no URL", { GEMINI_BASE_URL: "google" }, /GEMINI_BASE_URL must be/],
    ["GEMINI_BASE_URL has a query", { GEMINI_BASE_URL: "https://x.example/?a=1" }, /GEMINI_BASE_URL must be/],
    ["GEMINI_BASE_URL is no web address", { GEMINI_BASE_URL: "ftp://x.example" }, /GEMINI_BASE_URL must be/],
  ])("says which setting is wrong, and quotes no secret: %s", async (_, bindings, words) => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const response = await call(bindings);
    expect(response.status).toBe(500);
    const { error } = await response.json<{ error: { message: string; status: string } }>();
    expect(error.message).toMatch(words);
    expect(error.status).toBe("INTERNAL");
    expect(error.message).not.toContain("too-short-a-secret");
    expect(JSON.stringify(logged.mock.calls)).toMatch(/settings\.invalid/);
    expect(JSON.stringify(logged.mock.calls)).not.toContain("too-short-a-secret");
    logged.mockRestore();
  });

  it("says that the database is not bound", () => {
    const bindings: Bindings = { POOL_SECRET: env.POOL_SECRET, DB: undefined as unknown as D1Database };
    expect(() => parseSettings(bindings)).toThrow(SettingsError);
    expect(() => parseSettings(bindings)).toThrow(/binding DB/);
  });

  it("works once it is", async () => {
    expect((await call({})).status).toBe(200);
  });
});

describe("settings", () => {
  it("have defaults that are fine themselves", () => {
    const settings = parseSettings({ DB: env.DB, POOL_SECRET: env.POOL_SECRET });
    for (const [name, { default: text }] of Object.entries(SETTINGS)) {
      expect(String(settings[name as keyof typeof SETTINGS])).toBe(text);
    }
  });

  it("may come as numbers, as strings with spaces, or empty", () => {
    const settings = parseSettings({
      DB: env.DB,
      POOL_SECRET: env.POOL_SECRET,
      MAX_RETRIES: 2,
      LEASE_MAX: " 8 ",
      LEASE_TTL_MS: "",
      GEMINI_BASE_URL: "http://localhost:9000//",
    });
    expect(settings).toMatchObject({
      MAX_RETRIES: 2,
      LEASE_MAX: 8,
      LEASE_TTL_MS: 30_000,
      GEMINI_BASE_URL: "http://localhost:9000",
    });
  });
});
