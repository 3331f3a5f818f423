import type { Clock } from "../clock.ts";
import { activityTable, HOUR_MS, type ActivityCounts } from "../db/activity.ts";
import { failureTable, SEARCH_WINDOW, type FailureRow } from "../db/failures.ts";
import { keyCountTable, type KeyCountRow } from "../db/key-counts.ts";
import type { Log } from "../log.ts";
import type { ActivityReport } from "./activity-report.ts";
import { ActivityReader } from "./activity-reader.ts";
import { ActivityTally, type Answered } from "./activity-tally.ts";
import { FailureTally, type FailedAttempt } from "./failure-tally.ts";
import { DAY_MS, startOf, type Range } from "./spans.ts";

type Defer = (work: Promise<unknown>) => void;

/** Spans of five minutes become hours after two days; hours and counts of keys are kept for thirteen months. */
const KEEP_SPANS_MS = 2 * DAY_MS;
const KEEP_HOURS_MS = 400 * DAY_MS;

/** What isolates still hold of an hour that has ended is written by then. */
const HOUR_SETTLED_MS = HOUR_MS / 2;

/** The most failures in one answer, and in one flush of an isolate. */
const MAX_PAGE = 200;
const MAX_FAILURES_A_FLUSH = 20;

/** What failures are looked for by; all of it must fit. `before`: the `next` of the page before. */
export interface FailureQuery {
  before?: number | undefined;
  keyId?: number | undefined;
  tokenId?: number | undefined;
  model?: string | undefined;
  verdict?: string | undefined;
  status?: number | undefined;
  /** Stands in Google's words or in the verdict, whatever the case. */
  text?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
  limit?: number | undefined;
}

/** `next` is null at the end of the log; a page with few rows, or none, may have a next one. */
export interface FailurePage {
  rows: FailureRow[];
  next: number | null;
}

export interface RecordsOptions {
  d1: D1Database;
  /** Has what was counted written, a while from now (`CounterSource` of the pool's ledger). */
  scheduleFlush: (defer: Defer) => void;
  clock: Clock;
  log: Log;
  /** Read at each use: the operator may change them while the isolate runs. */
  settings: { readonly FAILURES_KEEP_DAYS: number; readonly FAILURES_KEEP_ROWS: number };
}

export type Records = ReturnType<typeof createRecords>;

/** What happened to requests, in numbers, and which attempts failed. No prompt, answer, key or address is in it. */
export function createRecords({ d1, scheduleFlush, clock, log, settings }: RecordsOptions) {
  const activity = activityTable(d1);
  const failures = failureTable(d1);
  const keyCounts = keyCountTable(d1);
  const reader = new ActivityReader(activity, keyCounts);
  const activityTally = new ActivityTally();
  const failureTally = new FailureTally();

  return {
    /** A request for the API was answered. */
    answered(answered: Answered, defer: Defer): void {
      activityTally.count(answered, clock());
      scheduleFlush(defer);
    },

    /** An attempt failed, through no fault of a caller who hung up. */
    attemptFailed(attempt: FailedAttempt, defer: Defer): void {
      failureTally.note(attempt, clock());
      scheduleFlush(defer);
    },

    /** What was counted, for the pool's ledger to write. */
    take(now: number, budget: number): D1PreparedStatement[] {
      const cells = activityTally.take(now, budget);
      // Requests that are counted come before failures: what waits keeps its rows.
      const left = Math.max(0, budget - cells.length - activityTally.size);
      const rows = failureTally.take(Math.min(left, MAX_FAILURES_A_FLUSH));
      const leftOut = failureTally.takeLeftOut();
      if (leftOut > 0) log("info", "records.failures_left_out", { failures: leftOut });
      return [...(cells.length === 0 ? [] : [activity.add(cells)]), ...(rows.length === 0 ? [] : [failures.add(rows)])];
    },

    /** What the charts show of all models or one, half a minute old at most. Throws if D1 does not answer. */
    activity: (range: Range, model: string | null = null): Promise<ActivityReport> =>
      reader.report(range, model, clock()),

    /** Failed attempts, the newest first. Throws if D1 does not answer. */
    async failures(query: FailureQuery): Promise<FailurePage> {
      const limit = Math.min(Math.max(query.limit ?? MAX_PAGE, 1), MAX_PAGE);
      const { oldest, newest } = await failures.edges();
      const before = Math.min(query.before ?? Infinity, newest + 1);
      const { keyId = null, tokenId = null, model = null, verdict = null } = query;
      const { status = null, text = null, from = null, to = null } = query;
      const filter = { before, keyId, tokenId, model, verdict, status, text, from, to };
      const found = await failures.search(filter, limit + 1);
      const rows = found.slice(0, limit);
      if (found.length > limit) return { rows, next: rows.at(-1)?.id ?? null };
      const next = before - SEARCH_WINDOW;
      return { rows, next: next > oldest ? next : null };
    },

    /** Requests by model since ever, and the keys as they were counted last. Throws if D1 does not answer. */
    async sinceEver(): Promise<{ models: (ActivityCounts & { model: string })[]; keys: KeyCountRow | undefined }> {
      const [models, keys] = await Promise.all([activity.readAll(), keyCounts.latest()]);
      return { models, keys };
    },

    /** Makes hours of old spans and forgets old hours, some at a time. Done again, it changes nothing. */
    async rollUp(): Promise<void> {
      const now = clock();
      await d1.batch([
        ...activity.rollUp(startOf(now - HOUR_SETTLED_MS, HOUR_MS), startOf(now - KEEP_SPANS_MS, HOUR_MS)),
        activity.forget(now - KEEP_HOURS_MS),
      ]);
    },

    /** Counts the pool's keys, once an hour. */
    async countKeys(): Promise<void> {
      const now = clock();
      await d1.batch([keyCounts.take(startOf(now, HOUR_MS), now), keyCounts.forget(now - KEEP_HOURS_MS)]);
    },

    /** Forgets failures that are too old or too many, some at a time. */
    async sweepFailures(): Promise<void> {
      const before = clock() - settings.FAILURES_KEEP_DAYS * DAY_MS;
      await d1.batch(failures.sweep(before, settings.FAILURES_KEEP_ROWS));
    },
  };
}
