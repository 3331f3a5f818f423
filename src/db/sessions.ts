import { sql } from "drizzle-orm";
import { sessions, signInFailures } from "./schema-records.ts";
import { statement } from "./statement.ts";

export interface FailureCount {
  windowStart: number;
  failures: number;
}

export type SessionTable = ReturnType<typeof sessionTable>;

/** Who is signed in as the operator, and who tried in vain. */
export function sessionTable(d1: D1Database) {
  const insert = statement<{ id: string; now: number; expiresAt: number }>(d1, insertSql);
  const find = statement<{ id: string; now: number }>(d1, findSql);
  const remove = statement<{ id: string }>(d1, removeSql);
  const addFailure = statement<{ address: string; now: number; since: number }>(d1, addFailureSql);
  const failuresOf = statement<{ address: string; since: number }>(d1, failuresOfSql);
  const sweepSessions = statement<{ now: number; limit: number }>(d1, sweepSessionsSql);
  const sweepFailures = statement<{ since: number; limit: number }>(d1, sweepFailuresSql);

  return {
    async insert(id: string, now: number, expiresAt: number): Promise<void> {
      await insert({ id, now, expiresAt }).run();
    },

    /** When the session ends; undefined if there is none, or it has ended. */
    async expiryOf(id: string, now: number): Promise<number | undefined> {
      return (await find({ id, now }).first<number>("expires_at")) ?? undefined;
    },

    async remove(id: string): Promise<void> {
      await remove({ id }).run();
    },

    /** Counts one failure more; a window that began at `since` or before is over, and a new one begins. */
    async addFailure(address: string, now: number, since: number): Promise<FailureCount> {
      const row = await addFailure({ address, now, since }).first<FailureCount>();
      return row ?? { windowStart: now, failures: 1 };
    },

    /** The failures of a window that began after `since`. */
    async failuresOf(address: string, since: number): Promise<FailureCount | undefined> {
      return (await failuresOf({ address, since }).first<FailureCount>()) ?? undefined;
    },

    /** Deletes sessions that have ended and failures of windows that began at `since` or before, `limit` of each. */
    async sweep(now: number, since: number, limit: number): Promise<void> {
      await d1.batch([sweepSessions({ now, limit }), sweepFailures({ since, limit })]);
    },
  };
}

const id = sql.placeholder("id");
const now = sql.placeholder("now");
const since = sql.placeholder("since");
const address = sql.placeholder("address");
const limit = sql.placeholder("limit");

const insertSql = sql`insert into ${sessions} (id, created_at, expires_at)
  values (${id}, ${now}, ${sql.placeholder("expiresAt")})`;

const findSql = sql`select expires_at from ${sessions} where id = ${id} and expires_at > ${now}`;

const removeSql = sql`delete from ${sessions} where id = ${id}`;

const addFailureSql = sql`insert into ${signInFailures} (address, window_start, failures)
  values (${address}, ${now}, 1)
  on conflict do update set
    failures = iif(window_start > ${since}, failures + 1, 1),
    window_start = iif(window_start > ${since}, window_start, excluded.window_start)
  returning window_start as windowStart, failures`;

const failuresOfSql = sql`select window_start as windowStart, failures from ${signInFailures}
  where address = ${address} and window_start > ${since}`;

const sweepSessionsSql = sql`delete from ${sessions} where id in (
  select id from ${sessions} where expires_at <= ${now} limit ${limit})`;

const sweepFailuresSql = sql`delete from ${signInFailures} where address in (
  select address from ${signInFailures} where window_start <= ${since} limit ${limit})`;
