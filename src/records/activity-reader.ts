import { HOUR_MS, SPAN_MS, type ActivityCell, type ActivityTable } from "../db/activity.ts";
import type { KeyCountRow, KeyCountTable } from "../db/key-counts.ts";
import { reportActivity, type ActivityReport } from "./activity-report.ts";
import { RANGES, startOf, stepsOf, type Range } from "./spans.ts";

/** How old a report may be. */
const REPORT_TTL_MS = 30_000;

/** After this, counts of a span that ended hardly come any more: it is not read again. */
const SETTLED_MS = 3 * SPAN_MS;

/** What was read at one time, and what it says of all models. */
interface Look {
  at: number;
  cells: ActivityCell[];
  counts: KeyCountRow[];
  report: ActivityReport;
}

/**
 * Reads what the charts show. The day's chart is public, so a look at it must not read the whole day each time: an
 * isolate keeps the steps that have settled, and reads again from the first that has not.
 */
export class ActivityReader {
  readonly #activity: Pick<ActivityTable, "read">;
  readonly #keyCounts: Pick<KeyCountTable, "read">;
  readonly #looks = new Map<Range, Look>();
  readonly #settled = new Map<Range, ActivityCell[]>();
  readonly #settledBefore = new Map<Range, number>();

  constructor(activity: Pick<ActivityTable, "read">, keyCounts: Pick<KeyCountTable, "read">) {
    this.#activity = activity;
    this.#keyCounts = keyCounts;
  }

  /** Of one model, or (null) of all. */
  async report(range: Range, model: string | null, now: number): Promise<ActivityReport> {
    const look = await this.#look(range, now);
    if (model === null) return look.report;
    return reportActivity(range, look.at, look.cells, look.counts, model);
  }

  async #look(range: Range, now: number): Promise<Look> {
    const known = this.#looks.get(range);
    if (known !== undefined && now - known.at < REPORT_TTL_MS && now >= known.at) return known;
    const from = stepsOf(range, now)[0] ?? now;
    const [cells, counts] = await Promise.all([
      this.#read(range, from, now),
      this.#keyCounts.read(startOf(from, HOUR_MS)),
    ]);
    const look = { at: now, cells, counts, report: reportActivity(range, now, cells, counts) };
    this.#looks.set(range, look);
    return look;
  }

  async #read(range: Range, from: number, now: number): Promise<ActivityCell[]> {
    const { stepMs } = RANGES[range];
    const kept = (this.#settled.get(range) ?? []).filter(({ startAt }) => startAt >= from);
    const readFrom = Math.max(from, this.#settledBefore.get(range) ?? 0);
    const cells = [...kept, ...(await this.#activity.read(readFrom, stepMs))];
    const settledBefore = startOf(now - SETTLED_MS, stepMs);
    this.#settled.set(
      range,
      cells.filter(({ startAt }) => startAt < settledBefore),
    );
    this.#settledBefore.set(range, settledBefore);
    return cells;
  }
}
