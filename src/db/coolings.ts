import { sql } from "drizzle-orm";
import { coolings } from "./schema.ts";
import { statement } from "./statement.ts";

export type CoolingKind = (typeof coolings.$inferSelect)["kind"];

export interface CoolingRow {
  model: string;
  until: number;
  kind: CoolingKind;
}

export type CoolingTable = ReturnType<typeof coolingTable>;

/** Which keys may not be leased for which model, and until when. */
export function coolingTable(d1: D1Database) {
  const cool = statement<{ id: number; model: string; until: number; kind: CoolingKind }>(d1, coolSql);
  const coolBusy = statement<{ id: number; model: string; now: number; firstMs: number; maxMs: number }>(
    d1,
    coolBusySql,
  );
  const clear = statement<{ id: number; model: string; now: number }>(d1, clearSql);
  const of = statement<{ id: number; now: number }>(d1, coolingsOfSql);
  const sweep = statement<{ now: number; limit: number }>(d1, sweepSql);

  return {
    /** Cools the pair until `until`; a cooling that lasts longer already stays. */
    cool: (id: number, model: string, until: number, kind: CoolingKind) => cool({ id, model, until, kind }),

    /** Cools a pair that was busy: `firstMs`, doubling each time in a row, up to `maxMs`. */
    coolBusy: (id: number, model: string, now: number, firstMs: number, maxMs: number) =>
      coolBusy({ id, model, now, firstMs, maxMs }),

    /** The key served the model again: the next busy cooling is a short one. */
    clear: (id: number, model: string, now: number) => clear({ id, model, now }),

    async of(id: number, now: number): Promise<CoolingRow[]> {
      return (await of({ id, now }).all<CoolingRow>()).results;
    },

    /** Deletes coolings that ended before `now`, at most `limit`: daily quotas end by the thousand. */
    sweep: (now: number, limit: number) => sweep({ now, limit }),
  };
}

const id = sql.placeholder("id");
const model = sql.placeholder("model");
const now = sql.placeholder("now");

const coolSql = sql`insert into ${coolings} (key_id, model, until, kind)
  values (${id}, ${model}, ${sql.placeholder("until")}, ${sql.placeholder("kind")})
  on conflict do update set until = excluded.until, kind = excluded.kind where excluded.until > until`;

const busyMs = (step: ReturnType<typeof sql>) =>
  sql`min(${sql.placeholder("firstMs")} << min(${step}, 16), ${sql.placeholder("maxMs")})`;

// Answers that arrive while the pair cools already belong to the same overload and do not double it.
const coolBusySql = sql`insert into ${coolings} (key_id, model, until, kind, step)
  values (${id}, ${model}, ${now} + ${busyMs(sql`0`)}, 'busy', 1)
  on conflict do update set until = ${now} + ${busyMs(sql`step`)}, kind = 'busy', step = step + 1
  where until <= ${now}`;

const clearSql = sql`delete from ${coolings} where key_id = ${id} and model = ${model} and until <= ${now}`;

const coolingsOfSql = sql`select model, until, kind from ${coolings}
  where ${coolings.keyId} = ${id} and ${coolings.until} > ${now} order by ${coolings.until} limit 200`;

const sweepSql = sql`delete from ${coolings} where (key_id, model) in (
  select key_id, model from ${coolings} where until <= ${now} limit ${sql.placeholder("limit")})`;
