import { sql } from "drizzle-orm";
import { settingsOverrides } from "./schema-records.ts";
import { statement } from "./statement.ts";

/** A setting that the operator changed at run time. */
export interface SettingsOverride {
  name: string;
  value: string;
  changedAt: number;
}

export type SettingsOverrideTable = ReturnType<typeof settingsOverrideTable>;

/** What the operator changed at run time, a handful of rows. */
export function settingsOverrideTable(d1: D1Database) {
  const list = statement(
    d1,
    sql`select name, value, changed_at as changedAt from ${settingsOverrides} order by name limit 100`,
  );
  const put = statement<{ name: string; value: string; now: number }>(d1, putSql);
  const remove = statement<{ name: string }>(
    d1,
    sql`delete from ${settingsOverrides} where ${settingsOverrides.name} = ${sql.placeholder("name")}`,
  );

  return {
    async list(): Promise<SettingsOverride[]> {
      return (await list({}).all<SettingsOverride>()).results;
    },

    async put(name: string, value: string, now: number): Promise<void> {
      await put({ name, value, now }).run();
    },

    async remove(name: string): Promise<void> {
      await remove({ name }).run();
    },
  };
}

const putSql = sql`insert into ${settingsOverrides} (name, value, changed_at)
  values (${sql.placeholder("name")}, ${sql.placeholder("value")}, ${sql.placeholder("now")})
  on conflict do update set value = excluded.value, changed_at = excluded.changed_at`;
