import { sql } from "drizzle-orm";
import { failures } from "./schema-records.ts";
import { statement } from "./statement.ts";

/** One failed attempt. */
export interface FailureRow {
  id: number;
  at: number;
  keyId: number | null;
  tokenId: number | null;
  model: string | null;
  verdict: string;
  status: number | null;
  message: string | null;
}

/** What failures are looked for by; null for anything. `before` is an id, 0 for the newest. */
export interface FailureFilter {
  before: number;
  keyId: number | null;
  tokenId: number | null;
  model: string | null;
  verdict: string | null;
  status: number | null;
  text: string | null;
  from: number | null;
  to: number | null;
}

/** A search looks at this many failures at a time: words and models have no index. */
export const SEARCH_WINDOW = 5000;

/** How many old failures one sweep looks at. */
const SWEEP_LIMIT = 300;

export type FailureTable = ReturnType<typeof failureTable>;

/** The log of failed attempts. Ids grow with time. */
export function failureTable(d1: D1Database) {
  const add = statement<{ rows: string }>(d1, addSql);
  const search = statement<{ [Name in keyof FailureFilter]: FailureFilter[Name] } & { most: number }>(d1, searchSql);
  const edges = statement(d1, edgesSql);
  const sweepByAge = statement<{ before: number }>(d1, sweepByAgeSql);
  const sweepByCount = statement<{ keep: number }>(d1, sweepByCountSql);

  return {
    /** One statement for all. */
    add: (rows: readonly Omit<FailureRow, "id">[]) =>
      add({
        rows: JSON.stringify(
          rows.map(({ at, keyId, tokenId, model, verdict, status, message }) => [
            at,
            keyId,
            tokenId,
            model,
            verdict,
            status,
            message,
          ]),
        ),
      }),

    /** The failures that fit among the {@link SEARCH_WINDOW} before `before`, the newest first, `most` of them. */
    async search(filter: FailureFilter, most: number): Promise<FailureRow[]> {
      return (await search({ ...filter, most }).all<FailureRow>()).results;
    },

    /** The ids of the oldest failure and of the newest. */
    async edges(): Promise<{ oldest: number; newest: number }> {
      const [row] = (await edges({}).all<{ oldest: number | null; newest: number | null }>()).results;
      return { oldest: row?.oldest ?? 0, newest: row?.newest ?? 0 };
    },

    /** Deletes some of the failures before a time, and some of those beyond the newest `keep`. */
    sweep: (before: number, keep: number) => [sweepByAge({ before }), sweepByCount({ keep })],
  };
}

const addSql = sql`insert into ${failures} (at, key_id, token_id, model, verdict, status, message)
  select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
  from json_each(${sql.placeholder("rows")})`;

// Each by itself is a step into the tree; both in one `select` would read the whole log.
const edgesSql = sql`select (select min(id) from ${failures}) as oldest, (select max(id) from ${failures}) as newest`;

const before = sql.placeholder("before");
const text = sql.placeholder("text");

const fits = (column: string, name: keyof FailureFilter) =>
  sql`(${sql.placeholder(name)} is null or ${sql.raw(column)} = ${sql.placeholder(name)})`;

// `instr` and not `like`: D1 allows a pattern of 50 bytes, and a caller's % would be one.
const searchSql = sql`select id, at, key_id as keyId, token_id as tokenId, model, verdict, status, message
  from ${failures} where id < ${before} and id >= ${before} - ${sql.raw(String(SEARCH_WINDOW))}
    and ${fits("key_id", "keyId")} and ${fits("token_id", "tokenId")} and ${fits("model", "model")}
    and ${fits("verdict", "verdict")} and ${fits("status", "status")}
    and (${sql.placeholder("from")} is null or at >= ${sql.placeholder("from")})
    and (${sql.placeholder("to")} is null or at < ${sql.placeholder("to")})
    and (${text} is null or instr(lower(message), lower(${text})) > 0 or instr(verdict, lower(${text})) > 0)
  order by id desc limit ${sql.placeholder("most")}`;

const limit = sql.raw(String(SWEEP_LIMIT));

const oldest = sql`select id, at from ${failures} order by id limit ${limit}`;

// Ids grow with time but for seconds: nothing behind the first that is young enough needs a look.
const sweepByAgeSql = sql`delete from ${failures} where id in (
  select id from ${failures}
  where id < coalesce((select id from (${oldest}) where at >= ${before} limit 1), 1 << 62) order by id limit ${limit})`;

const sweepByCountSql = sql`delete from ${failures} where id in (
  select id from ${failures} where id <= (select max(id) from ${failures}) - ${sql.placeholder("keep")}
  order by id limit ${limit})`;
