import { LIMIT, MAIN } from "./plan.ts";
import { round as cut } from "./statistics.ts";
import { ceilingOf, worstOf, type Comparison, type Results } from "./summary.ts";
import type { LargeStream } from "./streams.ts";
import { table, type Cell } from "./table.ts";

/** The rates that the targets for a busy isolate are judged at: the slower ones cannot be warm. */
const STEADY_PER_SECOND = 50;

/** The report, for the terminal and for docs/performance.md alike. */
export function toMarkdown(results: Results): string {
  return [
    `Run of ${results.at.slice(0, 16).replace("T", " ")} UTC (${results.plan}) on ${results.machine}. ` +
      `${results.rounds.length} rounds, ${results.failures} failed requests.`,
    table(["target", "wanted", "measured", ""], targets(results)),
    "Against the bare pass-through (medians of paired rounds; CPU of the workerd process for each request):",
    table(
      ["", "connections", "throughput", "CPU ratio", "CPU µs", "limit's CPU µs", "median ms", "added ms"],
      results.comparisons.filter(({ contestant }) => contestant !== LIMIT).map(comparisonRow),
    ),
    `At a steady rate, 30 ms to D1, after a few seconds of warming:`,
    table(
      [
        "req/s",
        "callers",
        "requests",
        "waited for no D1",
        "before fetch, median / p99 ms",
        "D1 queries",
        "rows read",
        "rows written",
        "free plan carries a day",
      ],
      results.awaited.map(({ ratePerSecond, callers, requests, withoutWaiting, beforeFetchMs, d1 }) => [
        ratePerSecond,
        callers,
        requests,
        percent(withoutWaiting),
        `${cut(beforeFetchMs.median)} / ${cut(beforeFetchMs.p99)}`,
        cut(d1.queries, 3),
        cut(d1.rowsRead, 2),
        cut(d1.rowsWritten, 3),
        ceilingText(d1),
      ]),
    ),
    table(
      ["50 MiB stream", "identical", "MiB/s", "memory before", "peak", "after"],
      [
        ["pass-through", ...largeRow(results.streams.large.limit)],
        ["Potluck", ...largeRow(results.streams.large.potluck)],
      ],
    ),
  ].join("\n\n");
}

function targets(results: Results): Cell[][] {
  const at = (connections: number, mode = "unary") =>
    results.comparisons.find(
      (line) => line.contestant === MAIN && line.connections === connections && line.mode === mode,
    );
  const { awaited, streams, fixedRate, busyD1 } = results;
  const ceiling = Math.min(...awaited.map(({ d1 }) => ceilingOf(d1).requestsADay));
  const steady = worstOf(awaited.filter(({ ratePerSecond }) => ratePerSecond >= STEADY_PER_SECOND));
  const steadily = `worst of ≥ ${STEADY_PER_SECOND} req/s`;
  const added = (way: "limit" | "potluck") => cut(streams.firstByteMs[way] - streams.firstByteMs.direct, 3);
  const line = (name: string, wanted: string, value: number | undefined, met: boolean): Cell[] => [
    name,
    wanted,
    value === undefined ? "not measured" : value,
    value === undefined ? "" : met ? "met" : "**missed**",
  ];
  const most = (name: string, bound: number, value: number | undefined, digits = 2) =>
    line(
      name,
      `≤ ${bound}`,
      value === undefined ? undefined : cut(value, digits),
      value !== undefined && value <= bound,
    );
  const least = (name: string, bound: number, value: number | undefined, digits = 2) =>
    line(
      name,
      `≥ ${bound}`,
      value === undefined ? undefined : cut(value, digits),
      value !== undefined && value >= bound,
    );
  return [
    least("throughput, 64 connections", 0.75, at(64)?.throughputRatio),
    most("CPU ratio, 64 connections", 1.5, at(64)?.cpuRatio),
    most("CPU ratio, 16 connections", 1.5, at(16)?.cpuRatio),
    most("CPU ratio, SSE, 64 connections", 1.5, at(64, "sse")?.cpuRatio),
    most("added median at 1 connection, ms", 0.25, at(1)?.addedMedianMs, 3),
    least(`requests that waited for no D1, ${steadily}`, 0.99, steady?.withoutWaiting, 4),
    most(`D1 queries a request, ${steadily}`, 0.08, steady?.queries, 3),
    most("D1 queries a request, closed loop", 0.08, busyD1.queries, 3),
    most(`rows read a request, ${steadily}`, 3, steady?.rowsRead),
    most("rows read a request, closed loop", 3, busyD1.rowsRead),
    most(`rows written a request, ${steadily}`, 0.25, steady?.rowsWritten, 3),
    most("rows written a request, closed loop", 0.25, busyD1.rowsWritten, 3),
    ...results.delayEffectMs.map(({ connections, ms }) =>
      most(
        `median with 30 ms to D1 minus without, ${connections} connections`,
        1,
        Number.isNaN(ms) ? undefined : ms,
        3,
      ),
    ),
    most("SSE: first byte through Potluck, ms (median)", 1, added("potluck"), 3),
    line(
      "SSE: 50 MiB identical, memory grown by (MiB)",
      "≤ 16",
      cut(streams.large.potluck.peakMiB - streams.large.potluck.beforeMiB, 1),
      streams.large.potluck.identical && streams.large.potluck.peakMiB - streams.large.potluck.beforeMiB <= 16,
    ),
    line("free plan, requests a day, worst of the steady rates", "≥ 100000", ceiling, ceiling >= 100_000),
    [
      `p99 at ${fixedRate.ratePerSecond} req/s, ms`,
      `pass-through ${cut(fixedRate.limitP99Ms)}`,
      cut(fixedRate.potluckP99Ms),
      "",
    ],
    ["SSE: first byte through the pass-through, ms", "", added("limit"), ""],
  ];
}

function comparisonRow(line: Comparison): Cell[] {
  return [
    `${line.contestant}, ${line.mode}`,
    line.connections,
    cut(line.throughputRatio),
    cut(line.cpuRatio),
    cut(line.cpuUs, 0),
    cut(line.limitCpuUs, 0),
    cut(line.medianMs, 3),
    cut(line.addedMedianMs, 3),
  ];
}

function largeRow({ identical, mibPerSecond, beforeMiB, peakMiB, afterMiB }: LargeStream): Cell[] {
  return [identical ? "yes" : "**no**", cut(mibPerSecond, 0), cut(beforeMiB, 1), cut(peakMiB, 1), cut(afterMiB, 1)];
}

function ceilingText(d1: Parameters<typeof ceilingOf>[0]): string {
  const { requestsADay, boundBy } = ceilingOf(d1);
  return `${requestsADay} (${boundBy})`;
}

const percent = (share: number) => `${cut(share * 100, 2)} %`;
