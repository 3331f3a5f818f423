import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { coolWhere, emptyPool, seedKeys } from "../support/pool-rows.ts";
import { DAY, emptyRecords, HOUR, MIDNIGHT, MINUTE, openRecords, storedActivity } from "../support/records-table.ts";

beforeEach(async () => {
  await emptyPool();
  await emptyRecords();
});

/** One request in each five minutes of `hours` hours from midnight on. */
async function fill(hours: number, model = "gemini-2.5-flash") {
  const table = openRecords();
  for (let at = 0; at < hours * 12; at++) {
    table.state.now = MIDNIGHT + at * 5 * MINUTE;
    table.answer({ model });
    await table.flush();
  }
  return table;
}

const shapeOf = (rows: Awaited<ReturnType<typeof storedActivity>>) =>
  rows.filter(({ span }) => span > 0).map((row) => [row.span / MINUTE, (row.start_at - MIDNIGHT) / HOUR, row.requests]);

describe("a roll-up", () => {
  it("makes hours of spans that are older than two days, and of no others", async () => {
    const { records, state } = await fill(2);
    state.now = MIDNIGHT + 2 * DAY + HOUR - 1;
    await records.rollUp();
    expect(shapeOf(await storedActivity())).toHaveLength(24);
    state.now += 1;
    await records.rollUp();
    const shape = shapeOf(await storedActivity());
    expect(shape).toHaveLength(13);
    expect(shape.at(-1)).toEqual([60, 0, 12]);
  });

  it("run twice, or by two at once, counts nothing twice", async () => {
    const { records, state } = await fill(2);
    state.now = MIDNIGHT + 3 * DAY;
    await Promise.all([records.rollUp(), records.rollUp()]);
    await records.rollUp();
    expect(shapeOf(await storedActivity())).toEqual([
      [60, 0, 12],
      [60, 1, 12],
    ]);
    expect((await records.sinceEver()).models).toMatchObject([{ requests: 24 }]);
  });

  it("adds what comes late to the hour that is there", async () => {
    const { records, state } = await fill(1);
    state.now = MIDNIGHT + 3 * DAY;
    await records.rollUp();
    const late = openRecords();
    late.answer({}, 5);
    await late.flush();
    await records.rollUp();
    expect(shapeOf(await storedActivity())).toEqual([[60, 0, 17]]);
  });

  it("catches up with weeks in steps", async () => {
    const { records, state } = await fill(30);
    state.now = MIDNIGHT + 20 * DAY;
    await records.rollUp();
    expect(shapeOf(await storedActivity()).filter(([span]) => span === 60)).toHaveLength(6);
    for (let run = 0; run < 5; run++) await records.rollUp();
    expect(shapeOf(await storedActivity())).toEqual(Array.from({ length: 30 }, (_, hour) => [60, hour, 12]));
  });

  it("changes nothing that a chart shows", async () => {
    const { records, state } = await fill(30);
    state.now = MIDNIGHT + 2 * DAY + 5 * HOUR;
    const before = await openAt(state.now).activity("week");
    for (let run = 0; run < 6; run++) await records.rollUp();
    expect(shapeOf(await storedActivity()).some(([span]) => span === 60)).toBe(true);
    expect(await openAt(state.now).activity("week")).toEqual(before);
    expect(before.total.requests).toBe(360);
  });

  it("forgets hours after thirteen months", async () => {
    const { records, state } = await fill(1);
    state.now = MIDNIGHT + 3 * DAY;
    await records.rollUp();
    state.now = MIDNIGHT + 400 * DAY;
    await records.rollUp();
    expect(shapeOf(await storedActivity())).toEqual([[60, 0, 12]]);
    state.now += 1;
    await records.rollUp();
    expect(shapeOf(await storedActivity())).toEqual([]);
    expect((await records.sinceEver()).models).toMatchObject([{ requests: 12 }]);
  });
});

describe("what was counted since ever", () => {
  it("only grows, through roll-ups, deletions and quiet years", async () => {
    const table = openRecords();
    let last = 0;
    let counted = 0;
    for (const wait of [0, MINUTE, HOUR, DAY, 3 * DAY, 2 * HOUR, 500 * DAY, HOUR, 50 * DAY, 10 * MINUTE]) {
      table.state.now += wait;
      table.answer({}, 3);
      table.answer({ model: "gemini-2.5-pro" }, 1);
      counted += 4;
      await table.flush();
      await table.records.rollUp();
      const { models } = await table.records.sinceEver();
      const sum = models.reduce((all, { requests }) => all + requests, 0);
      expect(sum).toBeGreaterThanOrEqual(last);
      expect(sum).toBe(counted);
      last = sum;
    }
  });

  it("costs a scrape few rows, whatever the history", async () => {
    const { state, records } = await fill(60);
    state.now = MIDNIGHT + 60 * HOUR;
    await records.rollUp();
    const d1 = new FaultyD1();
    expect((await openRecords(d1.binding).records.sinceEver()).models).toMatchObject([{ requests: 720 }]);
    expect(d1.takeTrips().reduce((sum, { rowsRead }) => sum + rowsRead, 0)).toBeLessThan(40);
    expect((await storedActivity()).filter(({ span }) => span === 0)).toHaveLength(1);
  });
});

describe("the count of keys", () => {
  it("is taken once an hour: active, cooling once however often, retired, withdrawn", async () => {
    const { records, state } = openRecords();
    state.now = MIDNIGHT + 20 * MINUTE;
    await seedKeys(10);
    await env.DB.batch([
      env.DB.prepare("update keys set status = 'retired' where id > 8"),
      env.DB.prepare("update keys set resting_until = ? where id in (1, 2)").bind(state.now + 1),
      env.DB.prepare("update keys set resting_until = ? where id = 3").bind(state.now),
    ]);
    await coolWhere("id in (2, 4)", "gemini-2.5-flash", state.now + 1);
    await coolWhere("id = 4", "gemini-2.5-pro", state.now + 1);
    await coolWhere("id = 5", "gemini-2.5-pro", state.now);
    await records.countKeys();
    await env.DB.prepare("update keys set status = 'retired' where id > 5").run();
    state.now += 39 * MINUTE;
    await records.countKeys();
    const counted = { active: 8, cooling: 3, retired: 2 };
    expect((await records.activity("day")).keys).toEqual([{ at: MIDNIGHT, ...counted }]);
    expect((await records.sinceEver()).keys).toEqual({ startAt: MIDNIGHT, withdrawn: 0, ...counted });
    state.now += MINUTE;
    await records.countKeys();
    expect((await openAt(state.now).activity("hour")).keys.map(({ active }) => active)).toEqual([8, 5]);
  });

  it("shows the last of each step of a longer range", async () => {
    const { records, state } = openRecords();
    for (let hour = 0; hour < 30; hour++) {
      state.now = MIDNIGHT + hour * HOUR;
      await seedOneMore();
      await records.countKeys();
    }
    expect((await records.activity("month")).keys.map(({ at, active }) => [at, active])).toEqual([
      [MIDNIGHT, 24],
      [MIDNIGHT + DAY, 30],
    ]);
    state.now = MIDNIGHT + 402 * DAY;
    await records.countKeys();
    expect(await env.DB.prepare("select count(*) as rows from key_counts").first("rows")).toBe(1);
  });
});

let seeded = 0;

async function seedOneMore(): Promise<void> {
  seeded += 1;
  await env.DB.prepare(
    `insert into keys (fingerprint, ciphertext, last_four, status, status_changed_at, contributed_at, last_seen_at)
     values (?, 'x', 'abcd', 'active', 0, 0, 0)`,
  )
    .bind(`print ${seeded}`)
    .run();
}

/** The records of an isolate that has read nothing yet. */
function openAt(now: number) {
  const table = openRecords();
  table.state.now = now;
  return table.records;
}
