import { sql } from "drizzle-orm";
import { coolings, cursors, keys } from "./schema.ts";
import { statement } from "./statement.ts";

/** Where the rotation stands. Keys are told by their place in the ring alone. */
export interface Ring {
  /** Whether each of the first keys of the ring cools for a model, in ring order. */
  cooling: boolean[];
  /** Keys that rest from all models and are not in the ring meanwhile. */
  resting: number;
  cursors: { model: string; index: number | null; blockedUntil: number | null }[];
}

/** The most keys that are told one by one. */
const MAX_SHOWN = 1000;

/** More resting keys are not counted. */
const MAX_COUNTED = 20_000;

export type RingTable = ReturnType<typeof ringTable>;

/** The ring that leases walk, as a whole: it reads an index entry a key, so not for every request. */
export function ringTable(d1: D1Database) {
  const readKeys = statement<{ now: number }>(d1, keysSql);
  const readCursors = statement(d1, cursorsSql);
  const countResting = statement(d1, restingSql);

  return {
    async read(now: number): Promise<Ring> {
      const results = await d1.batch<KeyRow & CursorRow & { resting: number }>([
        readKeys({ now }),
        readCursors({}),
        countResting({}),
      ]);
      const [shown, spots, counted] = results.map((result) => result.results);
      return {
        cooling: (shown ?? []).map(({ cooling }) => cooling !== 0),
        resting: counted?.[0]?.resting ?? 0,
        cursors: toCursors(spots ?? []),
      };
    },
  };
}

interface KeyRow {
  cooling: number;
}

interface CursorRow {
  model: string;
  blockedUntil: number | null;
  /** Keys of the ring between this cursor and the one before it. */
  passed: number;
}

/** A cursor stands on the key that was leased last: the index of that key, null before the first lease. */
function toCursors(rows: readonly CursorRow[]): Ring["cursors"] {
  let standing = 0;
  return rows.map(({ model, blockedUntil, passed }) => {
    standing += passed;
    return { model, index: standing === 0 ? null : standing - 1, blockedUntil };
  });
}

const isInRing = sql.raw("status = 'active' and resting_until is null");

const keysSql = sql`select exists (
    select 1 from ${coolings} c where c.key_id = ${keys.id} and c.until > ${sql.placeholder("now")}) as cooling
  from ${keys} where ${isInRing} order by ${keys.id} limit ${sql.raw(String(MAX_SHOWN))}`;

// Each cursor counts from where the one before it stands, so that the ring is walked once.
const cursorsSql = sql`with spots as (
    select model, position, blocked_until, lag(position, 1, 0) over (order by position, model) as behind from ${cursors})
  select model, blocked_until as blockedUntil,
    (select count(*) from ${keys} where ${isInRing} and ${keys.id} > behind and ${keys.id} <= position) as passed
  from spots order by position, model`;

const restingSql = sql`select count(*) as resting from (
  select 1 from ${keys} where resting_until is not null limit ${sql.raw(String(MAX_COUNTED))})`;
