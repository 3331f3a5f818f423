import { env } from "cloudflare:workers";
import { createRecords } from "../../src/records/records.ts";
import type { Answered } from "../../src/records/activity-tally.ts";
import type { FailedAttempt } from "../../src/records/failure-tally.ts";
import type { LogFields } from "../../src/log.ts";

/** The beginning of an hour, and of a day. */
export const MIDNIGHT = Date.UTC(2026, 10, 21);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export async function emptyRecords(): Promise<void> {
  await env.DB.batch(["activity", "failures", "key_counts"].map((table) => env.DB.prepare(`delete from ${table}`)));
}

/** Records of one isolate on the real D1, with a clock that only the test moves; nothing is written before `flush`. */
export function openRecords(d1: D1Database = env.DB) {
  const state = { now: MIDNIGHT, flushes: 0 };
  const settings = { FAILURES_KEEP_DAYS: 7, FAILURES_KEEP_ROWS: 20_000 };
  const log: { event: string; fields: LogFields }[] = [];
  const records = createRecords({
    d1,
    scheduleFlush: () => (state.flushes += 1),
    clock: () => state.now,
    log: (_level, event, fields = {}) => log.push({ event, fields }),
    settings,
  });
  const defer = () => undefined;
  return {
    records,
    state,
    settings,
    log,
    answer: (answered: Partial<Answered> = {}, times = 1) => {
      for (let at = 0; at < times; at++) records.answered({ ...SERVED, ...answered }, defer);
    },
    fail: (attempt: Partial<FailedAttempt> = {}, times = 1) => {
      for (let at = 0; at < times; at++) records.attemptFailed({ ...FAILED, ...attempt }, defer);
    },
    /** What the ledger does: drains the records into one batch. */
    flush: async (budget = 100) => {
      const statements = records.take(state.now, budget);
      const results = statements.length === 0 ? [] : await d1.batch(statements);
      return {
        statements: statements.length,
        written: results.reduce((sum, { meta }) => sum + meta.rows_written, 0),
        read: results.reduce((sum, { meta }) => sum + meta.rows_read, 0),
      };
    },
  };
}

const SERVED: Answered = {
  model: "gemini-2.5-flash",
  status: 200,
  servedBy: "pool",
  attempts: 1,
  ms: 400,
  callerFault: false,
};

const FAILED: FailedAttempt = {
  keyId: 1,
  model: "gemini-2.5-flash",
  verdict: { kind: "quota_day" },
  status: 429,
  words: () => "You exceeded your current quota.",
};

export interface StoredActivity {
  span: number;
  start_at: number;
  model: string;
  requests: number;
  served: number;
  served_by_pool: number;
  caller_faults: number;
  retries: number;
  latency_ms: number;
  within_500: number;
  within_1000: number;
  within_30000: number;
}

export async function storedActivity(): Promise<StoredActivity[]> {
  return (await env.DB.prepare("select * from activity order by span, start_at, model").all<StoredActivity>()).results;
}

export interface StoredFailure {
  id: number;
  at: number;
  key_id: number | null;
  model: string | null;
  verdict: string;
  status: number | null;
  message: string | null;
}

export async function storedFailures(): Promise<StoredFailure[]> {
  return (await env.DB.prepare("select * from failures order by id").all<StoredFailure>()).results;
}
