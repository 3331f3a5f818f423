import { sql, type SQL } from "drizzle-orm";
import { activity } from "./schema-records.ts";
import { statement } from "./statement.ts";

/** What is added up of a model's requests. Of the latencies, each bound counts all that were no slower. */
export const ACTIVITY_COUNTS = [
  "requests",
  "served",
  "servedByPool",
  "callerFaults",
  "retries",
  "latencyMs",
  "within500",
  "within1000",
  "within2500",
  "within5000",
  "within10000",
  "within30000",
] as const;

export type ActivityCounts = Record<(typeof ACTIVITY_COUNTS)[number], number>;

export interface ActivityCell extends ActivityCounts {
  startAt: number;
  model: string;
}

export const SPAN_MS = 300_000;
export const HOUR_MS = 3_600_000;

/** Rows of this span hold all that began before their `start_at`: a counter that no roll-up makes smaller. */
const SINCE_EVER = 0;

/** How much one run rolls up: a database that nobody looked after for weeks is not caught up in one statement. */
const ROLL_UP_MS = 6 * HOUR_MS;

export type ActivityTable = ReturnType<typeof activityTable>;

/** Requests by span of time and model. */
export function activityTable(d1: D1Database) {
  const add = statement<{ cells: string }>(d1, addSql);
  const read = statement<{ from: number; step: number }>(d1, readSql);
  const readAll = statement(d1, readAllSql);
  const advance = statement<{ through: number }>(d1, advanceSql);
  const forgetAdvanced = statement(d1, forgetAdvancedSql);
  const rollUp = statement<{ before: number }>(d1, rollUpSql);
  const forgetRolledUp = statement<{ before: number }>(d1, forgetRolledUpSql);
  const forget = statement<{ before: number }>(d1, forgetSql);

  return {
    /** Adds what was counted in spans of {@link SPAN_MS}. One statement for all. */
    add: (cells: readonly ActivityCell[]) =>
      add({
        cells: JSON.stringify(
          cells.map((cell) => [cell.startAt, cell.model, ...ACTIVITY_COUNTS.map((name) => cell[name])]),
        ),
      }),

    /** Sums by model and by steps of `step` ms, from `from` on. */
    async read(from: number, step: number): Promise<ActivityCell[]> {
      return (await read({ from, step }).all<ActivityCell>()).results;
    },

    /** Sums by model since ever. They never become smaller. */
    async readAll(): Promise<(ActivityCounts & { model: string })[]> {
      return (await readAll({}).all<ActivityCounts & { model: string }>()).results;
    },

    /**
     * In one batch: moves the sums since ever on to `through`, then adds spans that began before `before` up to hours.
     * Done again, it changes nothing. What is written late about a span before `through` is missing in the sums since
     * ever only.
     */
    rollUp: (through: number, before: number) => [
      advance({ through }),
      forgetAdvanced({}),
      rollUp({ before }),
      forgetRolledUp({ before }),
    ],

    /** Deletes hours that began before. */
    forget: (before: number) => forget({ before }),
  };
}

const columnOf = (name: keyof ActivityCounts) => activity[name].name;

/** One piece of SQL for each count, separated by commas. */
const each = (piece: (column: string, name: string, index: number) => string): SQL =>
  sql.raw(ACTIVITY_COUNTS.map((name, index) => piece(columnOf(name), name, index)).join(", "));

const columns = each((column) => column);
const sums = each((column, name) => `sum(${column}) as ${name}`);
const additions = each((column) => `${column} = ${column} + excluded.${column}`);

const span = sql.raw(String(SPAN_MS));
const hour = sql.raw(String(HOUR_MS));
const ever = sql.raw(String(SINCE_EVER));

const addSql = sql`insert into ${activity} (span, start_at, model, ${columns})
  select ${span}, value ->> 0, value ->> 1, ${each((_column, _name, index) => `value ->> ${index + 2}`)}
  from json_each(${sql.placeholder("cells")}) where true
  on conflict do update set ${additions}`;

const step = sql.placeholder("step");

const readSql = sql`select start_at - start_at % ${step} as startAt, model, ${sums} from ${activity}
  where span in (${span}, ${hour}) and start_at >= ${sql.placeholder("from")} group by 1, 2`;

const advancedTo = sql`(select coalesce(max(start_at), 0) from ${activity} where span = ${ever})`;

const sinceEver = (spans: SQL) => sql`
  select model, ${columns} from ${activity} where span = ${ever}
  union all
  select model, ${columns} from ${activity} where span = ${span} and start_at >= ${advancedTo} ${spans}`;

const readAllSql = sql`select model, ${sums} from (${sinceEver(sql``)}) group by model order by model`;

const through = sql.placeholder("through");

const advanceSql = sql`insert into ${activity} (span, start_at, model, ${columns})
  select ${ever}, ${through}, model, ${sums} from (${sinceEver(sql`and start_at < ${through}`)})
  where ${advancedTo} < ${through} group by model`;

const forgetAdvancedSql = sql`delete from ${activity} where span = ${ever} and start_at < ${advancedTo}`;

/** Both statements of a roll-up see the same oldest span. */
const isDue = sql`span = ${span} and start_at < min(${sql.placeholder("before")},
  (select min(start_at) / ${hour} * ${hour} + ${sql.raw(String(ROLL_UP_MS))} from ${activity} where span = ${span}))`;

const rollUpSql = sql`insert into ${activity} (span, start_at, model, ${columns})
  select ${hour}, start_at / ${hour} * ${hour}, model, ${sums} from ${activity} where ${isDue} group by 2, 3
  on conflict do update set ${additions}`;

const forgetRolledUpSql = sql`delete from ${activity} where ${isDue}`;

const forgetSql = sql`delete from ${activity} where span = ${hour} and start_at < ${sql.placeholder("before")}`;
