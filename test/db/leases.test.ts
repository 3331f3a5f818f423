import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { coolingTable } from "../../src/db/coolings.ts";
import { keyTable } from "../../src/db/keys.ts";
import { leaseTable, type LeaseRequest } from "../../src/db/leases.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { coolWhere, cursorModels, emptyPool, seedKeys } from "../support/pool-rows.ts";

beforeEach(emptyPool);

const MODEL = "gemini-2.5-flash";
const OTHER_MODEL = "gemini-2.5-pro";
const NOW = 1_000_000;

const leases = leaseTable(env.DB);
const keys = keyTable(env.DB);
const coolings = coolingTable(env.DB);

async function lease(request: Partial<LeaseRequest> = {}): Promise<number[]> {
  const { keys: leased } = await leases.lease({ model: MODEL, now: NOW, count: 1, excluded: [], ...request });
  return leased.map(({ id }) => id);
}

async function leaseTimes(times: number, request: Partial<LeaseRequest> = {}): Promise<number[]> {
  const ids: number[] = [];
  for (let at = 0; at < times; at++) ids.push(...(await lease(request)));
  return ids;
}

describe("a lease", () => {
  it("hands out every key in turn, and begins again", async () => {
    await seedKeys(5);
    expect(await leaseTimes(12)).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2]);
  });

  it("hands out blocks that follow each other without gap or overlap", async () => {
    await seedKeys(7);
    expect(await lease({ count: 3 })).toEqual([1, 2, 3]);
    expect(await lease({ count: 3 })).toEqual([4, 5, 6]);
    expect(await lease({ count: 3 })).toEqual([7, 1, 2]);
    expect(await lease({ count: 3 })).toEqual([3, 4, 5]);
  });

  it("hands out each key once at the most, however many are wanted", async () => {
    await seedKeys(3);
    expect(await lease({ count: 32 })).toEqual([1, 2, 3]);
    expect(await lease()).toEqual([1]);
  });

  it("finds nothing in an empty pool, and the first key once it is there", async () => {
    expect(await lease()).toEqual([]);
    await seedKeys(1);
    expect(await leaseTimes(2)).toEqual([1, 1]);
  });

  it("skips the keys that are retired or withdrawn", async () => {
    await seedKeys(5);
    await keys.retire(2, "API_KEY_INVALID", NOW).run();
    await env.DB.prepare("update keys set status = 'withdrawn', ciphertext = null where id = 4").run();
    expect(await leaseTimes(6)).toEqual([1, 3, 5, 1, 3, 5]);
  });

  it("skips the keys that rest, for every model", async () => {
    await seedKeys(3);
    await keys.rest(2, NOW, 1000, 1000).run();
    expect(await leaseTimes(3)).toEqual([1, 3, 1]);
    expect(await leaseTimes(1, { model: OTHER_MODEL })).toEqual([3]);
  });

  it("skips the keys that are cooling for the model, until their time has come, and for that model only", async () => {
    await seedKeys(3);
    await coolings.cool(2, MODEL, NOW + 1000, "quota_minute").run();
    expect(await leaseTimes(3)).toEqual([1, 3, 1]);
    expect(await leaseTimes(1, { model: OTHER_MODEL })).toEqual([2]);
    expect(await leaseTimes(3, { now: NOW + 1000 })).toEqual([3, 1, 2]);
  });

  it("passes over the keys that a request has tried, and does not lose their turn for others", async () => {
    await seedKeys(3);
    expect(await lease({ excluded: [1] })).toEqual([2]);
    expect(await lease({ excluded: [2, 3, 1] })).toEqual([]);
    expect(await leaseTimes(2)).toEqual([3, 1]);
  });

  it("gives each of 200 parallel requests a turn of its own: every key serves equally often", async () => {
    await seedKeys(20);
    const ids = (await Promise.all(Array.from({ length: 200 }, () => lease()))).flat();
    const counts = Array.from({ length: 20 }, (_, at) => ids.filter((id) => id === at + 1).length);
    expect(counts).toEqual(Array(20).fill(10));
  });

  it("gives parallel blocks of different sizes turns of their own", async () => {
    await seedKeys(40);
    const blocks = await Promise.all([1, 2, 4, 8, 16, 9].map((count) => lease({ count })));
    expect(blocks.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
  });

  it("follows a cursor of the model's own once Google has served the model", async () => {
    await seedKeys(4);
    expect(await leaseTimes(2)).toEqual([1, 2]);
    await leases.openCursor(MODEL).run();
    expect(await leaseTimes(1, { model: OTHER_MODEL })).toEqual([3]);
    expect(await leaseTimes(2)).toEqual([3, 4]);
    expect(await leaseTimes(1, { model: OTHER_MODEL })).toEqual([4]);
  });

  it("marks a key whose next success should wipe something", async () => {
    await seedKeys(4);
    await keys.strike(2, "CREDENTIALS_MISSING", NOW, NOW + 10).run();
    await env.DB.prepare("update keys set resting_until = null").run();
    await coolings.cool(3, MODEL, NOW - 1, "busy").run();
    const { keys: leased } = await leases.lease({ model: MODEL, now: NOW, count: 4, excluded: [] });
    expect(leased.map(({ blemished }) => blemished)).toEqual([false, true, true, false]);
  });

  it("gives nothing while the model is known to be blocked, and the next turn afterwards", async () => {
    await seedKeys(2);
    await leases.openCursor(MODEL).run();
    await leases.block(MODEL, NOW + 50).run();
    expect(await lease()).toEqual([]);
    expect(await lease({ now: NOW + 50 })).toEqual([1]);
  });
});

describe("models that were never served", () => {
  it("share one cursor: invented names leave no row", async () => {
    await seedKeys(2);
    for (let at = 0; at < 30; at++) await lease({ model: `invented-${at}` });
    await leases.block("invented-1", NOW + 1000).run();
    expect(await cursorModels()).toEqual(["*"]);
  });

  it("cannot be blocked for one another", async () => {
    await seedKeys(1);
    await leases.block("*", NOW + 1000).run();
    expect(await lease({ model: "invented" })).toEqual([1]);
  });

  it("are given cursors up to a limit", async () => {
    await env.DB.batch(Array.from({ length: 600 }, (_, at) => leases.openCursor(`served-${at}`)));
    expect(await cursorModels()).toHaveLength(512);
  });
});

describe("what a lease costs", () => {
  async function costOf(work: (table: ReturnType<typeof leaseTable>) => Promise<unknown>) {
    const d1 = new FaultyD1();
    await work(leaseTable(d1.binding));
    const [trip, ...more] = d1.takeTrips();
    if (trip === undefined || more.length > 0) throw new Error("expected one round trip");
    return trip;
  }

  const request = { model: MODEL, now: NOW, count: 1, excluded: [] };

  it("is one round trip and one written row at the most", async () => {
    await seedKeys(100);
    const found = await costOf((table) => table.lease(request));
    expect(found.rowsWritten).toBeLessThanOrEqual(1);
    const block = await costOf((table) => table.lease({ ...request, count: 32 }));
    expect(block.rowsWritten).toBeLessThanOrEqual(1);
    await coolWhere("1", MODEL, NOW + 1000);
    const nothing = await costOf((table) => table.lease(request));
    expect(nothing.rowsWritten).toBe(0);
  });

  it("is one statement that walks the ring once: a row for each key that it hands out, and a dozen more", async () => {
    await seedKeys(100);
    await leases.openCursor(MODEL).run();
    const one = await costOf((table) => table.lease(request));
    const block = await costOf((table) => table.lease({ ...request, count: 32 }));
    expect(block.sql).toHaveLength(1);
    expect(one.rowsRead).toBeLessThanOrEqual(13);
    expect(block.rowsRead - one.rowsRead).toBe(31);
  });

  it("leaves nothing behind but the cursor's new place", async () => {
    await seedKeys(3);
    await lease({ count: 2 });
    expect((await env.DB.prepare("select * from leases").all()).results).toEqual([]);
    expect(await env.DB.prepare("select * from cursors").first()).toEqual({
      model: "*",
      position: 2,
      blocked_until: null,
    });
  });

  it("is walked along the partial index, not the table", async () => {
    const d1 = new FaultyD1();
    await leaseTable(d1.binding).lease(request);
    for (const sql of d1.takeTrips()[0]?.sql ?? []) {
      const values = Array(sql.split("?").length - 1).fill(1);
      const plan = await env.DB.prepare(`explain query plan ${sql}`)
        .bind(...values)
        .all<{ detail: string }>();
      const steps = plan.results.map(({ detail }) => detail).filter((detail) => /\bkeys\b/.test(detail));
      expect(steps.length).toBeGreaterThan(0);
      for (const step of steps) expect(step).toMatch(/SEARCH keys USING (?:COVERING )?INDEX keys_leasable/);
      expect(plan.results.filter(({ detail }) => detail.startsWith("SCAN coolings"))).toEqual([]);
    }
  });
});
