import { sql } from "drizzle-orm";
import { reopen } from "./key-acts.ts";
import { keys } from "./schema.ts";
import { statement } from "./statement.ts";

/** A retired key whose time to be asked again has come. */
export interface DueRow {
  id: number;
  fingerprint: string;
  ciphertext: string;
  recheckAt: number;
  /** How often it was asked in vain. */
  rechecks: number;
}

/** When it is asked next (null: never), how often it was in vain, and Google's words this time, if it said any. */
export interface Postponement {
  at: number | null;
  rechecks: number;
  words: string | null;
}

export interface Postponed extends Postponement {
  row: DueRow;
}

export type RecheckTable = ReturnType<typeof recheckTable>;

/**
 * Retired keys that are asked again. While Google is asked, the key's owner may withdraw it and the operator may decide
 * otherwise: what follows from the answer holds only for the row as it was.
 */
export function recheckTable(d1: D1Database) {
  const due = statement<{ now: number; limit: number }>(d1, dueSql);
  const dismiss = statement<{ now: number; limit: number }>(d1, dismissSql);
  const restore = statement<{ id: number; recheckAt: number; now: number }>(d1, restoreSql);
  const postpone = statement<{ id: number; recheckAt: number } & { [Name in keyof Postponement]: Postponement[Name] }>(
    d1,
    postponeSql,
  );

  return {
    /** The keys that have waited longest, in one batch with the dismissal of what is not to be asked any more. */
    async due(now: number, limit: number): Promise<DueRow[]> {
      const [, found] = await d1.batch<DueRow>([dismiss({ now, limit }), due({ now, limit })]);
      return found?.results ?? [];
    },

    /**
     * Makes keys active again and puts others off, in one batch. Resolves to the ids of those that are active now: the
     * rest did not stand as they had stood any more.
     */
    async settle(restored: readonly DueRow[], postponed: readonly Postponed[], now: number): Promise<number[]> {
      if (restored.length + postponed.length === 0) return [];
      const ids = restored.map(({ id }) => id);
      const results = await d1.batch([
        ...restored.map(({ id, recheckAt }) => restore({ id, recheckAt, now })),
        ...postponed.map(({ row: { id, recheckAt }, ...postponement }) => postpone({ id, recheckAt, ...postponement })),
        ...(ids.length === 0 ? [] : reopen(ids).map((query) => statement(d1, query)({}))),
      ]);
      return ids.filter((_id, index) => (results[index]?.meta.changes ?? 0) > 0);
    },
  };
}

const id = sql.placeholder("id");
const now = sql.placeholder("now");
const limit = sql.placeholder("limit");

const mayBeAsked = sql.raw("status = 'retired' and ciphertext is not null");

const dueSql = sql`select id, fingerprint, ciphertext, recheck_at as recheckAt, rechecks from ${keys}
  where recheck_at <= ${now} and ${mayBeAsked} order by recheck_at limit ${limit}`;

// Rows that left in another way would stand in front of the queue for ever.
const dismissSql = sql`update ${keys} set recheck_at = null where id in (
  select id from ${keys} where recheck_at <= ${now} order by recheck_at limit ${limit}) and not (${mayBeAsked})`;

const isAsItWas = sql`${keys.id} = ${id} and ${mayBeAsked} and recheck_at = ${sql.placeholder("recheckAt")}`;

const restoreSql = sql`update ${keys} set status = 'active', status_changed_at = ${now}, reason = null, words = null,
    resting_until = null, rest_step = 0, strikes = 0, recheck_at = null, rechecks = 0
  where ${isAsItWas}`;

const postponeSql = sql`update ${keys} set recheck_at = ${sql.placeholder("at")},
    rechecks = ${sql.placeholder("rechecks")}, words = coalesce(${sql.placeholder("words")}, words)
  where ${isAsItWas}`;
