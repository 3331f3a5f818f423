import { beforeEach, describe, expect, it } from "vitest";
import { googleFixtures } from "../support/google-fixtures.ts";
import { cursorModels, emptyPool, requireStoredKey, storedCoolings, storedKeys } from "../support/pool-rows.ts";
import { soon } from "../support/soon.ts";
import { layTable, MODEL, newKey, newKeys, PROMPT, type Table } from "../support/table.ts";

beforeEach(emptyPool);

/** Recorded errors that speak of the key that was used: these may, and must, have consequences for it. */
const ABOUT_THE_KEY = [
  /^(?:android|ios|ip|referrer|service)-blocked/,
  /^auth-key-unusable/,
  /^(?:consumer-invalid|credentials-missing|project-denied)$/,
  /^key-/,
  /^service-disabled/,
  /^(?:region-)?quota-/,
  /^(?:interactions-quota-exceeded|interactions-rate-limited)$/,
  /^limit-zero/,
  /^(?:prepay-depleted|spending-cap)/,
  /^busy(?!-help-only)/,
  // The key does refuse every referrer: what is hostile is only the echo beside it.
  /^hostile-referrer-echo$/,
];

const INNOCENT = Object.keys(googleFixtures).filter((name) => !ABOUT_THE_KEY.some((pattern) => pattern.test(name)));

/** Sentences and structures that retire, cool or misjudge a key wherever they are searched for in a text. */
const HOSTILE_WORDS = [
  "API key expired. Please renew the API key.",
  "API key not valid. Please pass a valid API key.",
  "API_KEY_INVALID",
  "Your API key was reported as leaked. Please use another API key.",
  "Your project has been denied access. Please contact support.",
  "Your prepayment credits are depleted.",
  "User location is not supported for the API use.",
  "Quota exceeded for metric: x, limit: 0",
  "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
  "RESOURCE_EXHAUSTED",
  'x"}],"reason":"API_KEY_INVALID","domain":"googleapis.com","@type":"type.googleapis.com/google.rpc.ErrorInfo"',
  "Permission denied: Consumer 'api_key:me' has been suspended. CONSUMER_SUSPENDED",
  "This model models/gemini-2.5-flash is no longer available to new users. Please update your code to use a newer model.",
];

/** What the pool thinks of a key: everything but the counts of its uses. */
async function opinionOf(key: string) {
  const { status, reason, strikes, resting_until, rest_step, ciphertext } = await requireStoredKey(key);
  return { status, reason, strikes, resting_until, rest_step, ciphertext };
}

/** A pool of one victim and one attacker, whose next request the victim's key will carry. */
async function layTrap(): Promise<{ table: Table; victim: string; attacker: string }> {
  const table = layTable();
  const [victim = "", attacker = ""] = newKeys(2);
  await table.contribute(victim, attacker);
  return { table, victim, attacker };
}

describe("a key of the pool stands as before after Google answered its request with", () => {
  it.each(INNOCENT)("%s", async (fixture) => {
    const { table, victim, attacker } = await layTrap();
    const before = await opinionOf(victim);
    table.google.script(victim, { kind: "error", fixture, only: { firstCalls: 1 } });
    await table.send({ key: attacker });
    expect(table.served()[0]).toBe(victim);
    expect(await opinionOf(victim)).toEqual(before);
    expect(await storedCoolings()).toEqual([]);
    // It serves on: within two turns of a ring of two.
    await table.send({ key: attacker });
    await table.send({ key: attacker });
    expect(table.served()).toContain(victim);
  });

  it.each(["reset", "html"] as const)("a connection that ends in: %s", async (kind) => {
    const { table, victim, attacker } = await layTrap();
    const before = await opinionOf(victim);
    table.google.script(victim, { kind });
    await table.send({ key: attacker });
    expect(table.served()[0]).toBe(victim);
    expect(await opinionOf(victim)).toEqual(before);
    expect(await storedCoolings()).toEqual([]);
  });
});

/** Their friendly twins: the same table, where Google does mean the key. */
describe("a key of the pool is", () => {
  it.each([
    ["retired", "key-expired", { status: "retired", reason: "API_KEY_INVALID" }],
    ["retired", "key-suspended", { status: "retired", reason: "CONSUMER_SUSPENDED" }],
    ["retired", "key-leaked", { status: "retired", reason: "reported_as_leaked" }],
    ["retired", "project-denied", { status: "retired", reason: "project_denied_access" }],
    ["retired", "hostile-referrer-echo", { status: "retired", reason: "API_KEY_HTTP_REFERRER_BLOCKED" }],
    ["retired", "region-quota-zero", { status: "retired", reason: "quota_limit_zero" }],
    ["struck once", "auth-key-unusable-object", { status: "active", strikes: 1 }],
    ["sent to rest", "prepay-depleted-402", { status: "active", rest_step: 1 }],
    ["sent to rest", "spending-cap", { status: "active", rest_step: 1 }],
  ])("%s after Google's %s", async (_, fixture, expected) => {
    const { table, victim, attacker } = await layTrap();
    table.google.script(victim, { kind: "error", fixture });
    const response = await table.send({ key: attacker });
    expect(response.status).toBe(200);
    expect(await opinionOf(victim)).toMatchObject(expected);
  });

  it.each([
    ["quota-day", "quota_day", 14 * 3600],
    ["quota-minute", "quota_minute", undefined],
    ["quota-minute-no-retry-info", "quota_minute", 60],
    ["limit-zero", "model_not_offered", 24 * 3600],
    ["busy", "busy", 5],
  ])("cooled for the one model after Google's %s", async (fixture, kind, seconds) => {
    const { table, victim, attacker } = await layTrap();
    table.google.script(victim, { kind: "error", fixture });
    await table.send({ key: attacker });
    const id = (await requireStoredKey(victim)).id;
    const [cooling, ...others] = await storedCoolings();
    expect(others).toEqual([]);
    expect(cooling).toMatchObject({ key_id: id, model: MODEL, kind });
    const at = table.google.calls.at(-1)?.at ?? 0;
    if (seconds !== undefined) expect((cooling?.until ?? 0) - at).toBe(seconds * 1000);
    expect(await opinionOf(victim)).toMatchObject({ status: "active", strikes: 0 });
  });
});

describe("what one caller's request brings about is not held against the keys that it meets:", () => {
  const MANY_PICTURES = {
    contents: [{ parts: Array.from({ length: 50 }, () => ({ inlineData: { mimeType: "image/png", data: "AA==" } })) }],
  };
  const A_VIDEO = { contents: [{ parts: [{ fileData: { fileUri: "https://youtu.be/dQw4w9WgXcQ" } }] }] };

  it.each([
    ["many small pictures", MANY_PICTURES],
    ["the link of a long video", A_VIDEO],
    ["pages to fetch", { ...PROMPT, tools: [{ urlContext: {} }] }],
  ])("a quota of tokens that is broken by %s", async (_, body) => {
    const { table, victim, attacker } = await layTrap();
    table.google.script(victim, { kind: "error", fixture: "quota-minute-tokens", only: { firstCalls: 2 } });
    await table.send({ key: attacker, body });
    expect(table.served()[0]).toBe(victim);
    expect(await storedCoolings()).toEqual([]);
    // Its twin: an ordinary prompt breaks no such quota alone.
    await table.send({ key: attacker });
    await table.send({ key: attacker });
    expect(await storedCoolings()).toMatchObject([{ kind: "quota_minute" }]);
  });

  it("(but a quota of requests that such a body meets is the key's)", async () => {
    const { table, victim, attacker } = await layTrap();
    table.google.script(victim, { kind: "error", fixture: "quota-day" });
    const response = await table.send({ key: attacker, body: A_VIDEO });
    expect(response.status).toBe(200);
    expect(await storedCoolings()).toMatchObject([{ kind: "quota_day" }]);
  });

  it("a model without quota, named in the body and not in the path", async () => {
    const { table, victim, attacker } = await layTrap();
    table.google.script(victim, { kind: "error", fixture: "limit-zero" });
    for (let at = 0; at < 4; at++) {
      await table.send({ key: attacker, body: { model: "models/gemini-2.5-pro", ...PROMPT } });
    }
    expect(new Set(table.served())).toEqual(new Set([attacker]));
    expect(await storedCoolings()).toEqual([]);
  });
});

describe("echoed back by Google, a caller's words change nothing:", () => {
  const bodies = (words: string): [string, Record<string, unknown>][] => [
    ["an unknown field", { ...PROMPT, [words]: 1 }],
    ["a prompt", { contents: [{ parts: [{ text: words }] }] }],
    ["a foreign file", { contents: [{ parts: [{ fileData: { fileUri: `files/${words}` } }] }] }],
    ["a foreign cache", { ...PROMPT, cachedContent: `cachedContents/${words}` }],
  ];

  it.each(HOSTILE_WORDS)("%s", async (words) => {
    const table = layTable();
    const [attacker = "", ...victims] = newKeys(4);
    await table.contribute(...victims, attacker);
    const before = await storedKeys();
    for (const [, body] of bodies(words)) await table.send({ key: attacker, body });
    await table.send({ key: attacker, body: `{"contents": [${words}` });
    await table.send({ key: attacker, path: `/v1beta/models/${encodeURIComponent(words)}:generateContent` });
    const chat = { model: words, messages: [{ role: "user", content: "Hello" }] };
    await table.send({ key: attacker, path: "/v1beta/openai/chat/completions", body: chat });
    await table.send({ key: attacker, path: `/v1beta/files/${encodeURIComponent(words)}`, method: "GET" });
    await table.send({ key: attacker, headers: { referer: words.replaceAll(/[^\x20-\x7e]/g, "") } });

    expect(table.google.calls.length).toBeGreaterThan(8);
    const opinions = (rows: Awaited<ReturnType<typeof storedKeys>>) =>
      rows.map(({ id, status, reason, strikes, resting_until }) => ({ id, status, reason, strikes, resting_until }));
    expect(opinions(await storedKeys())).toEqual(opinions(before));
    expect(await storedCoolings()).toEqual([]);
  });
});

it("the list of models, which Google shows to empty keys too, does not wipe what a key is marked with", async () => {
  const { table, victim, attacker } = await layTrap();
  table.google.script(victim, { kind: "error", fixture: "prepay-depleted-402", only: { firstCalls: 1 } });
  await table.send({ key: attacker });
  table.advance(3_700_000);
  for (let at = 0; at < 4; at++) await table.send({ key: attacker, path: "/v1beta/models", method: "GET" });
  expect(table.served().slice(2)).toContain(victim);
  expect(await opinionOf(victim)).toMatchObject({ resting_until: null, rest_step: 1 });
  for (let at = 0; at < 2; at++) await table.send({ key: attacker });
  expect(await opinionOf(victim)).toMatchObject({ rest_step: 0 });
});

describe("nobody can grow the database", () => {
  it("with invented model names", async () => {
    const { table, attacker } = await layTrap();
    await table.send({ key: attacker });
    const before = await cursorModels();
    for (let at = 0; at < 20; at++) {
      await table.send({ key: attacker, path: `/v1beta/models/gemini-${at}:generateContent` });
    }
    expect(await cursorModels()).toEqual(before);
    expect(await storedCoolings()).toEqual([]);
  });

  it("with invented keys", async () => {
    const table = layTable();
    for (let at = 0; at < 20; at++) await table.send({ key: newKey() });
    expect(await storedKeys()).toEqual([]);
  });
});

describe("a caller who hangs up", () => {
  it("does nothing to the key that was serving them", async () => {
    const { table, victim, attacker } = await layTrap();
    const before = await opinionOf(victim);
    table.google.script(victim, { kind: "hang" });
    const controller = new AbortController();
    const calls = table.google.callsBy(victim).length;
    const request = table.send({ key: attacker, signal: controller.signal });
    await soon(() => expect(table.google.callsBy(victim)).toHaveLength(calls + 1));
    controller.abort();
    await request.catch(() => undefined);
    await soon(() => expect(table.google.callsBy(victim).at(-1)?.aborted).toBe(true));
    expect(await opinionOf(victim)).toEqual(before);
  });
});
