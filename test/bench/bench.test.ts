import { expect, test } from "vitest";
import { costsByFunction } from "../../bench/inspector.ts";
import type { Round } from "../../bench/rounds.ts";
import { median, quantile } from "../../bench/statistics.ts";
import { ceilingOf, compare } from "../../bench/summary.ts";
import { table } from "../../bench/table.ts";

const round = (contestant: string, perSecond: number, cpuUs: number): Round => ({
  contestant,
  mode: "unary",
  connections: 16,
  requests: 100,
  failures: 0,
  perSecond,
  medianMs: 1,
  p99Ms: 2,
  cpuUs,
});

test("ratios are taken between neighbouring rounds, so a disturbance that hits both counts for neither", () => {
  const calm = [round("pass-through", 1000, 100), round("pool 10", 700, 150)];
  const disturbed = [round("pass-through", 100, 130), round("pool 10", 70, 195)];
  const line = compare([...calm, ...disturbed]).find(({ contestant }) => contestant === "pool 10");
  expect(line?.throughputRatio).toBeCloseTo(0.7);
  expect(line?.cpuRatio).toBeCloseTo(1.5);
});

test("the free plan's ceiling names what binds first", () => {
  expect(ceilingOf({ rowsRead: 3, rowsWritten: 0.2 })).toEqual({ boundBy: "requests", requestsADay: 100_000 });
  expect(ceilingOf({ rowsRead: 3, rowsWritten: 2 })).toEqual({ boundBy: "rows written", requestsADay: 50_000 });
  expect(ceilingOf({ rowsRead: 100, rowsWritten: 0.5 })).toEqual({ boundBy: "rows read", requestsADay: 50_000 });
});

test("a quantile lies between its neighbours", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(quantile([0, 10], 0.25)).toBe(2.5);
  expect(median([])).toBeNaN();
});

test("a function's total holds what it calls, once, even if it calls itself", () => {
  const frame = (functionName: string) => ({ functionName, url: "", lineNumber: 0 });
  const costs = costsByFunction({
    nodes: [
      { id: 1, callFrame: frame("(root)"), children: [2] },
      { id: 2, callFrame: frame("walk"), children: [3] },
      { id: 3, callFrame: frame("walk") },
    ],
    samples: [2, 3, 3],
    timeDeltas: [10, 20, 30],
  });
  expect(costs.find(({ name }) => name.startsWith("walk"))).toMatchObject({ selfUs: 60, totalUs: 60 });
});

test("a table's columns line up", () => {
  expect(table(["a", "long head"], [["longer cell", 1]]).split("\n")).toEqual([
    "| a           | long head |",
    "| ----------- | --------- |",
    "| longer cell | 1         |",
  ]);
});
