import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createServices } from "../../src/services.ts";
import { createUpkeep } from "../../src/upkeep.ts";
import type { Verdict } from "../../src/verdict.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { emptyPool, requireStoredKey, storedTotals } from "../support/pool-rows.ts";
import { emptyRecords } from "../support/records-table.ts";
import { soon } from "../support/soon.ts";
import { layTable, MODEL, newKey, newKeys, type Table } from "../support/table.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const FAR = Date.UTC(2030, 0, 1);

beforeEach(async () => {
  await emptyPool();
  await emptyRecords();
});

/** A table, and the scheduled run of an isolate of its own. */
function open(d1: D1Database = env.DB) {
  let now = Date.UTC(2026, 10, 21, 18);
  const table = layTable();
  const log: { event: string; fields: object }[] = [];
  let held: Promise<void> | undefined;
  const services = createServices(
    { ...env, DB: d1, EGRESS: "direct", FLUSH_AFTER_MS: "0" },
    {
      fetch: async (input, init) => {
        const answer = await table.google.fetch(input, init);
        await held;
        return answer;
      },
      clock: () => now,
      sleep: (ms) => scheduler.wait(ms),
      log: (_level, event, fields = {}) => log.push({ event, fields }),
    },
  );
  const upkeep = createUpkeep(services);
  return {
    table,
    log,
    services,
    advance: (ms: number) => {
      now += ms;
      table.advance(ms);
    },
    /** From now on Google's answers to scheduled runs wait until the returned function is called. */
    holdAnswer: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return () => {
        held = undefined;
        resolve();
      };
    },
    /** One scheduled run; tells which keys Google was asked about. */
    run: async () => {
      const before = table.google.calls.length;
      const context = createExecutionContext();
      await upkeep((work) => context.waitUntil(work));
      await waitOnExecutionContext(context);
      return table.google.calls.slice(before).map(({ key }) => key);
    },
  };
}

/** Contributes a key and has Google's word retire it. */
async function retire(table: Table, fixture = "key-suspended", key = newKey()): Promise<string> {
  await table.contribute(key);
  table.google.script(key, { kind: "error", fixture });
  for (let turn = 0; turn < 9 && (await requireStoredKey(key)).status === "active"; turn++) {
    await (await table.send({ key })).body?.cancel();
  }
  expect((await requireStoredKey(key)).status).toBe("retired");
  return key;
}

describe("a key that was retired by Google's word", () => {
  it("is asked again after an hour, by a generation of one token, and comes back when it is served", async () => {
    const { table, run, advance } = open();
    const key = await retire(table);
    advance(HOUR - 1);
    expect(await run()).toEqual([]);
    table.google.script(key, { kind: "good" });
    advance(1);
    expect(await run()).toEqual([key]);
    expect(table.google.calls.at(-1)).toMatchObject({ path: "/v1beta/models/gemini-2.5-flash-lite:generateContent" });
    expect(await requireStoredKey(key)).toMatchObject({
      status: "active",
      reason: null,
      words: null,
      recheck_at: null,
      rechecks: 0,
      strikes: 0,
    });
    expect(await storedTotals()).toMatchObject({ active: 1, retired: 0 });
    expect(await run()).toEqual([]);
  });

  it("is leased again at once, in the isolate that had cast it out and where a known stretch hid it", async () => {
    const { table, run, advance, services } = open();
    const key = newKey();
    await table.contribute(key);
    const { id } = await requireStoredKey(key);
    const work: Promise<unknown>[] = [];
    const defer = (promise: Promise<unknown>) => void work.push(promise);
    const leased = async () => (await services.pool.lease(MODEL, [], defer))?.id;
    const dead: Verdict = { kind: "key_dead", reason: "API_KEY_INVALID", evidence: "certain" };
    services.pool.report({ keyId: id, model: MODEL, blemished: false }, dead, defer);
    await Promise.all(work);
    expect(await leased()).toBeUndefined();
    await env.DB.batch([
      env.DB.prepare("update keys set recheck_at = 1"),
      env.DB.prepare("insert into cursors (model, position, blocked_until) values (?, 0, ?)").bind(MODEL, FAR),
      env.DB.prepare("insert into stretches (model, from_id, to_id, until) values (?, 1, 9, ?)").bind(MODEL, FAR),
    ]);
    advance(2000);
    expect(await run()).toEqual([key]);
    expect(await leased()).toBe(id);
    expect(await env.DB.prepare("select count(*) as rows from stretches").first("rows")).toBe(0);
  });

  it("waits longer each time it is refused, and is left alone after the eighth", async () => {
    const { table, run, advance } = open();
    const key = await retire(table);
    table.google.script(key, { kind: "error", fixture: "key-expired" });
    for (const wait of [HOUR, 4 * HOUR, DAY, 3 * DAY, 7 * DAY, 14 * DAY, 14 * DAY, 14 * DAY]) {
      advance(wait - 1);
      expect(await run()).toEqual([]);
      advance(1);
      expect(await run()).toEqual([key]);
    }
    expect(await requireStoredKey(key)).toMatchObject({
      status: "retired",
      reason: "CONSUMER_SUSPENDED",
      words: "API key expired. Please renew the API key.",
      recheck_at: null,
      rechecks: 8,
    });
    advance(400 * DAY);
    expect(await run()).toEqual([]);
  });

  it("is not judged by Google's outages: they are not counted, and the others wait for the next run", async () => {
    const { table, run, advance } = open();
    const keys = [await retire(table), await retire(table), await retire(table)];
    for (const key of keys) table.google.script(key, { kind: "error", fixture: "unavailable" });
    advance(HOUR);
    expect(await run()).toHaveLength(1);
    table.google.refuseLocation(true);
    expect(await run()).toHaveLength(1);
    table.google.refuseLocation(false);
    for (const key of keys) table.google.script(key, { kind: "good" });
    expect(await run()).toHaveLength(1);
    advance(HOUR);
    expect(await run()).toHaveLength(2);
    expect(await storedTotals()).toMatchObject({ active: 3 });
  });

  it("that is alive but out of quota stays out until it can prove itself", async () => {
    const { table, run, advance } = open();
    const key = await retire(table);
    table.google.script(key, { kind: "error", fixture: "quota-day" });
    advance(HOUR);
    await run();
    const row = await requireStoredKey(key);
    expect(row).toMatchObject({ status: "retired", rechecks: 0 });
    expect(row.words).toContain("suspended");
    table.google.script(key, { kind: "good" });
    advance(DAY);
    expect(await run()).toEqual([key]);
    expect((await requireStoredKey(key)).status).toBe("active");
  });

  it("is one of ten in a run, those first that have waited longest", async () => {
    const { table, run, advance } = open();
    const keys: string[] = [];
    for (const _ of Array.from({ length: 12 })) {
      keys.push(await retire(table));
      advance(1000);
    }
    advance(HOUR);
    expect(await run()).toEqual(keys.slice(0, 10));
    expect(await run()).toEqual(keys.slice(10));
    expect(await run()).toEqual([]);
  });
});

describe("a key that nobody may bring back by asking", () => {
  it.each([
    ["its owner withdrew it", "DELETE"],
    ["its owner withdrew it and asked to join again", "DELETE then POST"],
  ])("while Google was asked: %s", async (_, methods) => {
    const { table, run, advance, services, holdAnswer } = open();
    const key = await retire(table);
    advance(HOUR);
    table.google.script(key, { kind: "good" });
    const release = holdAnswer();
    const calls = table.google.callsBy(key).length;
    const running = run();
    await soon(() => expect(table.google.callsBy(key)).toHaveLength(calls + 1));
    for (const method of methods.split(" then ")) {
      const body = method === "POST" ? "" : undefined;
      expect((await table.send({ key, path: "/key", method, ...(body === undefined ? {} : { body }) })).status).toBe(
        200,
      );
    }
    release();
    await running;
    const row = await requireStoredKey(key);
    expect(row.status).not.toBe("active");
    expect(row).toMatchObject({ ciphertext: null, recheck_at: null, words: null });
    expect((await services.pool.totals()).active).toBe(0);
    advance(30 * DAY);
    expect(await run()).toEqual([]);
  });

  it.each([
    ["the operator retired it for good", "reason = 'operator', recheck_at = null"],
    ["its row was merged into another", "reason = 'merged', ciphertext = null"],
  ])("while Google was asked, because %s", async (_, change) => {
    const { table, run, advance, holdAnswer } = open();
    const key = await retire(table);
    advance(HOUR);
    table.google.script(key, { kind: "good" });
    const release = holdAnswer();
    const running = run();
    await soon(() =>
      expect(table.google.calls.at(-1)).toMatchObject({ key, path: expect.stringContaining("flash-lite") }),
    );
    await env.DB.prepare(`update keys set ${change}`).run();
    release();
    await running;
    expect((await requireStoredKey(key)).status).toBe("retired");
  });

  it("before: withdrawn, deleted or retired by the operator, merged", async () => {
    const { table, run, advance } = open();
    const keys = newKeys(5);
    for (const key of keys) await retire(table, "key-suspended", key);
    for (const key of keys) table.google.script(key, { kind: "good" });
    const [withdrawn = "", other = ""] = keys;
    await table.send({ key: withdrawn, path: "/key", method: "DELETE" });
    await env.DB.batch([
      env.DB.prepare("update keys set status = 'deleted', ciphertext = null where id = 2"),
      env.DB.prepare("update keys set recheck_at = null, reason = 'operator' where id = 3"),
      env.DB.prepare("update keys set ciphertext = null, reason = 'merged' where id = 4"),
      env.DB.prepare("update keys set ciphertext = 'sealed under another secret' where id = 5"),
    ]);
    expect(other).not.toBe("");
    for (let day = 0; day < 3; day++) {
      advance(DAY);
      expect(await run()).toEqual([]);
    }
    expect(await storedTotals()).toMatchObject({ active: 0 });
    // What can never be asked again does not stand in front of the queue.
    const waiting = env.DB.prepare("select id from keys where recheck_at is not null");
    expect((await waiting.all<{ id: number }>()).results).toEqual([{ id: 5 }]);
  });

  it("because D1 failed when its answer was there: it is asked again", async () => {
    const d1 = new FaultyD1();
    const { table, run, advance, log } = open(d1.binding);
    const key = await retire(table);
    table.google.script(key, { kind: "good" });
    advance(HOUR);
    d1.only = /set status = 'active'/;
    d1.mood = "fails";
    expect(await run()).toEqual([key]);
    expect(log).toContainEqual({
      event: "upkeep.failed",
      fields: { job: "recheck", cause: "D1_ERROR: simulated failure" },
    });
    expect((await requireStoredKey(key)).status).toBe("retired");
    d1.mood = "works";
    expect(await run()).toEqual([key]);
    expect((await requireStoredKey(key)).status).toBe("active");
  });
});

describe("the scheduled run", () => {
  it("does its other jobs when one fails, and says which", async () => {
    const d1 = new FaultyD1();
    const { run, log } = open(d1.binding);
    for (const broken of [
      /stretches/,
      /from "key_models"/,
      /into "activity"/,
      /"key_counts"/,
      /"failures"/,
      /token_resources/,
      /"sessions"/,
      /recheck_at/,
    ]) {
      d1.only = broken;
      d1.mood = "fails";
      d1.takeTrips();
      log.length = 0;
      await run();
      expect(log.map(({ event }) => event)).toEqual(["upkeep.failed"]);
      expect(d1.takeTrips().length).toBeGreaterThan(5);
    }
  });

  it("stays within the free plan's 50 queries and 50 subrequests with all there is to do", async () => {
    const d1 = new FaultyD1();
    const { table, run, advance } = open(d1.binding);
    for (const _ of Array.from({ length: 12 })) {
      const key = await retire(table);
      table.google.script(key, { kind: "good" });
    }
    advance(3 * DAY);
    d1.takeTrips();
    const asked = await run();
    expect(asked).toHaveLength(10);
    const trips = d1.takeTrips();
    expect(trips.flatMap(({ sql }) => sql).length).toBeLessThanOrEqual(50);
    expect(trips.length + asked.length).toBeLessThanOrEqual(50);
  });

  it("with nothing to do reads and writes hardly a row", async () => {
    const d1 = new FaultyD1();
    const { run } = open(d1.binding);
    await run();
    d1.takeTrips();
    await run();
    const trips = d1.takeTrips();
    expect(trips.reduce((sum, { rowsRead }) => sum + rowsRead, 0)).toBeLessThan(60);
    expect(trips.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0)).toBe(0);
  });
});
