import { env } from "cloudflare:workers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/pool/pool.ts";
import type { DeskQuery } from "../../src/pool/desk-list.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { coolWhere, countedTotals, emptyPool, seedKeys, storedTotals } from "../support/pool-rows.ts";

const LARGE = 50_000;
const NOW = 1_000_000_000;
const HOUR_MS = 3_600_000;

const d1 = new FaultyD1();

function openDesk(clock: () => number = () => NOW): Pool["desk"] {
  return createPool({
    d1: d1.binding,
    poolSecret: env.POOL_SECRET,
    leaseMax: 32,
    leaseTtlMs: 30_000,
    contributorTtlMs: 60_000,
    d1TimeoutMs: 60_000,
    flushAfterMs: 0,
    clock,
    sleep: (ms) => scheduler.wait(ms),
    random: Math.random,
    log: () => undefined,
  } as Parameters<typeof createPool>[0]).desk;
}

async function pageOf(query: DeskQuery) {
  d1.takeTrips();
  const page = await openDesk().list(query);
  if (page === undefined) throw new Error("the cursor was refused");
  return { ...page, rowsRead: d1.takeTrips().reduce((sum, trip) => sum + trip.rowsRead, 0) };
}

/** Walks a whole list from its last page back to its first. */
async function walkBack(query: DeskQuery, from: string) {
  const ids: number[] = [];
  let worst = 0;
  let cursor: string | null = from;
  while (cursor !== null) {
    const page: Awaited<ReturnType<typeof pageOf>> = await pageOf({ ...query, limit: 500, cursor });
    ids.unshift(...page.keys.map(({ id }) => id));
    worst = Math.max(worst, page.rowsRead);
    cursor = page.previous;
  }
  return { ids, worst };
}

/** Walks a whole list and says what it held and what its dearest page cost. */
async function walk(query: DeskQuery) {
  const ids: number[] = [];
  let worst = 0;
  let cursor: string | undefined;
  let back: { lastPage: number; cursor: string } | undefined;
  do {
    const page = await pageOf({ ...query, limit: 500, ...(cursor === undefined ? {} : { cursor }) });
    if (page.previous !== null) back = { lastPage: page.keys.length, cursor: page.previous };
    ids.push(...page.keys.map(({ id }) => id));
    worst = Math.max(worst, page.rowsRead);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return { ids, worst, back };
}

describe("the desk over 50,000 keys", () => {
  beforeAll(async () => {
    await emptyPool();
    await seedKeys(LARGE);
    await env.DB.batch([
      env.DB.prepare(
        "update keys set uses = (id * 7919) % 1000, errors = id % 7, last_used_at = id % 5000, last_four = substr('000' || (id % 10000), -4), contributed_at = id",
      ),
      env.DB.prepare(
        "update keys set status = 'retired', reason = iif(id % 3 = 0, 'API_KEY_INVALID', 'CONSUMER_SUSPENDED') where id % 10 = 1",
      ),
      env.DB.prepare("update keys set status = 'withdrawn', ciphertext = null, last_four = '' where id % 1000 = 2"),
      env.DB.prepare("update keys set resting_until = ? where id % 500 = 3").bind(NOW + HOUR_MS),
    ]);
    await coolWhere("id % 250 = 4", "gemini-2.5-flash", NOW + HOUR_MS);
  }, 60_000);
  afterAll(emptyPool, 60_000);

  it.each<[string, DeskQuery, number, number]>([
    ["the first page by id", {}, 50_000, 300],
    ["the ready ones", { status: "active" }, 44_850, 600],
    ["the resting", { status: "resting" }, 100, 800],
    ["the cooling", { status: "cooling" }, 200, 1500],
    ["the retired", { status: "retired" }, 5000, 300],
    ["the withdrawn", { status: "withdrawn" }, 50, 300],
    ["by status", { sort: "status" }, 50_000, 300],
    ["by status, backwards", { sort: "status", order: "desc" }, 50_000, 400],
    ["by last four", { q: "0042" }, 5, 100],
    ["by id", { q: "49999" }, 1, 20],
  ])("%s costs few rows", async (_name, query, total, most) => {
    const page = await pageOf(query);
    expect(page).toMatchObject({ total, totalIsExact: true });
    expect(page.keys).toHaveLength(Math.min(50, total));
    expect(page.rowsRead).toBeLessThan(most);
  });

  it.each<DeskQuery>([{}, { order: "desc" }, { sort: "status" }, { status: "active" }, { status: "retired" }])(
    "no page of %j is dearer than the first",
    async (query) => {
      const { ids, worst } = await walk(query);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toHaveLength((await pageOf(query)).total);
      expect(worst).toBeLessThan(3500);
    },
    120_000,
  );

  it.each<DeskQuery>([
    {},
    { order: "desc" },
    { sort: "status" },
    { sort: "status", order: "desc" },
    { status: "active" },
    { status: "retired" },
  ])(
    "the way back through %j shows the same keys, for the same cost",
    async (query) => {
      const { ids, back } = await walk(query);
      if (back === undefined) throw new Error("there is one page only");
      const backwards = await walkBack(query, back.cursor);
      expect(backwards.ids).toEqual(ids.slice(0, -back.lastPage));
      expect(backwards.worst).toBeLessThan(3500);
    },
    120_000,
  );

  it("the way back holds each key once where many are equal", async () => {
    const query = { sort: "errors", order: "desc", status: "retired" } as const;
    const { ids, back } = await walk(query);
    expect((await walkBack(query, back?.cursor ?? "")).ids).toEqual(ids.slice(0, -(back?.lastPage ?? 0)));
  });

  it("a sort without an index looks at each key twice, and no more", async () => {
    for (const sort of ["uses", "errors", "lastUsed", "contributed"] as const) {
      expect((await pageOf({ sort })).rowsRead).toBeLessThan(2 * LARGE + 200);
    }
  });

  it("a sort is the whole list in order, each key once, also where many are equal", async () => {
    const { results } = await env.DB.prepare(
      "select id from keys where status = 'retired' order by errors desc, id desc",
    ).all<{
      id: number;
    }>();
    const { ids } = await walk({ sort: "errors", order: "desc", status: "retired" });
    expect(ids).toEqual(results.map(({ id }) => id));
  });

  it("by status one status follows the other", async () => {
    const { ids } = await walk({ sort: "status" });
    const states = await env.DB.prepare(
      `select group_concat(distinct iif(resting_until is null, status, 'resting')) as states
       from (select keys.* from json_each(?) listed join keys on keys.id = listed.value order by listed.key)`,
    )
      .bind(JSON.stringify(ids))
      .first("states");
    expect(states).toBe("active,resting,retired,withdrawn");
  });
});

describe("work on 50,000 keys", () => {
  beforeEach(async () => {
    await emptyPool();
    await seedKeys(LARGE);
  }, 60_000);
  afterAll(emptyPool, 60_000);

  /** Does a whole work as an operator's client would, and says what its dearest call cost. */
  async function workThrough(
    action: "cool" | "retire" | "restore" | "delete",
    selection: Parameters<Pool["desk"]["step"]>[1],
  ) {
    const desk = openDesk();
    let done = 0;
    let asked = 0;
    let calls = 0;
    let statements = 0;
    let rowsRead = 0;
    let after: string | undefined;
    do {
      d1.takeTrips();
      const step = await desk.step(action, selection, after, 500);
      if (step === undefined) throw new Error("the cursor was refused");
      done += (await desk.act(action, step.ids, HOUR_MS)).length;
      asked += step.ids.length;
      const trips = d1.takeTrips();
      statements = Math.max(statements, trips.flatMap(({ sql }) => sql).length);
      rowsRead = Math.max(
        rowsRead,
        trips.reduce((sum, trip) => sum + trip.rowsRead, 0),
      );
      calls += 1;
      expect(step.total).toBe(LARGE);
      after = step.next ?? undefined;
    } while (after !== undefined);
    return { done, asked, calls, statements, rowsRead };
  }

  it("retires, restores, cools and deletes them in a hundred calls of a few statements each", async () => {
    const within = { done: LARGE, asked: LARGE, calls: 100 };
    for (const action of ["retire", "restore", "cool", "delete"] as const) {
      const spent = await workThrough(action, { filter: {} });
      expect(spent).toMatchObject(within);
      expect(spent.statements).toBeLessThan(10);
      expect(spent.rowsRead).toBeLessThan(10_000);
      expect(await storedTotals()).toEqual(await countedTotals());
    }
    expect(await env.DB.prepare("select count(*) as n from keys where status = 'deleted'").first("n")).toBe(LARGE);
  }, 120_000);

  it.each<[string, string]>([
    ["cooling", "insert into coolings (key_id, model, until, kind) select id, 'm', 9e15, 'quota_day' from keys"],
    ["resting", "update keys set resting_until = 9e15"],
  ])("on all that are %s looks at each a few times, not at all of them in each call", async (status, sql) => {
    await env.DB.prepare(sql).run();
    // Of those that are something else it takes none.
    await env.DB.prepare("update keys set status = 'retired' where id % 2 = 1").run();
    const desk = openDesk();
    const filter = { status: status as "cooling" | "resting" };
    const ids: number[] = [];
    let after: string | undefined;
    d1.takeTrips();
    do {
      const step = await desk.step("retire", { filter }, after, 500);
      ids.push(...(step?.ids ?? []));
      after = step?.next ?? undefined;
    } while (after !== undefined);
    expect(ids).toEqual(Array.from({ length: LARGE / 2 }, (_, index) => 2 * index + 2));
    expect(d1.takeTrips().reduce((sum, trip) => sum + trip.rowsRead, 0)).toBeLessThan(8 * LARGE);
  });

  it("leaves alone who joins while it goes on", async () => {
    const desk = openDesk();
    const first = await desk.step("retire", { filter: { status: "active" } }, undefined, 500);
    await env.DB.prepare(
      `insert into keys (id, fingerprint, ciphertext, last_four, status, status_changed_at, contributed_at, last_seen_at)
       values (?, 'late', 'sealed', 'late', 'active', 0, 0, 0)`,
    )
      .bind(LARGE + 1)
      .run();
    const seen = new Set(first?.ids);
    for (let next = first?.next ?? null; next !== null;) {
      const step = await desk.step("retire", { filter: { status: "active" } }, next, 500);
      step?.ids.forEach((id) => seen.add(id));
      next = step?.next ?? null;
    }
    expect(seen.size).toBe(LARGE);
    expect(seen.has(LARGE + 1)).toBe(false);
  });
});

describe("the counts of the overview", () => {
  let now = NOW;
  const desk = openDesk(() => now);
  const rowsOf = async () => {
    d1.takeTrips();
    const counts = await desk.counts();
    return { counts, rowsRead: d1.takeTrips().reduce((sum, trip) => sum + trip.rowsRead, 0) };
  };

  beforeAll(async () => {
    await emptyPool();
    await seedKeys(LARGE);
    await env.DB.prepare("update keys set resting_until = 9e15 where id % 50 = 0").run();
    await coolWhere("1", "gemini-2.5-flash", 9e15);
  }, 60_000);
  afterAll(emptyPool, 60_000);

  it("read all that cools and rests twice a minute, however often the operator looks", async () => {
    const counts = { active: 49_000, resting: 1000, cooling: LARGE, retired: 0, withdrawn: 0 };
    const first = await rowsOf();
    expect(first.counts).toEqual(counts);
    expect(first.rowsRead).toBeGreaterThan(LARGE);
    for (; now < NOW + 29_000; now += 7000) {
      expect(await rowsOf()).toEqual({ counts, rowsRead: expect.toSatisfy((rows: number) => rows < 5) });
    }
    now = NOW + 30_000;
    expect((await rowsOf()).rowsRead).toBeGreaterThan(LARGE);
    now = NOW;
    // A clock that was set back does not make them last.
    expect((await rowsOf()).rowsRead).toBeGreaterThan(LARGE);
  });

  it("show the operator's own work at once, and retired keys as they are", async () => {
    await rowsOf();
    await env.DB.prepare("update keys set status = 'retired', reason = 'API_KEY_INVALID' where id = 1").run();
    expect((await rowsOf()).counts).toMatchObject({ active: 48_999, retired: 1 });
    expect(await desk.act("cool", [2, 3], HOUR_MS)).toEqual([2, 3]);
    expect((await rowsOf()).counts).toMatchObject({ active: 48_997, resting: 1002 });
  });

  it("take no count into memory that was begun before the operator's work", async () => {
    now += 60_000;
    const held = Promise.withResolvers<void>();
    d1.gate = held.promise;
    const looking = desk.counts();
    d1.gate = undefined;
    await desk.act("cool", [4], HOUR_MS);
    held.resolve();
    await looking;
    const { counts, rowsRead } = await rowsOf();
    expect(rowsRead).toBeGreaterThan(LARGE);
    expect(counts).toMatchObject({ resting: 1003 });
  });
});

describe("what counters write late about erased keys", () => {
  beforeEach(async () => {
    await emptyPool();
    await seedKeys(LARGE);
  }, 60_000);
  afterAll(emptyPool, 60_000);

  const counted = async () =>
    (await env.DB.prepare("select key_id from key_models order by key_id").all<{ key_id: number }>()).results;

  it("is gone within a day, by steps of few rows; what is known of others stays", async () => {
    await env.DB.batch([
      env.DB.prepare("update keys set status = 'deleted' where id % 500 <> 0"),
      env.DB.prepare(
        "insert into key_models (key_id, model, last_at) select id, 'm', 1 from keys where id % 250 = 0 or id in (1, 49999)",
      ),
    ]);
    let now = NOW;
    const desk = openDesk(() => now);
    d1.takeTrips();
    for (let run = 0; run < 288; run++, now += 300_000) await desk.sweepErased();
    expect((await counted()).map(({ key_id: id }) => id)).toEqual(
      Array.from({ length: 100 }, (_, index) => (index + 1) * 500),
    );
    for (const { rowsRead } of d1.takeTrips()) expect(rowsRead).toBeLessThan(600);
  });
});
