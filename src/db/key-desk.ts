import { sql, type SQL } from "drizzle-orm";
import { coolings, keys } from "./schema.ts";
import { keyModels } from "./schema-records.ts";
import { statement } from "./statement.ts";

/** What the operator sees of a key; never the key. All times are epoch milliseconds. */
export interface DeskKey {
  id: number;
  /** Empty once the key has been withdrawn. */
  lastFour: string;
  status: "active" | "retired" | "withdrawn";
  /** Why it was retired; `operator` by hand, `unproven` if it was imported and could not be asked yet. */
  reason: string | null;
  /** What Google said when it was retired, redacted. */
  words: string | null;
  origin: "contributed" | "imported";
  note: string | null;
  uses: number;
  errors: number;
  contributedAt: number;
  lastSeenAt: number;
  lastUsedAt: number | null;
  statusChangedAt: number;
  /** Until when it may not be leased for any model. */
  restingUntil: number | null;
  recheckAt: number | null;
  /** For how many models it cools now. */
  cooling: number;
}

/** `active`: ready for some model. `resting`: for none. `cooling`: active or resting, and cools for at least one. */
export const DESK_STATUSES = ["active", "resting", "cooling", "retired", "withdrawn"] as const;
export type DeskStatus = (typeof DESK_STATUSES)[number];

export const DESK_SORTS = ["id", "contributed", "lastUsed", "uses", "errors", "status"] as const;
export type DeskSort = (typeof DESK_SORTS)[number];

export interface KeyFilter {
  status?: DeskStatus | undefined;
  reason?: string | undefined;
  /** A key's id, or its last four characters. */
  q?: string | undefined;
}

export interface KeyPage {
  filter: KeyFilter;
  /** `status` is sorted by id here: a filter by status goes with it. */
  sort: DeskSort;
  order: "asc" | "desc";
  /** The last key of the page before. */
  behind: { value: number; id: number } | undefined;
  limit: number;
}

export type DeskRow = DeskKey & { value: number };

/** Counting goes no further: one look at the desk must not read a huge table. */
const COUNT_UP_TO = 100_000;

const MAX_MODELS = 200;

export type KeyDeskTable = ReturnType<typeof keyDeskTable>;

/** The operator's reading of `keys`. Built for each question: it is no part of any request for the API. */
export function keyDeskTable(d1: D1Database) {
  const read = async <Row>(query: SQL) => (await statement(d1, query)({}).all<Row>()).results;

  return {
    page: (page: KeyPage, now: number) => read<DeskRow>(pageSql(page, now)),

    /** How many keys the filter finds; not exact where more had to be looked at than is right for a page. */
    async count(filter: KeyFilter, now: number): Promise<{ total: number; isExact: boolean }> {
      const { indexed, rest } = conditionsOf(filter, now);
      const [row] = await read<{ total: number; scanned: number }>(sql`
        select coalesce(sum(matches), 0) as total, count(*) as scanned
        from (select ${rest} as matches from ${keys} where ${indexed} limit ${COUNT_UP_TO + 1})`);
      return { total: row?.total ?? 0, isExact: (row?.scanned ?? 0) <= COUNT_UP_TO };
    },

    async find(id: number, now: number): Promise<DeskKey | undefined> {
      const [row] = await read<DeskKey>(sql`select ${columns(now)} from ${keys}
        where ${keys.id} = ${id} and ${keys.status} <> 'deleted'`);
      return row;
    },

    /** The ids of the keys with these fingerprints; the deleted have none. */
    findByPrints: (fingerprints: readonly string[]) =>
      read<{ id: number; fingerprint: string; status: DeskKey["status"]; reason: string | null }>(sql`
        select id, fingerprint, status, reason from ${keys}
        where fingerprint in (select value from json_each(${JSON.stringify(fingerprints)}))`),

    /** What the key did for each model, the busiest first. */
    models: (id: number) =>
      read<{ model: string; uses: number; errors: number; lastAt: number }>(sql`
        select model, uses, errors, last_at as lastAt from ${keyModels}
        where key_id = ${id} order by uses + errors desc, model limit ${MAX_MODELS}`),

    /** The next keys of a filter, in order of their ids. */
    async idsOf(filter: KeyFilter, range: IdRange, now: number) {
      const rows = await read<{ id: number }>(idsSql(filter, range, now));
      return rows.map(({ id }) => id);
    },

    async lastId(): Promise<number> {
      const [row] = await read<{ id: number | null }>(sql`select max(id) as id from ${keys}`);
      return row?.id ?? 0;
    },

    /** The sealed keys among these ids, with what decides how an answer of Google's is taken. */
    sealed: (ids: readonly number[]) =>
      read<SealedDeskKey>(sql`
        select id, fingerprint, ciphertext, status, reason, strikes > 0 or rest_step > 0 as blemished,
          resting_until is not null as resting
        from ${keys} where id in (select value from json_each(${JSON.stringify(ids)})) and ciphertext is not null`),
  };
}

interface IdRange {
  after: number;
  upTo: number;
  limit: number;
}

export interface SealedDeskKey {
  id: number;
  fingerprint: string;
  ciphertext: string;
  status: DeskKey["status"];
  reason: string | null;
  blemished: number;
  resting: number;
}

const coolingNow = (now: number) => sql`(select count(*) from ${coolings} c
  where c.key_id = ${keys.id} and c.until > ${now} and ${keys.status} = 'active')`;

const columns = (now: number) => sql`${keys.id} as id, last_four as lastFour, status, reason, words, origin, note,
  uses, errors, contributed_at as contributedAt, last_seen_at as lastSeenAt, last_used_at as lastUsedAt,
  status_changed_at as statusChangedAt, resting_until as restingUntil, recheck_at as recheckAt,
  ${coolingNow(now)} as cooling`;

/**
 * `indexed` narrows by an index, `rest` by looking at each row. The literals repeat the partial indices' own conditions,
 * or SQLite would not believe that they hold.
 */
function conditionsOf({ status, reason, q }: KeyFilter, now: number): { indexed: SQL; rest: SQL } {
  const byReason = reason === undefined ? sql`1` : sql`${keys.reason} = ${reason}`;
  // Only retired keys have a reason.
  const byStatus = statusSql(status ?? (reason === undefined ? undefined : "retired"), now);
  if (q === undefined) return { indexed: byStatus, rest: byReason };
  return { indexed: searchSql(q), rest: sql`(${byStatus} and ${byReason})` };
}

function statusSql(status: DeskStatus | undefined, now: number): SQL {
  switch (status) {
    case undefined:
      return sql`${keys.status} <> 'deleted'`;
    case "active":
      return sql`${keys.status} = 'active' and ${keys.restingUntil} is null`;
    case "resting":
      return sql`${keys.status} = 'active'
        and ${keys.id} in (select id from ${keys} where ${keys.restingUntil} is not null)`;
    case "cooling":
      return sql`${keys.status} = 'active' and ${keys.id} in (select key_id from ${coolings} where until > ${now})`;
    case "retired":
      return sql`${keys.status} = 'retired' and ${keys.status} <> 'active'`;
    case "withdrawn":
      return sql`${keys.status} = 'withdrawn' and ${keys.status} <> 'active'`;
  }
}

/** Four digits may be either. */
function searchSql(q: string): SQL {
  const byLastFour = sql`select id from ${keys} where last_four = ${q} and last_four <> ''`;
  return /^\d{1,15}$/.test(q)
    ? sql`${keys.id} in (${byLastFour} union select ${Number(q)})`
    : sql`${keys.id} in (${byLastFour})`;
}

function sortSql(sort: DeskSort): SQL {
  switch (sort) {
    case "id":
    case "status":
      return sql`${keys.id}`;
    case "contributed":
      return sql`${keys.contributedAt}`;
    case "lastUsed":
      return sql`coalesce(${keys.lastUsedAt}, 0)`;
    case "uses":
      return sql`${keys.uses}`;
    case "errors":
      return sql`${keys.errors}`;
  }
}

/** The ids of the page first: what is asked of each key is asked of those alone. */
function pageSql({ filter, sort, order, behind, limit }: KeyPage, now: number): SQL {
  const { indexed, rest } = conditionsOf(filter, now);
  const value = sortSql(sort);
  const direction = order === "asc" ? sql`asc` : sql`desc`;
  const beyond = order === "asc" ? sql`>` : sql`<`;
  const isById = sort === "id" || sort === "status";
  const behindSql = isById
    ? sql`${keys.id} ${beyond} ${behind?.id}`
    : sql`(${value}, ${keys.id}) ${beyond} (${behind?.value}, ${behind?.id})`;
  const orderSql = isById ? sql`${keys.id} ${direction}` : sql`${value} ${direction}, ${keys.id} ${direction}`;
  return sql`select ${columns(now)}, page.value from (
      select ${keys.id} as id, ${value} as value from ${keys}
      where ${indexed} and ${rest} ${behind === undefined ? sql`` : sql`and ${behindSql}`}
      order by ${orderSql} limit ${limit}) page
    join ${keys} on ${keys.id} = page.id
    order by page.value ${direction}, page.id ${direction}`;
}

/**
 * A work asks for its next keys a hundred times. What cools or rests is walked by id, from where the work stands: by
 * their own indices all of them would be read each time.
 */
function idsSql(filter: KeyFilter, { after, upTo, limit }: IdRange, now: number): SQL {
  const { indexed, rest } = conditionsOf(filter, now);
  if (filter.q === undefined && filter.status === "cooling") {
    return sql`select c.key_id as id from ${coolings} c cross join ${keys} on ${keys.id} = c.key_id
      where c.key_id > ${after} and c.key_id <= ${upTo} and c.until > ${now} and ${keys.status} = 'active' and ${rest}
      group by c.key_id order by c.key_id limit ${limit}`;
  }
  const isResting = filter.q === undefined && filter.status === "resting";
  const chosen = isResting ? sql`${keys.status} = 'active' and ${keys.restingUntil} is not null` : indexed;
  return sql`select ${keys.id} as id from ${keys}
    where ${chosen} and ${rest} and ${keys.id} > ${after} and ${keys.id} <= ${upTo}
    order by ${keys.id} limit ${limit}`;
}
