import { sql, type SQL } from "drizzle-orm";
import { coolings, cursors, keys, stretches, totals } from "./schema.ts";

/**
 * How many keys one lease looks at. It bounds the rows read whatever is cooling, and at or below this many
 * active keys a lease sees the whole ring.
 */
export const LEASE_WINDOW = 64;

/** How many keys one survey looks at, when a lease found its whole window cooling. */
export const SURVEY_WINDOW = 256;

const model = sql.placeholder("model");
const now = sql.placeholder("now");
const excluded = sql.placeholder("excluded");

const leasable = sql`${keys.status} = 'active' and ${keys.restingUntil} is null`;

/** The cursor whose turn it is: the model's own, else the one that all unproven models share. */
const turn = sql`select ${cursors.model} as cursor, ${cursors.position} as position, ${cursors.blockedUntil} as blocked_until,
    (select ${totals.active} from ${totals}) as active
  from ${cursors} where ${cursors.model} = coalesce((select own.model from ${cursors} own where own.model = ${model}), '*')`;

/**
 * Where to start looking: behind `id`, or behind the known stretch of cooling keys that begins there.
 * Two rows at the most.
 */
const startBehind = (id: SQL) => sql`coalesce((
    select case when stretch.to_id >= first.id and stretch.until > ${now} then stretch.to_id end
    from (select ${keys.id} as id from ${keys} where ${leasable} and ${keys.id} > ${id}
      and exists (select 1 from ${stretches} s where s.model = ${model}) order by ${keys.id} limit 1) first
    join (select 1) one
    join ${stretches} stretch on stretch.model = ${model} and stretch.from_id = (
      select max(s.from_id) from ${stretches} s where s.model = ${model} and s.from_id <= first.id)
  ), ${id})`;

/** The next active keys in ring order: from the cursor to the end, then from the beginning to the cursor. */
const ring = (
  limit: number,
  from: Record<"behind" | "behindWrapped" | "position", SQL>,
  columns = sql`${keys.id} as id`,
) => sql`
  select * from (
    select * from (select ${columns}, 1 as lap from ${keys}
      where ${leasable} and ${keys.id} > ${from.behind} order by ${keys.id} limit ${sql.raw(String(limit))})
    union all
    select * from (select ${columns}, 2 as lap from ${keys}
      where ${leasable} and ${keys.id} > ${from.behindWrapped} and ${keys.id} <= ${from.position}
      order by ${keys.id} limit ${sql.raw(String(limit))})
    limit ${sql.raw(String(limit))})`;

const leasedColumns = sql`${keys.id} as id, ${keys.fingerprint} as fingerprint, ${keys.ciphertext} as ciphertext,
  ${keys.strikes} > 0 or ${keys.restStep} > 0 as marked`;

const position = sql`(select position from turn)`;

/** A window of the ring behind the cursor. What the second lap needs is only read if the first is too short. */
const leaseWindow = ring(
  LEASE_WINDOW,
  { behind: startBehind(position), behindWrapped: startBehind(sql`0`), position },
  leasedColumns,
);

/**
 * The lease: the keys whose turn it is, and the cursor moved behind them, in one statement that walks the ring once.
 * `leases` is a view: what is inserted is stored nowhere, a trigger moves the cursor to `last` (migrations/0003), and
 * `returning` hands the keys out. Parameters: model, now, count (none while the model is blocked), excluded (JSON
 * array of key ids).
 */
export const leaseSql = sql`with turn as materialized (${turn}),
  picked as materialized (select json_group_array(json_array(id, fingerprint, ciphertext,
      marked or exists (select 1 from ${coolings} c where c.key_id = candidate.id and c.model = ${model}))) as turns
    from (select * from (${leaseWindow}) candidate
      where not exists (select 1 from ${coolings} c where c.key_id = candidate.id and c.model = ${model} and c.until > ${now})
        and (${excluded} = '[]' or candidate.id not in (select value from json_each(${excluded})))
      limit iif((select coalesce(blocked_until, 0) from turn) > ${now}, 0, ${sql.placeholder("count")})) candidate)
  insert into leases (cursor, last, turns, active)
    select cursor, turns ->> '$[#-1][0]', turns, active from turn join picked
    returning turns, active`;

/** One row: the cursor, and where the two arms of the ring begin. */
const withStart = sql`with turn as materialized (${turn}),
  start as materialized (select *, ${startBehind(sql`turn.position`)} as behind, ${startBehind(sql`0`)} as behind_wrapped from turn)`;

const surveyWindow = ring(SURVEY_WINDOW, {
  behind: sql`(select behind from start)`,
  behindWrapped: sql`(select behind_wrapped from start)`,
  position: sql`(select position from start)`,
});

/** A column of the known stretch that ends exactly at `id`, if it still holds. */
const adjoining = (column: "from_id" | "until", id: SQL) => sql`
  (select case when s.to_id = ${id} and s.until > ${now} then s.${sql.raw(column)} end
    from ${stretches} s where s.model = ${model} and s.from_id <= ${id} order by s.from_id desc limit 1)`;

/** What stands ahead of the cursor when a lease found nothing; moves nothing. Parameters: model, now. */
export const surveySql = sql`${withStart},
  known as materialized (select start.cursor, start.position, start.blocked_until,
    ${adjoining("from_id", sql`start.behind`)} as adjoining_from,
    ${adjoining("until", sql`start.behind`)} as adjoining_until,
    ${adjoining("from_id", sql`start.behind_wrapped`)} as adjoining_from_wrapped,
    ${adjoining("until", sql`start.behind_wrapped`)} as adjoining_until_wrapped,
    (select min(s.until) from ${stretches} s where s.model = ${model} and s.until > ${now}) as stretches_end
    from start)
  select known.*, candidate.id, candidate.lap,
    (select c.until from ${coolings} c where c.key_id = candidate.id and c.model = ${model} and c.until > ${now}) as until
  from known left join (${surveyWindow}) candidate on true`;
