import { sql } from "drizzle-orm";
import { UNPROVEN } from "./key-acts.ts";
import type { SealedKey } from "./keys.ts";
import { cursors, keys, stretches } from "./schema.ts";
import { statement } from "./statement.ts";

/** A key on its way in. */
export interface ImportedKey extends SealedKey {
  /** When a key that is kept waiting is asked. */
  recheckAt: number | null;
}

export interface TakeIn {
  proven: readonly ImportedKey[];
  waiting: readonly ImportedKey[];
  note: string | null;
  now: number;
  /** What brings the rows of these keys under the secret that seals now. */
  moves: readonly D1PreparedStatement[];
}

export type KeyImports = ReturnType<typeof keyImports>;

/** Keys that the operator pasted. A withdrawal sticks here too; a key that was contributed keeps its origin. */
export function keyImports(d1: D1Database) {
  const values = (imported: readonly ImportedKey[], note: string | null, now: number) => ({
    imported: JSON.stringify(imported),
    note,
    now,
  });
  const admit = statement<ReturnType<typeof values>>(d1, admitSql);
  const keep = statement<ReturnType<typeof values>>(d1, keepSql);
  const openStretches = statement<{ imported: string }>(d1, openStretchesSql);
  const unblock = statement(d1, sql`update ${cursors} set blocked_until = null where blocked_until is not null`);

  return {
    /** Takes proven keys in, new or back from retirement, and keeps the waiting; resolves to the proven keys' ids. */
    async takeIn({ proven, waiting, note, now, moves }: TakeIn): Promise<{ id: number }[]> {
      const results = await d1.batch<{ id: number }>([
        ...moves,
        keep(values(waiting, note, now)),
        admit(values(proven, note, now)),
        openStretches({ imported: JSON.stringify(proven) }),
        unblock({}),
      ]);
      return results[moves.length + 1]?.results ?? [];
    },
  };
}

const note = sql.placeholder("note");
const now = sql.placeholder("now");

const columns = sql`(fingerprint, ciphertext, secret_id, last_four, status, reason, origin, note,
  status_changed_at, contributed_at, last_seen_at, recheck_at)`;

const field = (name: string) => sql`value ->> ${sql.raw(`'${name}'`)}`;

const rowOf = (status: "active" | "retired", reason: string | null) => sql`
  select ${field("fingerprint")}, ${field("ciphertext")}, ${field("secretId")}, ${field("lastFour")},
    ${sql.raw(`'${status}'`)}, ${sql.raw(reason === null ? "null" : `'${reason}'`)}, 'imported', ${note},
    ${now}, ${now}, ${now}, ${field("recheckAt")}
  from json_each(${sql.placeholder("imported")}) where true`;

const admitSql = sql`insert into ${keys} ${columns} ${rowOf("active", null)}
  on conflict (fingerprint) do update set
    status_changed_at = iif(status = 'active', status_changed_at, excluded.status_changed_at),
    status = 'active', ciphertext = excluded.ciphertext, secret_id = excluded.secret_id,
    last_four = excluded.last_four, reason = null, words = null, note = coalesce(excluded.note, note),
    resting_until = null, rest_step = 0, strikes = 0, recheck_at = null, rechecks = 0
  where status <> 'withdrawn'
  returning id`;

/** Asked again by the scheduled recheck, also where the operator had retired the key before: pasting it is a new word. */
const keepSql = sql`insert into ${keys} ${columns} ${rowOf("retired", UNPROVEN)}
  on conflict (fingerprint) do update set
    reason = iif(reason = 'operator', ${sql.raw(`'${UNPROVEN}'`)}, reason), note = coalesce(excluded.note, note),
    recheck_at = min(coalesce(recheck_at, excluded.recheck_at), excluded.recheck_at)
  where status = 'retired'`;

const openStretchesSql = sql`delete from ${stretches} where exists (
  select 1 from ${keys} where ${keys.id} between from_id and to_id and fingerprint in (
    select ${field("fingerprint")} from json_each(${sql.placeholder("imported")})))`;
