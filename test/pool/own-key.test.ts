import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { ApiKey } from "../../src/api-key.ts";
import { Unavailable } from "../../src/pool/patience.ts";
import { createPool } from "../../src/pool/pool.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { emptyPool, requireStoredKey } from "../support/pool-rows.ts";
import { newKeys } from "../support/table.ts";

beforeEach(emptyPool);

/** A pool with one key, on a D1 that can be told to fail. */
async function poolOfOne() {
  const d1 = new FaultyD1();
  const state = { now: 1_000_000 };
  const settings = { leaseMax: 32, leaseTtlMs: 30_000, contributorTtlMs: 60_000, d1TimeoutMs: 1000, flushAfterMs: 0 };
  const pool = createPool({
    d1: d1.binding,
    poolSecret: env.POOL_SECRET,
    clock: () => state.now,
    sleep: d1.limit,
    random: Math.random,
    log: () => undefined,
    get leaseMax() {
      return settings.leaseMax;
    },
    get leaseTtlMs() {
      return settings.leaseTtlMs;
    },
    get contributorTtlMs() {
      return settings.contributorTtlMs;
    },
    get d1TimeoutMs() {
      return settings.d1TimeoutMs;
    },
    get flushAfterMs() {
      return settings.flushAfterMs;
    },
  });
  const [text = ""] = newKeys(1);
  const key = new ApiKey(text);
  const work: Promise<unknown>[] = [];
  const defer = (promise: Promise<unknown>) => void work.push(promise);
  pool.admit(key, defer);
  const settle = () => Promise.all(work.splice(0));
  await settle();
  d1.takeTrips();
  return { pool, d1, state, settings, key, text, defer, settle };
}

describe("the owner of a key", () => {
  it("looks it up, withdraws it and lets it join again", async () => {
    const { pool, key, text } = await poolOfOne();
    expect(await pool.lookUp(key)).toMatchObject({ row: { status: "active" }, coolings: [] });
    expect(await pool.withdraw(key)).toBe(true);
    expect(await pool.withdraw(key)).toBe(false);
    expect((await requireStoredKey(text)).status).toBe("withdrawn");
    expect(await pool.rejoin(key)).toBe(true);
    expect(await pool.rejoin(key)).toBe(false);
  });

  it("waits no longer than the time-out for a D1 that hangs, as it is set now, and then D1 is left alone", async () => {
    const { pool, d1, key, settings, state } = await poolOfOne();
    settings.d1TimeoutMs = 10;
    d1.mood = "hangs";
    await expect(pool.withdraw(key)).rejects.toThrow("no answer within 10 ms");
    d1.takeTrips();
    await expect(pool.rejoin(key)).rejects.toThrow(Unavailable);
    await expect(pool.lookUp(key)).rejects.toThrow(Unavailable);
    expect(d1.takeTrips()).toEqual([]);
    d1.mood = "works";
    state.now += 1000;
    expect(await pool.lookUp(key)).toBeDefined();
  });

  it("is heeded by this isolate although D1 confirmed the withdrawal too late to tell", async () => {
    const { pool, d1, key, settings, state, defer, settle } = await poolOfOne();
    expect(await pool.lease("gemini", [], defer)).toBeDefined();
    await settle();
    // Turns of the key stay on the shelf.
    await Promise.all([1, 2, 3, 4].map(() => pool.lease("gemini", [], defer)));
    await settle();
    settings.d1TimeoutMs = 10;
    const { promise, resolve } = Promise.withResolvers<void>();
    d1.gate = promise;
    await expect(pool.withdraw(key)).rejects.toThrow("no answer");
    resolve();
    d1.gate = undefined;
    await d1.quiet();
    settings.d1TimeoutMs = 1000;
    state.now += 1000;
    expect(await pool.lease("gemini", [], defer)).toBeUndefined();
    await settle();
  });
});
