import { sql } from "drizzle-orm";
import { keyCounts } from "./schema-records.ts";
import { coolings, keys, totals } from "./schema.ts";
import { statement } from "./statement.ts";

export interface KeyCountRow {
  startAt: number;
  active: number;
  cooling: number;
  retired: number;
  withdrawn: number;
}

/** How many cooling pairs and how many resting keys are read to count them; a pool with more shows no more. */
const MAX_COUNTED = 20_000;

export type KeyCountTable = ReturnType<typeof keyCountTable>;

/** How many keys the pool had, hour by hour. */
export function keyCountTable(d1: D1Database) {
  const take = statement<{ hour: number; now: number }>(d1, takeSql);
  const read = statement<{ from: number }>(d1, readSql);
  const latest = statement(d1, latestSql);
  const forget = statement<{ before: number }>(d1, forgetSql);

  return {
    /** Counts the keys, unless this hour's count is there: then one row is read. */
    take: (hour: number, now: number) => take({ hour, now }),

    async read(from: number): Promise<KeyCountRow[]> {
      return (await read({ from }).all<KeyCountRow>()).results;
    },

    async latest(): Promise<KeyCountRow | undefined> {
      return (await latest({}).first<KeyCountRow>()) ?? undefined;
    },

    forget: (before: number) => forget({ before }),
  };
}

const now = sql.placeholder("now");
const hour = sql.placeholder("hour");
const most = sql.raw(String(MAX_COUNTED));

const cooling = sql`(
    select count(distinct key_id) from (
      select key_id from ${coolings} where until > ${now} order by until limit ${most})
  ) + (
    select count(*) from (select id from ${keys} where resting_until > ${now} limit ${most}) resting
    where not exists (select 1 from ${coolings} c where c.key_id = resting.id and c.until > ${now}))`;

const takeSql = sql`insert into ${keyCounts} (start_at, active, cooling, retired, withdrawn)
  select ${hour}, active, ${cooling}, retired, withdrawn from ${totals}
  where not exists (select 1 from ${keyCounts} where start_at = ${hour})`;

const columns = sql.raw("start_at as startAt, active, cooling, retired, withdrawn");

const readSql = sql`select ${columns} from ${keyCounts} where start_at >= ${sql.placeholder("from")} order by start_at`;

const latestSql = sql`select ${columns} from ${keyCounts} order by start_at desc limit 1`;

const forgetSql = sql`delete from ${keyCounts} where start_at < ${sql.placeholder("before")}`;
