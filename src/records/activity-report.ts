/** Makes what the charts show of the sums that were read. Pure: no I/O, no clock. */

import { ACTIVITY_COUNTS, type ActivityCell, type ActivityCounts } from "../db/activity.ts";
import type { KeyCountRow } from "../db/key-counts.ts";
import { RANGES, startOf, stepsOf, type Range } from "./spans.ts";

interface Shown {
  requests: number;
  served: number;
  callerFaults: number;
  retries: number;
  meanLatencyMs: number | null;
}

export interface ActivityReport {
  range: Range;
  stepMs: number;
  /** The one model that `points` and `total` tell of; null: all. */
  model: string | null;
  /** One for each step, the oldest first; the last step is under way. */
  points: (Shown & { at: number; servedByPool: number })[];
  /** The busiest first. */
  models: (Shown & { model: string })[];
  /** Counted once an hour; a step without a count is left out. */
  keys: { at: number; active: number; cooling: number; retired: number }[];
  /** `successRate`: served, of what callers did not spoil themselves; null if nothing was left. */
  total: Shown & { servedByPool: number; successRate: number | null };
}

export function reportActivity(
  range: Range,
  now: number,
  cells: readonly ActivityCell[],
  counts: readonly KeyCountRow[],
  model: string | null = null,
): ActivityReport {
  const { stepMs } = RANGES[range];
  const steps = stepsOf(range, now);
  const shown = cells.filter(({ startAt }) => startAt >= (steps[0] ?? 0));
  const chosen = model === null ? shown : shown.filter((cell) => cell.model === model);
  const byStep = Map.groupBy(chosen, ({ startAt }) => startAt);
  const byModel = Map.groupBy(shown, (cell) => cell.model);
  return {
    range,
    stepMs,
    model,
    points: steps.map((at) => {
      const sum = sumOf(byStep.get(at) ?? []);
      return { at, ...show(sum), servedByPool: sum.servedByPool };
    }),
    models: [...byModel]
      .map(([name, ofModel]) => ({ model: name, ...show(sumOf(ofModel)) }))
      .toSorted((one, other) => other.requests - one.requests || (one.model < other.model ? -1 : 1)),
    keys: lastOfEachStep(counts, stepMs),
    total: totalOf(sumOf(chosen)),
  };
}

function totalOf(sum: ActivityCounts): ActivityReport["total"] {
  const blameless = sum.requests - sum.callerFaults;
  return {
    ...show(sum),
    servedByPool: sum.servedByPool,
    successRate: blameless > 0 ? sum.served / blameless : null,
  };
}

function show({ requests, served, callerFaults, retries, latencyMs }: ActivityCounts): Shown {
  const meanLatencyMs = requests === 0 ? null : Math.round(latencyMs / requests);
  return { requests, served, callerFaults, retries, meanLatencyMs };
}

function sumOf(cells: readonly ActivityCounts[]): ActivityCounts {
  const sum = Object.fromEntries(ACTIVITY_COUNTS.map((name) => [name, 0])) as ActivityCounts;
  for (const cell of cells) for (const name of ACTIVITY_COUNTS) sum[name] += cell[name];
  return sum;
}

function lastOfEachStep(counts: readonly KeyCountRow[], stepMs: number): ActivityReport["keys"] {
  const lengthMs = Math.max(stepMs, RANGES.day.stepMs);
  const byStep = new Map(counts.map((count) => [startOf(count.startAt, lengthMs), count]));
  return [...byStep].map(([at, { active, cooling, retired }]) => ({ at, active, cooling, retired }));
}
