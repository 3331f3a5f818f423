import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { DAY, emptyRecords, MIDNIGHT, openRecords, storedFailures } from "../support/records-table.ts";

beforeEach(emptyRecords);

/** Failures 1…count a second apart, in one statement. */
async function seedFailures(count: number): Promise<void> {
  await env.DB.prepare(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
     insert into failures (id, at, key_id, model, verdict, status, message)
     select i, ? + i * 1000, i % 7, iif(i % 2, 'gemini-2.5-flash', 'gemini-2.5-pro'), 'quota_day', 429, 'No ' || i from n`,
  )
    .bind(count, MIDNIGHT)
    .run();
}

const idsOf = ({ rows }: { rows: { id: number }[] }) => rows.map(({ id }) => id);

describe("the log of failures", () => {
  it("holds what failed, in one statement a flush", async () => {
    const { records, fail, flush, state } = openRecords();
    fail();
    state.now += 5;
    fail({
      keyId: undefined,
      tokenId: 9,
      model: undefined,
      verdict: { kind: "upstream_down", cause: "timeout" },
      status: undefined,
      words: () => undefined,
    });
    expect(await flush()).toMatchObject({ statements: 1, written: 2 });
    expect(await records.failures({})).toEqual({
      rows: [
        {
          id: 2,
          at: MIDNIGHT + 5,
          keyId: null,
          tokenId: 9,
          model: null,
          verdict: "upstream_down",
          status: null,
          message: null,
        },
        {
          id: 1,
          at: MIDNIGHT,
          keyId: 1,
          tokenId: null,
          model: "gemini-2.5-flash",
          verdict: "quota_day",
          status: 429,
          message: "You exceeded your current quota.",
        },
      ],
      next: null,
    });
  });

  it("keeps markup and SQL as the text that they are", async () => {
    const words = `<img src=x onerror=alert(1)> '); drop table failures; -- "]] %_ \\ \u{1F600}`;
    const { records, fail, flush } = openRecords();
    fail({ words: () => words });
    await flush();
    expect((await records.failures({})).rows).toMatchObject([{ message: words }]);
    expect(idsOf(await records.failures({ text: "'); DROP table" }))).toEqual([1]);
  });

  it("takes no model's name that may hide something else", async () => {
    const { fail, flush } = openRecords();
    fail({ model: "AIzaSyKeyWhereAModelShouldBe00000000000" });
    fail({ model: "my secret is: pudding" });
    fail({ model: "gemini-9-not-there" });
    await flush();
    expect((await storedFailures()).map(({ model }) => model)).toEqual(["other", "other", "gemini-9-not-there"]);
  });

  it("takes 20 failures of the pool a flush, says how many it left out, and asks for no words of those", async () => {
    const { fail, flush, log } = openRecords();
    let asked = 0;
    fail({ words: () => `words ${(asked += 1)}` }, 50);
    await flush();
    expect(await storedFailures()).toHaveLength(20);
    expect(asked).toBe(20);
    expect(log).toEqual([{ event: "records.failures_left_out", fields: { failures: 30 } }]);
    await flush();
    expect(log).toHaveLength(1);
  });

  it("is not crowded out by strangers who fail on purpose", async () => {
    const { fail, flush } = openRecords();
    fail({ keyId: undefined, verdict: { kind: "key_dead", reason: "API_KEY_INVALID", evidence: "certain" } }, 1000);
    fail({ verdict: { kind: "caller_fault" } }, 1000);
    fail({ keyId: 7 }, 3);
    await flush();
    const rows = await storedFailures();
    expect(rows.slice(0, 3).map(({ key_id: id, verdict }) => [id, verdict])).toEqual(
      Array.from({ length: 3 }, () => [7, "quota_day"]),
    );
    expect(rows).toHaveLength(8);
  });

  it("keeps within the rows that may be written; what waits is written later", async () => {
    const { answer, fail, flush } = openRecords();
    answer();
    fail({}, 5);
    expect((await flush(3)).written).toBe(3);
    expect(await storedFailures()).toHaveLength(2);
    await flush(0);
    expect(await storedFailures()).toHaveLength(2);
    await flush();
    expect(await storedFailures()).toHaveLength(5);
  });
});

describe("a search of failures", () => {
  it("pages from the newest to the oldest, each once", async () => {
    await seedFailures(450);
    const { records } = openRecords();
    const pages: number[][] = [];
    let before: number | undefined;
    for (;;) {
      const page = await records.failures({ limit: 200, before });
      pages.push(idsOf(page));
      if (page.next === null) break;
      before = page.next;
    }
    expect(pages.map(({ length }) => length)).toEqual([200, 200, 50]);
    expect(pages.flat()).toEqual(Array.from({ length: 450 }, (_, index) => 450 - index));
  });

  it.each([
    ["a key", { keyId: 3 }, 3],
    ["a model", { model: "gemini-2.5-pro" }, 10],
    ["a key and a model", { keyId: 3, model: "gemini-2.5-pro" }, 1],
    ["a verdict", { verdict: "quota_day" }, 20],
    ["another verdict", { verdict: "busy" }, 0],
    ["a status", { status: 429 }, 20],
    ["another status", { status: 500 }, 0],
    ["a token", { tokenId: 1 }, 0],
    ["a time", { from: MIDNIGHT + 5000, to: MIDNIGHT + 8000 }, 3],
    ["words, whatever the case", { text: "nO 1" }, 11],
    ["a part of the verdict", { text: "QUOTA_" }, 20],
    ["what is a pattern to others", { text: "N% 1" }, 0],
    ["more than a pattern could hold", { text: "No 1".padEnd(5000, "x") }, 0],
  ])("finds by %s", async (_, query, count) => {
    await seedFailures(20);
    expect((await openRecords().records.failures(query)).rows).toHaveLength(count);
  });

  it("looks through a long log in steps of bounded cost", async () => {
    await seedFailures(12_000);
    await env.DB.prepare("update failures set message = 'needle' where id = 7").run();
    const d1 = new FaultyD1();
    const { records } = openRecords(d1.binding);
    let page = await records.failures({ text: "needle" });
    const steps = [page];
    while (page.next !== null) {
      page = await records.failures({ text: "needle", before: page.next });
      steps.push(page);
    }
    expect(steps.map(idsOf)).toEqual([[], [], [7]]);
    for (const { rowsRead } of d1.takeTrips()) expect(rowsRead).toBeLessThan(5100);
  });

  it("without conditions reads hardly more than it shows", async () => {
    await seedFailures(5000);
    const d1 = new FaultyD1();
    await openRecords(d1.binding).records.failures({ limit: 10 });
    expect(d1.takeTrips().reduce((sum, { rowsRead }) => sum + rowsRead, 0)).toBeLessThan(30);
  });

  it("of an empty log is empty, and absurd limits are none", async () => {
    const { records } = openRecords();
    expect(await records.failures({})).toEqual({ rows: [], next: null });
    await seedFailures(300);
    expect(idsOf(await records.failures({ limit: 1e9 }))).toHaveLength(200);
    expect(idsOf(await records.failures({ limit: -5 }))).toHaveLength(1);
    expect(idsOf(await records.failures({ before: 1 }))).toEqual([]);
    expect(idsOf(await records.failures({ before: 1e15, limit: 1 }))).toEqual([300]);
  });
});

describe("the sweep of failures", () => {
  it("forgets those that are older than the days to keep, some at a time", async () => {
    await seedFailures(400);
    const { records, state, settings } = openRecords();
    settings.FAILURES_KEEP_DAYS = 2;
    state.now = MIDNIGHT + 2 * DAY + 350 * 1000;
    await records.sweepFailures();
    expect((await storedFailures())[0]?.id).toBe(301);
    await records.sweepFailures();
    await records.sweepFailures();
    expect((await storedFailures())[0]?.id).toBe(350);
  });

  it("forgets those beyond the rows to keep, as the operator sets them now", async () => {
    await seedFailures(100);
    const { records, settings } = openRecords();
    await records.sweepFailures();
    expect(await storedFailures()).toHaveLength(100);
    settings.FAILURES_KEEP_ROWS = 30;
    await records.sweepFailures();
    expect((await storedFailures()).map(({ id }) => id)).toEqual(Array.from({ length: 30 }, (_, index) => 71 + index));
    settings.FAILURES_KEEP_ROWS = 0;
    await records.sweepFailures();
    expect(await storedFailures()).toEqual([]);
  });

  it("that finds nothing to do reads little of a long log", async () => {
    await seedFailures(10_000);
    const d1 = new FaultyD1();
    await openRecords(d1.binding).records.sweepFailures();
    expect(d1.takeTrips().reduce((sum, { rowsRead }) => sum + rowsRead, 0)).toBeLessThan(10);
  });
});
