import { HOUR_MS, SPAN_MS } from "../db/activity.ts";

/** What the charts show. */
export type Range = "hour" | "day" | "week" | "month";

export const DAY_MS = 24 * HOUR_MS;

export const RANGES: Readonly<Record<Range, { stepMs: number; steps: number }>> = {
  hour: { stepMs: SPAN_MS, steps: 12 },
  day: { stepMs: HOUR_MS, steps: 24 },
  week: { stepMs: 6 * HOUR_MS, steps: 28 },
  month: { stepMs: DAY_MS, steps: 30 },
};

/** The beginning of the span of `lengthMs` that `at` lies in. */
export function startOf(at: number, lengthMs: number): number {
  return at - (at % lengthMs);
}

/** The beginnings of the range's steps, the one under way included. */
export function stepsOf(range: Range, now: number): number[] {
  const { stepMs, steps } = RANGES[range];
  const last = startOf(now, stepMs);
  return Array.from({ length: steps }, (_, index) => last - (steps - 1 - index) * stepMs);
}
