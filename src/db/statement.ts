import { fillPlaceholders, type SQL } from "drizzle-orm";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";

type Values = Record<string, string | number | null>;

/** A statement whose SQL text was built once; calling it only binds values. */
export type Statement<V extends Values> = (values: V) => D1PreparedStatement;

const dialect = new SQLiteAsyncDialect();

/**
 * Builds a Drizzle query's text once per isolate. Values enter by `sql.placeholder(name)`, so nothing is
 * concatenated and the hot path builds no query. (`db.batch` of raw `sql` with parameters fails on D1:
 * drizzle-orm#2277; hence D1's own `prepare`.)
 */
export function statement<V extends Values>(d1: D1Database, query: SQL): Statement<V> {
  const { sql: text, params } = dialect.sqlToQuery(query);
  return (values) => d1.prepare(text).bind(...fillPlaceholders(params, values));
}
