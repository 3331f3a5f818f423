import { beforeEach, describe, expect, it } from "vitest";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { DAY, emptyRecords, HOUR, MIDNIGHT, MINUTE, openRecords, storedActivity } from "../support/records-table.ts";

beforeEach(emptyRecords);

describe("what is counted of requests", () => {
  it("is gathered, and written as one row a model and five minutes", async () => {
    const { answer, flush, state } = openRecords();
    answer({ attempts: 3, ms: 700 });
    answer({ servedBy: "own", ms: 300 });
    answer({ status: 429, servedBy: "own" });
    answer({ status: 400, servedBy: "own", callerFault: true });
    answer({ model: "gemini-2.5-pro", ms: 60_000 });
    expect(state.flushes).toBe(5);
    expect(await storedActivity()).toEqual([]);
    expect((await flush()).statements).toBe(1);
    const at = { span: 5 * MINUTE, start_at: MIDNIGHT };
    expect(await storedActivity()).toMatchObject([
      {
        ...at,
        model: "gemini-2.5-flash",
        requests: 4,
        served: 2,
        served_by_pool: 1,
        caller_faults: 1,
        retries: 2,
        latency_ms: 1800,
        within_500: 3,
        within_1000: 4,
        within_30000: 4,
      },
      { ...at, model: "gemini-2.5-pro", requests: 1, latency_ms: 60_000, within_500: 0, within_30000: 0 },
    ]);
  });

  it("costs a request no query", async () => {
    const d1 = new FaultyD1();
    const { answer, fail, flush } = openRecords(d1.binding);
    answer({}, 1000);
    fail({}, 1000);
    expect(d1.takeTrips()).toEqual([]);
    await flush();
    expect(d1.takeTrips()).toHaveLength(1);
  });

  it("by several isolates, and in several flushes, adds up", async () => {
    const [one, other] = [openRecords(), openRecords()];
    one.answer({}, 2);
    other.answer({}, 3);
    await one.flush();
    await other.flush();
    one.answer({}, 4);
    await one.flush();
    expect(await storedActivity()).toMatchObject([{ requests: 9, served: 9, latency_ms: 3600 }]);
  });

  it("belongs to the span that it happened in, to the millisecond", async () => {
    const { answer, flush, state } = openRecords();
    state.now = MIDNIGHT + 5 * MINUTE - 1;
    answer({}, 2);
    state.now = MIDNIGHT + 5 * MINUTE;
    answer({}, 3);
    await flush();
    expect((await storedActivity()).map((row) => [row.start_at - MIDNIGHT, row.requests])).toEqual([
      [0, 2],
      [5 * MINUTE, 3],
    ]);
  });

  it("goes on counting when the clock steps back", async () => {
    const { answer, flush, state } = openRecords();
    state.now = MIDNIGHT + HOUR;
    answer();
    state.now = MIDNIGHT;
    answer();
    await flush();
    expect((await storedActivity()).reduce((sum, { requests }) => sum + requests, 0)).toBe(2);
  });

  it("waits while no row may be written, and costs no more than the budget", async () => {
    const { answer, flush, state } = openRecords();
    for (const model of ["gemini-a", "gemini-b", "gemini-c"]) answer({ model }, 2);
    expect(await flush(0)).toMatchObject({ statements: 0 });
    state.now += 5 * MINUTE;
    answer({ model: "gemini-a" }, 5);
    expect((await flush(2)).written).toBe(2);
    expect((await flush(2)).written).toBe(2);
    expect((await flush(2)).statements).toBe(0);
    const rows = await storedActivity();
    expect(rows.map(({ model, requests }) => [model, requests])).toEqual([
      ["gemini-a", 2],
      ["gemini-b", 2],
      ["gemini-c", 2],
      ["gemini-a", 5],
    ]);
  });

  it("of the span under way waits for half of it where rows are few, and is not lost", async () => {
    const { answer, fail, flush, state } = openRecords();
    answer();
    expect((await flush(2)).written).toBe(1);
    for (let at = 0; at < 14; at++) {
      state.now += 10_000;
      answer();
      expect((await flush(2)).written).toBe(0);
    }
    state.now += 10_000;
    fail();
    expect((await flush(2)).written).toBe(2);
    answer({}, 3);
    expect((await flush(4)).written).toBe(1);
    expect(await storedActivity()).toMatchObject([{ requests: 18 }]);
  });

  it("comes before failures: what waits keeps its rows", async () => {
    const { answer, fail, flush } = openRecords();
    for (const model of ["gemini-a", "gemini-b", "gemini-c"]) answer({ model });
    fail({}, 5);
    expect((await flush(2)).written).toBe(0);
    expect((await flush(4)).written).toBe(4);
    expect(await storedActivity()).toHaveLength(3);
  });

  it("loses the minute but neither the hour nor a request where rows are very few", async () => {
    const { answer, flush, state } = openRecords();
    for (let at = 0; at < 24; at++) {
      state.now = MIDNIGHT + at * 5 * MINUTE;
      answer({ ms: 100, attempts: 2 }, 2);
      await flush(0);
    }
    state.now += 5 * MINUTE;
    expect((await flush(10)).written).toBe(2);
    expect(await storedActivity()).toMatchObject(
      [0, 1].map((hour) => ({
        start_at: MIDNIGHT + hour * HOUR,
        requests: 24,
        retries: 24,
        latency_ms: 2400,
        within_500: 24,
      })),
    );
  });

  it("does not pile up without end while nobody writes it", async () => {
    const { answer, flush, state } = openRecords();
    for (let at = 0; at < 2000; at++) {
      state.now = MIDNIGHT + at * HOUR;
      answer();
    }
    await flush(10_000);
    const rows = await storedActivity();
    expect(rows).toHaveLength(501);
    expect(rows.at(-1)?.start_at).toBe(state.now);
  });
});

describe("models", () => {
  it("that callers invent do not grow the table", async () => {
    const { answer, flush } = openRecords();
    for (let at = 0; at < 500; at++) answer({ model: `invented-${at}`, status: 404, callerFault: true });
    answer({ model: "AIzaSyKeyWhereAModelShouldBe00000000000", status: 200 });
    answer({ model: undefined });
    answer({ model: "<script>alert(1)</script>", status: 200 });
    await flush();
    expect(await storedActivity()).toMatchObject([{ model: "other", requests: 503 }]);
  });

  it("that Google serves have rows of their own from then on, failures too", async () => {
    const { answer, flush, state } = openRecords();
    answer({ status: 503 });
    answer();
    answer({ status: 503 });
    state.now += HOUR;
    answer({ status: 503 });
    await flush();
    expect((await storedActivity()).map(({ model, requests, served }) => [model, requests, served])).toEqual([
      ["gemini-2.5-flash", 2, 1],
      ["other", 1, 0],
      ["gemini-2.5-flash", 1, 0],
    ]);
  });

  it("are 64 in a span at most, however many Google serves", async () => {
    const { answer, flush, state } = openRecords();
    for (let at = 0; at < 1000; at++) answer({ model: `gemini-${at}` });
    state.now += 5 * MINUTE;
    for (let at = 0; at < 1000; at++) answer({ model: `gemini-${999 - at}` });
    await flush(1000);
    const rows = await storedActivity();
    for (const start of [MIDNIGHT, MIDNIGHT + 5 * MINUTE]) {
      const ofSpan = rows.filter(({ start_at }) => start_at === start);
      expect(ofSpan.length).toBeLessThanOrEqual(65);
      expect(ofSpan.reduce((sum, { requests }) => sum + requests, 0)).toBe(1000);
    }
  });
});

describe("the activity of a range", () => {
  it.each([
    ["hour", 12, 5 * MINUTE],
    ["day", 24, HOUR],
    ["week", 28, 6 * HOUR],
    ["month", 30, DAY],
  ] as const)("%s has %i steps, the empty ones with zeros", async (range, steps, stepMs) => {
    const { records, state } = openRecords();
    state.now = MIDNIGHT + 100;
    const report = await records.activity(range);
    expect(report).toMatchObject({ range, stepMs, models: [], keys: [] });
    expect(report.points.map(({ at }) => at)).toEqual(
      Array.from({ length: steps }, (_, index) => MIDNIGHT - (steps - 1 - index) * stepMs),
    );
    const nothing = { requests: 0, served: 0, servedByPool: 0, callerFaults: 0, retries: 0, meanLatencyMs: null };
    for (const point of report.points) expect(point).toMatchObject(nothing);
    expect(report.total).toEqual({ ...nothing, successRate: null });
  });

  it("shows what happened when, in sum and by model, the busiest first", async () => {
    const { records, answer, flush, state } = openRecords();
    state.now = MIDNIGHT + 10 * HOUR;
    answer({ ms: 100 }, 2);
    state.now += HOUR;
    answer({ model: "gemini-2.5-pro", ms: 1000, attempts: 2 }, 3);
    answer({ model: "gemini-2.5-pro", status: 429, servedBy: "own", ms: 0 });
    answer({ model: "gemini-2.5-pro", status: 400, servedBy: "own", ms: 0, callerFault: true });
    await flush();
    const report = await records.activity("day");
    expect(report.points.filter(({ requests }) => requests > 0)).toEqual([
      {
        at: MIDNIGHT + 10 * HOUR,
        requests: 2,
        served: 2,
        servedByPool: 2,
        callerFaults: 0,
        retries: 0,
        meanLatencyMs: 100,
      },
      {
        at: MIDNIGHT + 11 * HOUR,
        requests: 5,
        served: 3,
        servedByPool: 3,
        callerFaults: 1,
        retries: 3,
        meanLatencyMs: 600,
      },
    ]);
    expect(report.models.map(({ model, requests }) => [model, requests])).toEqual([
      ["gemini-2.5-pro", 5],
      ["gemini-2.5-flash", 2],
    ]);
    // Five of the six that no caller spoilt.
    expect(report.total).toMatchObject({ requests: 7, served: 5, successRate: 5 / 6 });
  });

  it("leaves out what is older, by a millisecond", async () => {
    const { records, answer, flush, state } = openRecords();
    state.now = MIDNIGHT - 1;
    answer({}, 3);
    state.now = MIDNIGHT;
    answer({}, 2);
    state.now = MIDNIGHT + 24 * HOUR - 1;
    await flush();
    expect((await records.activity("day")).total.requests).toBe(2);
  });

  it("is remembered for half a minute, then read again from where it may have changed", async () => {
    const d1 = new FaultyD1();
    const { records, answer, flush, state } = openRecords(d1.binding);
    for (let hour = 0; hour < 24; hour++) {
      state.now = MIDNIGHT + hour * HOUR;
      answer();
      state.now += 30 * MINUTE;
      answer();
    }
    await flush();
    d1.takeTrips();
    expect((await records.activity("day")).total.requests).toBe(48);
    const first = d1.takeTrips().reduce((sum, { rowsRead }) => sum + rowsRead, 0);
    answer();
    await flush();
    d1.takeTrips();
    state.now += 29_999;
    expect((await records.activity("day")).total.requests).toBe(48);
    expect(d1.takeTrips()).toEqual([]);
    state.now += 1;
    expect((await records.activity("day")).total.requests).toBe(49);
    const second = d1.takeTrips().reduce((sum, { rowsRead }) => sum + rowsRead, 0);
    expect(second).toBeLessThan(first / 5);
    state.now += HOUR;
    expect((await records.activity("day")).points.map(({ requests }) => requests)).toEqual([
      ...Array.from({ length: 22 }, () => 2),
      3,
      0,
    ]);
  });

  it("reads no more of a long history than its own", async () => {
    const d1 = new FaultyD1();
    const { records, answer, flush, state } = openRecords(d1.binding);
    for (let at = 0; at < 300; at++) {
      state.now = MIDNIGHT + at * HOUR;
      answer();
    }
    await flush(1000);
    d1.takeTrips();
    expect((await records.activity("hour")).total.requests).toBe(1);
    expect(d1.takeTrips().reduce((sum, { rowsRead }) => sum + rowsRead, 0)).toBeLessThan(30);
  });

  it("is not made up when D1 does not answer", async () => {
    const d1 = new FaultyD1();
    const { records } = openRecords(d1.binding);
    d1.mood = "fails";
    await expect(records.activity("day")).rejects.toThrow("simulated failure");
    d1.mood = "works";
    expect((await records.activity("day")).total.requests).toBe(0);
  });
});

describe("the numbers of one model", () => {
  it("leave the others out of points and total, and keep the list of all", async () => {
    const { records, answer, flush } = openRecords();
    answer({ model: "gemini-2.5-flash" }, 3);
    answer({ model: "gemini-2.5-pro" });
    answer({ model: "gemini-2.5-pro", status: 503, attempts: 4 });
    await flush();
    const pro = await records.activity("day", "gemini-2.5-pro");
    expect(pro).toMatchObject({ model: "gemini-2.5-pro", total: { requests: 2, served: 1, retries: 3 } });
    expect(pro.points.reduce((sum, { requests }) => sum + requests, 0)).toBe(2);
    expect(pro.models.map(({ model, requests }) => [model, requests])).toEqual([
      ["gemini-2.5-flash", 3],
      ["gemini-2.5-pro", 2],
    ]);
    expect((await records.activity("day")).total.requests).toBe(5);
  });

  it("are nothing for a model that nobody asked for, and cost no further look", async () => {
    const d1 = new FaultyD1();
    const { records, answer, flush } = openRecords(d1.binding);
    answer();
    await flush();
    await records.activity("day");
    d1.takeTrips();
    expect((await records.activity("day", "' or 1=1 --")).total).toMatchObject({ requests: 0, successRate: null });
    expect(d1.takeTrips()).toEqual([]);
  });
});
