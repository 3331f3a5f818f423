import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { googleFixtures } from "../support/google-fixtures.ts";
import { emptyPool, storedKeys } from "../support/pool-rows.ts";
import { layTable, MODEL, newKey, newKeys, type Table } from "../support/table.ts";

beforeEach(emptyPool);

/** Errors about the request itself: no key changes them, so they are the caller's answer at once. */
const ABOUT_THE_REQUEST = new Set([
  "cancelled",
  "entity-not-found",
  "hostile-field-violation-json",
  "hostile-model-named-leaked-sentence",
  "hostile-model-named-suspended",
  "hostile-model-not-for-new-users-fragment",
  "hostile-unknown-field-key-expired",
  "hostile-unknown-field-limit-zero",
  "hostile-unknown-field-location",
  "interaction-not-found",
  "interactions-invalid-request",
  "interactions-model-not-found",
  "interactions-only-model",
  "invalid-argument",
  "location-refused",
  "location-refused-debug-info",
  "location-refused-openai-array",
  "model-not-found",
  "model-not-found-openai-array",
  "model-retired",
  "multiple-credentials",
  "no-key",
  "openai-invalid-auth-key",
  "openai-missing-authorization",
  "thought-signature",
  "thought-signature-not-bytes",
  "too-many-tokens",
  "unknown-field",
  "unknown-field-openai-array",
  "unknown-field-store",
]);

/** A caller whose key works, in a pool whose other keys all answer with that error. */
async function amongBadKeys(table: Table, fixture: string): Promise<string> {
  const others = newKeys(5);
  const caller = newKey();
  await table.contribute(...others, caller);
  for (const key of others) table.google.script(key, { kind: "error", fixture });
  return caller;
}

describe("a caller with a working key is served", () => {
  it("by an empty pool", async () => {
    const table = layTable();
    const key = newKey();
    table.google.issue(key);
    const response = await table.send({ key });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-attempts")).toBe("1");
    expect(response.headers.get("x-pool-served-by")).toBe("own");
  });

  it("by a pool that holds no other key", async () => {
    const table = layTable();
    const key = newKey();
    await table.contribute(key);
    const response = await table.send({ key });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-attempts")).toBe("1");
  });

  it.each(Object.keys(googleFixtures).filter((name) => !ABOUT_THE_REQUEST.has(name)))(
    "when every other key answers %s",
    async (fixture) => {
      const table = layTable();
      const key = await amongBadKeys(table, fixture);
      const response = await table.send({ key });
      expect(response.status).toBe(200);
      expect(Number(response.headers.get("x-pool-attempts"))).toBeLessThanOrEqual(4);
      expect(response.headers.get("x-pool-served-by")).toBe("own");
      expect(table.served().at(-1)).toBe(key);
      expect(table.google.faults).toEqual([]);
    },
  );

  it.each(["reset", "html"] as const)("when every other key ends in: %s", async (kind) => {
    const table = layTable();
    const others = newKeys(5);
    const key = newKey();
    await table.contribute(...others, key);
    for (const other of others) table.google.script(other, { kind });
    const response = await table.send({ key });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-served-by")).toBe("own");
  });

  it("when every other key hangs until the time-out", async () => {
    const table = layTable({ UPSTREAM_TIMEOUT_MS: "30" });
    const others = newKeys(5);
    const key = newKey();
    await table.contribute(...others, key);
    for (const other of others) table.google.script(other, { kind: "hang" });
    const response = await table.send({ key });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-served-by")).toBe("own");
  });

  it.each(["0", "1", "2", "3", "10"])("with MAX_RETRIES=%s when every other key is dead", async (MAX_RETRIES) => {
    const table = layTable({ MAX_RETRIES });
    const key = await amongBadKeys(table, "key-expired");
    const response = await table.send({ key });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-served-by")).toBe("own");
  });

  it("with no time left for retries when every other key is out of quota", async () => {
    const table = layTable({ RETRY_BUDGET_MS: "0" });
    const key = await amongBadKeys(table, "quota-day");
    const response = await table.send({ key });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-attempts")).toBe("2");
  });

  it("when every other key is cooling, without trying one of them again", async () => {
    const table = layTable();
    const key = await amongBadKeys(table, "quota-day");
    for (let at = 0; at < 4; at++) await table.send({ key });
    table.served();
    const response = await table.send({ key });
    expect(response.status).toBe(200);
    expect(table.served()).toEqual([key]);
  });

  it("when every other key is retired", async () => {
    const table = layTable();
    const key = await amongBadKeys(table, "key-suspended");
    for (let at = 0; at < 4; at++) await table.send({ key });
    expect((await storedKeys()).filter(({ status }) => status === "retired")).toHaveLength(5);
    table.served();
    expect((await table.send({ key })).status).toBe(200);
    expect(table.served()).toEqual([key]);
  });
});

describe("a caller with a working key is served by their own key when D1", () => {
  it.each(["fails", "hangs"] as const)("%s from the beginning", async (mood) => {
    const d1 = new FaultyD1();
    const table = layTable({ DB: d1.binding, D1_TIMEOUT_MS: "30" });
    d1.mood = mood;
    const key = newKey();
    table.google.issue(key);
    const response = await table.send({ key });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-served-by")).toBe("own");
    expect(response.headers.get("x-pool-attempts")).toBe("1");
  });

  it.each(["fails", "hangs"] as const)("%s after they became known", async (mood) => {
    const d1 = new FaultyD1();
    const table = layTable({ DB: d1.binding, D1_TIMEOUT_MS: "30" });
    const [key = "", ...others] = newKeys(3);
    await table.contribute(key, ...others);
    d1.mood = mood;
    const response = await table.send({ key });
    expect(response.status).toBe(200);
    expect(table.served()).toEqual([key]);
  });

  it("has lost its tables", async () => {
    const table = layTable();
    const key = newKey();
    table.google.issue(key);
    await reset();
    try {
      const response = await table.send({ key });
      expect(response.status).toBe(200);
      expect(response.headers.get("x-pool-served-by")).toBe("own");
    } finally {
      await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
    }
  });

  it("fails only as it writes", async () => {
    const d1 = new FaultyD1();
    const table = layTable({ DB: d1.binding });
    d1.only = /insert|update|delete/i;
    d1.mood = "fails";
    const key = newKey();
    table.google.issue(key);
    for (let at = 0; at < 3; at++) expect((await table.send({ key })).status).toBe(200);
  });

  it("holds rows that do not open", async () => {
    const table = layTable();
    const [key = "", other = ""] = newKeys(2);
    await table.contribute(other, key);
    await env.DB.prepare("update keys set ciphertext = 'junk'").run();
    for (let at = 0; at < 3; at++) expect((await table.send({ key })).status).toBe(200);
    expect(table.served()).toEqual([key, key, key]);
  });

  it("does not answer, and is left alone for a while: the next request does not wait for it", async () => {
    const d1 = new FaultyD1();
    const table = layTable({ DB: d1.binding, D1_TIMEOUT_MS: "30" });
    const key = newKey();
    table.google.issue(key);
    d1.mood = "hangs";
    await table.send({ key });
    d1.only = /select/i;
    d1.takeTrips();
    await table.send({ key });
    expect(d1.takeTrips().filter(({ sql }) => sql.every((text) => text.startsWith("select")))).toEqual([]);
  });
});

describe("a caller whose own key fails too gets what Google said to that key", () => {
  it("about its day's quota", async () => {
    const table = layTable();
    const key = await amongBadKeys(table, "quota-minute");
    table.google.script(key, { kind: "error", fixture: "quota-day" });
    const response = await table.send({ key });
    expect(response.status).toBe(429);
    expect(await response.text()).toContain("GenerateRequestsPerDayPerProjectPerModel-FreeTier");
    expect(response.headers.get("x-pool-served-by")).toBe("own");
  });

  it("about its minute's quota, with a Retry-After", async () => {
    const table = layTable();
    const key = await amongBadKeys(table, "quota-day");
    table.google.script(key, { kind: "error", fixture: "quota-minute" });
    const response = await table.send({ key });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("even if a pool key failed after it", async () => {
    const table = layTable();
    const [key = "", ...others] = newKeys(4);
    await table.contribute(key, ...others);
    table.google.script(key, { kind: "error", fixture: "quota-minute" });
    for (const other of others) table.google.script(other, { kind: "error", fixture: "key-suspended" });
    const response = await table.send({ key });
    expect(table.served()[0]).toBe(key);
    expect(response.status).toBe(429);
    expect(response.headers.get("x-pool-served-by")).toBe("own");
    expect(await response.text()).toContain("PerMinute");
  });

  it("that it is dead", async () => {
    const table = layTable();
    const key = newKey();
    table.google.script(key, { kind: "error", fixture: "key-expired" });
    const response = await table.send({ key });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("API key expired. Please renew the API key.");
  });
});

it("every key cooling, the answer is 429 with a Retry-After", async () => {
  const table = layTable();
  const keys = newKeys(3);
  await table.contribute(...keys);
  for (const key of keys) table.google.script(key, { kind: "error", fixture: "quota-day" });
  const [key = ""] = keys;
  let response = await table.send({ key });
  for (let at = 0; at < 3; at++) response = await table.send({ key });
  expect(response.status).toBe(429);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(table.google.calls.at(-1)?.model).toBe(MODEL);
});

describe("of several own keys", () => {
  it("a dead one in front does not keep a working one from serving", async () => {
    const table = layTable();
    const [dead = "", working = ""] = newKeys(2);
    table.google.script(dead, { kind: "error", fixture: "key-invalid" });
    table.google.issue(working);
    expect((await table.send({ key: `${dead},${working}` })).status).toBe(200);
  });

  it("a dead one in front does not keep a working one from serving while D1 fails", async () => {
    const d1 = new FaultyD1();
    const table = layTable({ DB: d1.binding });
    d1.mood = "fails";
    const [dead = "", working = ""] = newKeys(2);
    table.google.script(dead, { kind: "error", fixture: "key-invalid" });
    table.google.issue(working);
    expect((await table.send({ key: `${dead},${working}` })).status).toBe(200);
  });
});
