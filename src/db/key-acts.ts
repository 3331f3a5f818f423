import { sql, type SQL } from "drizzle-orm";
import { coolings, cursors, keys, stretches } from "./schema.ts";
import { keyModels, tokenResources, tokens } from "./schema-records.ts";
import { statement } from "./statement.ts";

/** The reason of a key that the operator took out. Its next use does not bring it back. */
export const BY_OPERATOR = "operator";

/** The reason of an imported key that Google has not served yet. Only its proof brings it in. */
export const UNPROVEN = "unproven";

export type KeyActs = ReturnType<typeof keyActs>;

/**
 * What the operator does to keys: each act is a batch of few statements, however many the keys, and returns the ids of
 * those that it was for. Every condition stands in the statement itself: between a look and an act a key may have been
 * admitted, retired or withdrawn.
 */
export function keyActs(d1: D1Database) {
  const act = async (...queries: [SQL, ...SQL[]]): Promise<number[]> => {
    const [changed] = await d1.batch<{ id: number }>(queries.map((query) => statement(d1, query)({})));
    return (changed?.results ?? []).map(({ id }) => id);
  };

  return {
    /** Rests keys for all models, at least until then. */
    cool: (ids: readonly number[], until: number) =>
      act(sql`update ${keys} set resting_until = max(coalesce(resting_until, 0), ${until})
        where ${among(ids)} and status = 'active' returning id`),

    retire: (ids: readonly number[], now: number) =>
      act(sql`update ${keys} set status = 'retired', reason = ${BY_OPERATOR}, status_changed_at = ${now},
          resting_until = null, recheck_at = null, rechecks = 0
        where ${among(ids)} and status in ('active', 'retired') and reason is not ${BY_OPERATOR} returning id`),

    /**
     * Makes keys active and wipes their marks. What its owner withdrew stays out, and what has never been served stays
     * out unless it is `proved` now.
     */
    restore: (ids: readonly number[], now: number, { proved }: { proved: boolean }) =>
      act(
        sql`update ${keys} set
            status_changed_at = iif(status = 'active', status_changed_at, ${now}),
            status = 'active', reason = null, words = null, resting_until = null, rest_step = 0, strikes = 0,
            recheck_at = null, rechecks = 0
          where ${among(ids)} and status in ('active', 'retired') and ciphertext is not null
            and (${proved ? 1 : 0} or reason is not ${UNPROVEN}) returning id`,
        sql`delete from ${coolings} where key_id in (select value from json_each(${JSON.stringify(ids)}))`,
        ...reopen(ids),
      ),

    /** Takes an imported key that failed its proof off the list of those to be asked again. */
    giveUp: (failed: readonly { id: number; reason: string; words: string | null }[]) =>
      act(sql`update ${keys} set reason = failed.value ->> 'reason', words = failed.value ->> 'words', recheck_at = null
        from json_each(${JSON.stringify(failed)}) failed
        where ${keys.id} = failed.value ->> 'id' and status = 'retired' and ${keys.reason} = ${UNPROVEN}
        returning ${keys.id} as id`),

    /**
     * Erases keys: an empty row stays, so that no id is given out twice. Not those that were withdrawn: of them only a
     * keyed hash is left, and it remembers the owner's wish.
     */
    erase: (ids: readonly number[], now: number) => {
      const erased = sql`(select ${keys.id} from json_each(${JSON.stringify(ids)}) asked
        join ${keys} on ${keys.id} = asked.value where ${keys.status} = 'deleted')`;
      return act(
        sql`update ${keys} set status = 'deleted', fingerprint = 'deleted-' || id, ciphertext = null, secret_id = '',
            last_four = '', reason = null, words = null, note = null, status_changed_at = ${now}, last_used_at = null,
            uses = 0, errors = 0, resting_until = null, rest_step = 0, strikes = 0, recheck_at = null, rechecks = 0
          where ${among(ids)} and status in ('active', 'retired') returning id`,
        sql`delete from ${coolings} where key_id in ${erased}`,
        sql`delete from ${keyModels} where key_id in ${erased}`,
        sql`delete from ${tokenResources} where key_id in ${erased}`,
        sql`update ${tokens} set home_key_id = null where home_key_id in ${erased}`,
      );
    },

    /** Deletes counts by model of erased keys, of one of `parts` equal parts of the ids. */
    async sweepErased(part: number, parts: number): Promise<void> {
      const upTo = (share: number) => sql`(select max(id) from ${keys}) * ${share} / ${parts}`;
      await act(sql`delete from ${keyModels} where key_id in (
        select id from ${keys} where status = 'deleted' and status <> 'active' and id > ${upTo(part)} and id <= ${upTo(part + 1)})`);
    },

    /** True if there is such a key. */
    async note(id: number, note: string | null): Promise<boolean> {
      const noted = await act(
        sql`update ${keys} set note = ${note} where id = ${id} and status <> 'deleted' returning id`,
      );
      return noted.length > 0;
    },
  };
}

function among(ids: readonly number[]): SQL {
  return sql`${keys.id} in (select value from json_each(${JSON.stringify(ids)}))`;
}

/** A key that comes back inside a known stretch of cooling keys must be seen by the next lease. */
export function reopen(ids: readonly number[]): SQL[] {
  const first = ids.reduce((least, id) => Math.min(least, id), Infinity);
  const last = ids.reduce((most, id) => Math.max(most, id), 0);
  return [
    sql`delete from ${stretches} where from_id <= ${last} and to_id >= ${Number.isFinite(first) ? first : 0}`,
    sql`update ${cursors} set blocked_until = null where blocked_until is not null`,
  ];
}
