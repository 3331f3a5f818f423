import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createPool } from "../../src/pool/pool.ts";
import { emptyPool, seedKeys, storedCoolings, storedKeyModels, storedKeys } from "../support/pool-rows.ts";

const NOW = 1_000_000;

beforeEach(emptyPool);

function openPool() {
  const work: Promise<unknown>[] = [];
  const state = { now: NOW };
  const pool = createPool({
    d1: env.DB,
    poolSecret: env.POOL_SECRET,
    leaseMax: 32,
    leaseTtlMs: 30_000,
    contributorTtlMs: 60_000,
    d1TimeoutMs: 1000,
    flushAfterMs: 0,
    clock: () => state.now,
    sleep: (ms) => scheduler.wait(ms),
    random: () => 0.5,
    log: () => undefined,
  });
  const defer = (promise: Promise<unknown>) => void work.push(promise);
  const settle = () => Promise.all(work.splice(0));
  const use = (keyId: number, model: string) => ({ keyId, model, blemished: false });
  return { pool, defer, settle, use, state };
}

describe("what is counted of an attempt", () => {
  it("is a use where Google served, and an error where it blamed the key", async () => {
    await seedKeys(2);
    const { pool, defer, settle, use } = openPool();
    pool.report(use(1, "gemini"), { kind: "served" }, defer);
    pool.report(use(1, "gemini"), { kind: "quota_minute", retryAfterMs: 1000 }, defer);
    pool.report(use(2, "gemini"), { kind: "busy" }, defer);
    await settle();
    expect(await storedKeyModels()).toEqual([
      { key_id: 1, model: "gemini", uses: 1, errors: 1, last_at: NOW },
      { key_id: 2, model: "gemini", uses: 0, errors: 1, last_at: NOW },
    ]);
  });

  it("is nothing where the key was not to blame", async () => {
    await seedKeys(1);
    const { pool, defer, settle, use } = openPool();
    pool.report(use(1, "gemini"), { kind: "caller_fault" }, defer);
    pool.report(use(1, "gemini"), { kind: "upstream_down", cause: "network" }, defer);
    await settle();
    expect(await storedKeyModels()).toEqual([]);
    expect(await storedKeys()).toMatchObject([{ uses: 0, errors: 0 }]);
  });

  it("stands under one name for all models that Google never served: callers cannot grow the table", async () => {
    await seedKeys(1);
    const { pool, defer, settle, use } = openPool();
    for (let at = 0; at < 20; at++) pool.report(use(1, `invented-${at}`), { kind: "busy" }, defer);
    await settle();
    expect(await storedKeyModels()).toEqual([{ key_id: 1, model: "*", uses: 0, errors: 20, last_at: NOW }]);
  });
});

describe("a cooling for a model that Google never served", () => {
  it("is stored for few names only, and heeded for all: callers cannot fill the table", async () => {
    await seedKeys(1);
    const { pool, defer, settle, use } = openPool();
    for (let at = 0; at < 80; at++) pool.report(use(1, `invented-${at}`), { kind: "busy" }, defer);
    for (let at = 0; at < 80; at++) pool.report(use(1, `made-up-${at}`), { kind: "quota_day" }, defer);
    await settle();
    expect((await storedCoolings()).length).toBeLessThan(60);
    expect(await pool.lease("made-up-79", [], defer)).toBeUndefined();
    await settle();
  });

  it("does not keep a served model's from being stored", async () => {
    await seedKeys(1);
    const { pool, defer, settle, use } = openPool();
    for (let at = 0; at < 80; at++) pool.report(use(1, `invented-${at}`), { kind: "busy" }, defer);
    pool.report(use(1, "gemini"), { kind: "served" }, defer);
    pool.report(use(1, "gemini"), { kind: "quota_day" }, defer);
    await settle();
    expect((await storedCoolings()).map(({ model }) => model)).toContain("gemini");
  });

  it("is stored again after an hour, whatever names were invented before", async () => {
    await seedKeys(1);
    const { pool, defer, settle, use, state } = openPool();
    for (let at = 0; at < 80; at++) pool.report(use(1, `invented-${at}`), { kind: "quota_day" }, defer);
    pool.report(use(1, "brand-new"), { kind: "quota_day" }, defer);
    await settle();
    const names = async () => (await storedCoolings()).map(({ model }) => model);
    expect(await names()).not.toContain("brand-new");
    state.now += 3_600_000;
    pool.report(use(1, "brand-new"), { kind: "quota_day" }, defer);
    await settle();
    expect(await names()).toContain("brand-new");
    for (let at = 0; at < 80; at++) pool.report(use(1, `made-up-${at}`), { kind: "quota_day" }, defer);
    await settle();
    expect((await names()).filter((name) => name.startsWith("made-up-")).length).toBeLessThan(60);
  });
});
