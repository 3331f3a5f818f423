import { expect, test } from "vitest";
import type { Awaited } from "../../bench/awaited.ts";
import { toMarkdown } from "../../bench/markdown.ts";
import type { Results } from "../../bench/summary.ts";

const d1 = { roundTrips: 0.03, queries: 0.04, rowsRead: 1.5, rowsWritten: 0.15 };
const stream = { identical: true, mibPerSecond: 200, beforeMiB: 100, peakMiB: 101, afterMiB: 101 };

const steady = (more: Partial<Awaited>): Awaited => ({
  ratePerSecond: 50,
  callers: 1,
  requests: 1000,
  withoutWaiting: 1,
  withoutOwnTrip: 1,
  beforeFetchMs: { median: 0, p99: 1 },
  d1,
  ...more,
});

/** The row of the targets that begins with this, without its spaces. */
function target(name: string, more: Partial<Results>): string[] | undefined {
  const report = toMarkdown({
    at: "2026-11-21T12:00:00.000Z",
    machine: "some machine",
    plan: "quick",
    rounds: [],
    comparisons: [],
    delayEffectMs: [],
    awaited: [],
    busyD1: d1,
    fixedRate: { ratePerSecond: 200, limitP99Ms: 1, potluckP99Ms: 1, limitMedianMs: 1, potluckMedianMs: 1 },
    streams: { firstByteMs: { direct: 1, limit: 1, potluck: 1 }, large: { limit: stream, potluck: stream } },
    failures: 0,
    ...more,
  });
  const line = report.split("\n").find((text) => text.startsWith(`| ${name}`));
  return line?.split("|").map((cell) => cell.trim());
}

test("a target for steady rates is missed where the worst of them misses it", () => {
  const awaited = [steady({}), steady({ callers: 50, withoutWaiting: 0.9868, d1: { ...d1, queries: 0.09 } })];
  expect(target("requests that waited for no D1", { awaited })).toEqual(
    expect.arrayContaining(["0.9868", "**missed**"]),
  );
  expect(target("D1 queries a request, worst", { awaited })).toEqual(expect.arrayContaining(["0.09", "**missed**"]));
  expect(target("rows read a request, worst", { awaited })).toEqual(expect.arrayContaining(["1.5", "met"]));
});

test("a rate too slow to keep an isolate warm does not count, and without any other nothing is claimed", () => {
  const slow = steady({ ratePerSecond: 1, withoutWaiting: 0.9 });
  expect(target("requests that waited for no D1", { awaited: [steady({}), slow] })).toContain("met");
  expect(target("requests that waited for no D1", { awaited: [slow] })).toContain("not measured");
});

test("rows written in the closed loop have their target", () => {
  expect(target("rows written a request, closed loop", {})).toContain("met");
  const busyD1 = { ...d1, rowsWritten: 0.3 };
  expect(target("rows written a request, closed loop", { busyD1 })).toContain("**missed**");
});
