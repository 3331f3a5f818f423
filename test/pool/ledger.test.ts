import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { keyTable } from "../../src/db/keys.ts";
import { Ledger } from "../../src/pool/ledger.ts";
import { emptyPool, seedKeys, storedKeys } from "../support/pool-rows.ts";

const MINUTE = 60_000;

beforeEach(emptyPool);

/** A ledger on the real D1 that can be told to fail, and the work that it deferred. */
function openLedger() {
  const work: Promise<unknown>[] = [];
  const batches: number[] = [];
  const state = { now: 1_000_000, fails: false, dice: 0 };
  const keys = keyTable(env.DB);
  const ledger = new Ledger({
    keys,
    batch: (statements) => {
      batches.push(statements.length);
      return state.fails ? Promise.reject(new Error("D1 is down")) : env.DB.batch(statements);
    },
    clock: () => state.now,
    sleep: () => Promise.resolve(),
    random: () => (state.dice = (state.dice + 0.37) % 1),
    log: () => undefined,
    flushAfterMs: 10_000,
  });
  const defer = (promise: Promise<unknown>) => void work.push(promise);
  const settle = () => Promise.all(work.splice(0));
  return { ledger, keys, batches, defer, settle, state };
}

const usesOf = async () => (await storedKeys()).map(({ uses }) => uses);

describe("counters", () => {
  it("are gathered and written together", async () => {
    await seedKeys(3);
    const { ledger, batches, defer, settle } = openLedger();
    for (const id of [1, 2, 2, 3, 3, 3]) ledger.countUse(id, defer);
    await settle();
    expect(await usesOf()).toEqual([1, 2, 3]);
    expect(batches).toEqual([3]);
  });

  it("are not lost or doubled when D1 fails for a while", async () => {
    await seedKeys(2);
    const { ledger, defer, settle, state } = openLedger();
    state.fails = true;
    ledger.countUse(1, defer);
    await settle();
    ledger.countUse(1, defer);
    ledger.countUse(2, defer);
    await settle();
    expect(await usesOf()).toEqual([0, 0]);
    state.fails = false;
    ledger.countUse(2, defer);
    await settle();
    expect(await usesOf()).toEqual([2, 2]);
  });

  it("of thousands of keys cost a tenth of a row a request, and the sum stays near the truth", async () => {
    await seedKeys(2000);
    const { ledger, batches, defer, settle } = openLedger();
    for (let id = 1; id <= 2000; id++) ledger.countUse(id, defer);
    await settle();
    expect(batches.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(2000);
    const { ledger: busy, batches: few, defer: later, settle: settled } = openLedger();
    for (let round = 0; round < 3; round++) for (let id = 1; id <= 2000; id++) busy.countUse(id, later);
    await settled();
    expect(few.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(2000);
  });

  it("are scheduled again if the request that should have flushed them was lost", async () => {
    await seedKeys(1);
    const { ledger, defer, settle, state } = openLedger();
    ledger.countUse(1, () => undefined);
    await Promise.resolve();
    state.now += 5 * MINUTE;
    ledger.countUse(1, defer);
    await settle();
    expect(await usesOf()).toEqual([2]);
  });
});

describe("when a contributor was last seen", () => {
  it("is written, though not for each request", async () => {
    await seedKeys(1);
    const { ledger, batches, defer, settle, state } = openLedger();
    for (let at = 0; at < 5; at++) ledger.countSeen(1, defer);
    await settle();
    ledger.countSeen(1, defer);
    await settle();
    expect(batches).toEqual([1]);
    state.now += 11 * MINUTE;
    ledger.countSeen(1, defer);
    await settle();
    expect(batches).toEqual([1, 1]);
    expect((await storedKeys())[0]?.last_seen_at).toBe(state.now);
  });
});

describe("retirements and coolings", () => {
  it("are written at once", async () => {
    await seedKeys(1);
    const { ledger, keys, defer, settle } = openLedger();
    ledger.write([keys.retire(1, "API_KEY_INVALID", 5)], defer);
    await settle();
    expect(await storedKeys()).toMatchObject([{ status: "retired", reason: "API_KEY_INVALID" }]);
  });

  it("that D1 refused go with the next batch, and nobody hears of the failure", async () => {
    await seedKeys(2);
    const { ledger, keys, defer, settle, state } = openLedger();
    state.fails = true;
    ledger.write([keys.retire(1, "x", 5)], defer);
    await expect(settle()).resolves.toBeDefined();
    state.fails = false;
    ledger.write([keys.retire(2, "x", 5)], defer);
    await settle();
    expect((await storedKeys()).map(({ status }) => status)).toEqual(["retired", "retired"]);
  });

  it("do not pile up without end while D1 is down, and neither do counters", async () => {
    await seedKeys(50);
    const { ledger, keys, batches, defer, settle, state } = openLedger();
    state.fails = true;
    for (let at = 0; at < 700; at++) ledger.write([keys.retire(1, "x", 5)], defer);
    await settle();
    for (let at = 0; at < 100; at++) {
      for (let id = 1; id <= 50; id++) ledger.countUse(id, defer);
      await settle();
    }
    batches.length = 0;
    state.fails = false;
    await ledger.flush();
    const written = batches.reduce((sum, size) => sum + size, 0);
    expect(written).toBeGreaterThan(700);
    expect(written).toBeLessThan(1100);
    expect((await storedKeys())[0]?.status).toBe("retired");
  });

  it("go in batches that D1's single writer can bear", async () => {
    await seedKeys(1);
    const { ledger, keys, batches, defer, settle } = openLedger();
    ledger.write(
      Array.from({ length: 120 }, () => keys.retire(1, "x", 5)),
      defer,
    );
    await settle();
    expect(batches).toEqual([50, 50, 20]);
  });
});
