import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { keyTable } from "../../src/db/keys.ts";
import { Ledger } from "../../src/pool/ledger.ts";
import { emptyPool, seedKeys, storedKeyModels, storedKeys } from "../support/pool-rows.ts";

const MINUTE = 60_000;
const MODEL = "gemini-2.5-flash";

beforeEach(emptyPool);

/** A ledger on the real D1 that can be told to fail, and the work that it deferred. */
function openLedger() {
  const work: Promise<unknown>[] = [];
  const batches: number[] = [];
  let written = 0;
  const state = { now: 1_000_000, fails: false, dice: 0 };
  const keys = keyTable(env.DB);
  const ledger = new Ledger({
    keys,
    batch: async (statements) => {
      batches.push(statements.length);
      if (state.fails) throw new Error("D1 is down");
      const results = await env.DB.batch(statements);
      written += sum(results.map(({ meta }) => meta.rows_written));
      return results;
    },
    clock: () => state.now,
    sleep: () => Promise.resolve(),
    random: () => (state.dice = (state.dice + 0.37) % 1),
    log: () => undefined,
    flushAfterMs: 10_000,
  });
  const defer = (promise: Promise<unknown>) => void work.push(promise);
  const settle = () => Promise.all(work.splice(0));
  return { ledger, keys, batches, defer, settle, state, rows: () => written };
}

const usesOf = async () => (await storedKeys()).map(({ uses }) => uses);

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe("counters", () => {
  it("are gathered and written together, by two statements whatever the number of keys", async () => {
    await seedKeys(25);
    const { ledger, batches, defer, settle } = openLedger();
    for (let id = 1; id <= 25; id++) ledger.countUse(id, MODEL, defer);
    ledger.countUse(25, MODEL, defer);
    await settle();
    expect(await usesOf()).toEqual([...Array(24).fill(1), 2]);
    expect(batches).toEqual([2]);
  });

  it("tell uses from errors, and one model from another", async () => {
    await seedKeys(2);
    const { ledger, defer, settle, state } = openLedger();
    ledger.countUse(1, MODEL, defer);
    ledger.countUse(1, "other", defer);
    ledger.countError(1, MODEL, defer);
    ledger.countError(2, MODEL, defer);
    await settle();
    state.now += 1;
    ledger.countUse(1, MODEL, defer);
    await settle();
    expect(await storedKeyModels()).toEqual([
      { key_id: 1, model: MODEL, uses: 2, errors: 1, last_at: state.now },
      { key_id: 1, model: "other", uses: 1, errors: 0, last_at: state.now - 1 },
      { key_id: 2, model: MODEL, uses: 0, errors: 1, last_at: state.now - 1 },
    ]);
    expect(await storedKeys()).toMatchObject([
      { uses: 3, errors: 1, last_used_at: state.now },
      { uses: 0, errors: 1, last_used_at: null },
    ]);
  });

  it("are not lost or doubled when D1 fails for a while", async () => {
    await seedKeys(2);
    const { ledger, defer, settle, state } = openLedger();
    state.fails = true;
    ledger.countUse(1, MODEL, defer);
    await settle();
    ledger.countUse(1, MODEL, defer);
    ledger.countUse(2, MODEL, defer);
    await settle();
    expect(await usesOf()).toEqual([0, 0]);
    state.fails = false;
    ledger.countUse(2, MODEL, defer);
    await settle();
    await ledger.flush();
    expect(await usesOf()).toEqual([2, 2]);
  });

  it("of a quiet pool are exact, and in D1 at once but for the last few", async () => {
    await seedKeys(3);
    const { ledger, defer, settle, state } = openLedger();
    for (let at = 0; at < 150; at++) {
      ledger.countUse(1 + (at % 3), MODEL, defer);
      await settle();
      state.now += MINUTE;
    }
    expect(sum(await usesOf())).toBeGreaterThan(140);
    state.now += 10 * MINUTE;
    await ledger.flush();
    expect(await usesOf()).toEqual([50, 50, 50]);
  });

  it("of a small pool wait for rows to pay for them rather than be thinned", async () => {
    await seedKeys(12);
    const { ledger, defer, settle, state } = openLedger();
    for (let at = 0; at < 3000; at++) {
      ledger.countUse(1 + (at % 12), MODEL, defer);
      await settle();
      state.now += 800;
    }
    state.now += 60 * MINUTE;
    await ledger.flush();
    expect(await usesOf()).toEqual(Array(12).fill(250));
  });

  it("show how often each key was used before they tell for which models", async () => {
    await seedKeys(17);
    const { ledger, defer, settle, state, rows } = openLedger();
    for (let id = 1; id <= 12; id++) ledger.countSeen(id, defer);
    for (let round = 0; round < 2; round++) {
      for (let at = 0; at < 17 * 3 * 2; at++) ledger.countUse(1 + (at % 17), `model-${at % 3}`, defer);
      await settle();
      expect(await usesOf()).toEqual(Array(17).fill(6 + 6 * round));
      state.now += 10_000;
    }
    expect(rows()).toBeLessThan(50 + 17 * 3 * 4 * 0.12 + 1);
    // What the rows did not suffice for is not lost.
    state.now += 60 * MINUTE;
    await ledger.flush();
    expect(sum((await storedKeyModels()).map(({ uses }) => uses))).toBe(17 * 12);
  });

  it("of both kinds are there at once where there are rows for both, whoever was seen", async () => {
    await seedKeys(25);
    const { ledger, defer, settle, rows } = openLedger();
    for (let id = 1; id <= 20; id++) ledger.countSeen(id, defer);
    for (let id = 1; id <= 25; id++) ledger.countUse(id, MODEL, defer);
    await settle();
    expect(await usesOf()).toEqual(Array(25).fill(1));
    expect(await storedKeyModels()).toHaveLength(25);
    expect(rows()).toBe(50);
  });

  it("by key have all rows of a young isolate where both kinds do not fit", async () => {
    await seedKeys(48);
    const { ledger, defer, settle } = openLedger();
    for (let id = 1; id <= 48; id++) ledger.countUse(id, MODEL, defer);
    await settle();
    expect(await usesOf()).toEqual(Array(48).fill(1));
    expect(await storedKeyModels()).toEqual([]);
  });

  it("by model get rows of their own, though those by key would take each row as it comes", async () => {
    await seedKeys(20);
    const { ledger, defer, settle, state } = openLedger();
    let requests = 0;
    for (let minute = 0; minute < 120; minute++) {
      for (let at = 0; at < 20; at++, requests++) ledger.countUse(1 + at, `model-${requests % 7}`, defer);
      await settle();
      state.now += MINUTE;
    }
    const tallies = await storedKeyModels();
    expect(tallies.length).toBeGreaterThan((20 * 7) / 2);
    const byModel = sum(tallies.map(({ uses }) => uses));
    expect(byModel / requests).toBeGreaterThan(0.7);
    expect(byModel / requests).toBeLessThan(1.3);
    expect(sum(await usesOf()) / requests).toBeGreaterThan(0.9);
  });

  it("of a large pool under load cost a small share of the requests, and their sum stays near the truth", async () => {
    await seedKeys(5000);
    const { ledger, defer, settle, state, rows } = openLedger();
    for (let round = 0; round < 10; round++) {
      for (let id = 1; id <= 5000; id++) ledger.countUse(id, MODEL, defer);
      await settle();
      state.now += 10_000;
    }
    expect(rows()).toBeLessThan(50_000 * 0.15 + 500);
    expect(sum(await usesOf()) / 50_000).toBeGreaterThan(0.9);
    expect(sum(await usesOf()) / 50_000).toBeLessThan(1.1);
    const byModel = sum((await storedKeyModels()).map(({ uses }) => uses));
    expect(byModel / 50_000).toBeGreaterThan(0.9);
    expect(byModel / 50_000).toBeLessThan(1.1);
  });

  it("are scheduled again if the request that should have flushed them was lost", async () => {
    await seedKeys(1);
    const { ledger, defer, settle, state } = openLedger();
    ledger.countUse(1, MODEL, () => undefined);
    await Promise.resolve();
    state.now += 5 * MINUTE;
    ledger.countUse(1, MODEL, defer);
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

  it("is written by and by where more were seen than there are rows for, though the uses of others take all", async () => {
    await seedKeys(200);
    const { ledger, defer, settle, state } = openLedger();
    for (let id = 1; id <= 60; id++) ledger.countSeen(id, defer);
    const seen = async () => (await storedKeys()).slice(0, 60).filter((key) => key.last_seen_at > 1_000_000).length;
    state.now += 1;
    for (let round = 0; round < 30; round++) {
      for (let at = 0; at < 1000; at++) ledger.countUse(61 + (at % 140), MODEL, defer);
      await settle();
      if (round === 0) expect(await seen()).toBeLessThan(60);
      state.now += 10_000;
    }
    expect(await seen()).toBe(60);
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
      for (let id = 1; id <= 50; id++) ledger.countUse(id, MODEL, defer);
      await settle();
    }
    batches.length = 0;
    state.fails = false;
    await ledger.flush();
    expect(sum(batches)).toBe(702);
    expect((await storedKeys())[0]?.status).toBe("retired");
    expect((await usesOf())[0]).toBe(100);
  });

  it("are written before any counter, even when there are more than D1 takes in one batch", async () => {
    await seedKeys(1);
    const { ledger, keys, batches, defer, settle, state } = openLedger();
    state.fails = true;
    ledger.write([keys.retire(1, "x", 5)], defer);
    await settle();
    ledger.addSource({ take: () => Array.from({ length: 300 }, () => keys.wipe(1)) });
    state.fails = false;
    batches.length = 0;
    ledger.countUse(1, MODEL, defer);
    await settle();
    expect(batches).toEqual([1, 50, 50, 50, 50, 50, 50, 2]);
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

describe("counters of another kind", () => {
  /** Counts into `totals`, a statement for each row, and tells what it was offered. */
  function aSource(rows = 1) {
    const offers: number[] = [];
    const take = (_: number, budget: number) => {
      offers.push(budget);
      return Array.from({ length: rows }, () => env.DB.prepare("update totals set retired = retired + 1"));
    };
    return { offers, source: { take } };
  }

  const counted = () => env.DB.prepare("select retired from totals").first<number>("retired");

  it("are written together with the keys'", async () => {
    await seedKeys(1);
    const before = (await counted()) ?? 0;
    const { ledger, batches, defer, settle } = openLedger();
    ledger.addSource(aSource().source);
    ledger.countUse(1, MODEL, defer);
    await settle();
    expect(batches).toEqual([3]);
    expect(await counted()).toBe(before + 1);
  });

  it("are written when the source asks, and there is nothing else to write", async () => {
    const before = (await counted()) ?? 0;
    const { ledger, defer, settle } = openLedger();
    ledger.addSource(aSource().source);
    ledger.scheduleFlush(defer);
    ledger.scheduleFlush(defer);
    await settle();
    expect(await counted()).toBe(before + 1);
  });

  it("are not lost, doubled or asked for again while D1 fails", async () => {
    const before = (await counted()) ?? 0;
    const { ledger, state } = openLedger();
    const { source, offers } = aSource();
    ledger.addSource(source);
    state.fails = true;
    for (let at = 0; at < 5; at++) await ledger.flush();
    expect(offers).toHaveLength(1);
    state.fails = false;
    await ledger.flush();
    expect(await counted()).toBe(before + 1);
  });

  it("that cost more than they were offered are offered nothing until requests have paid for it", async () => {
    await seedKeys(1);
    const { ledger } = openLedger();
    const { source, offers } = aSource(130);
    ledger.addSource(source);
    await ledger.flush();
    for (let at = 0; at < 3010; at++) ledger.countUse(1, MODEL, () => undefined);
    await ledger.flush();
    await ledger.flush();
    expect(offers).toEqual([50, 70, 0]);
  });
});
