import { and, eq, isNotNull, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { BY_OPERATOR } from "./key-acts.ts";
import { keyModels } from "./schema-records.ts";
import { coolings, cursors, keys, stretches, totals } from "./schema.ts";
import { statement } from "./statement.ts";

export type KeyStatus = (typeof keys.$inferSelect)["status"];

/** What the database tells of a key; never the key. */
export interface KeyRow {
  id: number;
  status: KeyStatus;
  lastFour: string;
  reason: string | null;
  contributedAt: number;
  lastUsedAt: number | null;
  uses: number;
  restingUntil: number | null;
}

export interface SealedKey {
  fingerprint: string;
  ciphertext: string;
  /** Names the secret that both were made under. */
  secretId: string;
  lastFour: string;
}

/** What a key did for one model since it was counted last. */
export interface KeyTally {
  id: number;
  model: string;
  uses: number;
  /** Attempts that failed because of the key. */
  errors: number;
}

/** What a key did for all models. */
export interface KeyCount extends Omit<KeyTally, "model"> {
  /** Its owner called. */
  seen: boolean;
}

/** What is kept of a retirement beside its reason. */
export type Aftermath = {
  /** What Google said, redacted. */
  words: string | null;
  /** When the key is asked again; null: never by itself. */
  recheckAt: number | null;
};

const FOR_GOOD: Aftermath = { words: null, recheckAt: null };

export interface Totals {
  active: number;
  retired: number;
  withdrawn: number;
}

export type KeyTable = ReturnType<typeof keyTable>;

const id = sql.placeholder("id");
const now = sql.placeholder("now");

/** Keys by id or fingerprint. What ends in a prepared statement is meant to be batched by the caller. */
export function keyTable(d1: D1Database) {
  const db = drizzle(d1);
  const find = statement<{ fingerprint: string }>(d1, findSql);
  const retire = statement<{ id: number; reason: string; now: number } & Aftermath>(d1, retireSql);
  const strike = statement<{ id: number; reason: string; now: number; restUntil: number } & Aftermath>(d1, strikeSql);
  const rest = statement<{ id: number; now: number; firstMs: number; maxMs: number }>(d1, restSql);
  const wipe = statement<{ id: number }>(d1, wipeSql);
  const count = statement<{ counts: string; now: number }>(d1, countSql);
  const countByModel = statement<{ tallies: string; now: number }>(d1, countByModelSql);
  const sweepStretches = statement<{ now: number }>(d1, sql`delete from ${stretches} where until <= ${now}`);
  const readTotals = statement(d1, sql`select active, retired, withdrawn from ${totals} limit 1`);

  return {
    async find(fingerprint: string): Promise<KeyRow | undefined> {
      return (await find({ fingerprint }).first<KeyRow>()) ?? undefined;
    },

    /**
     * Takes a proven key in: new, or back from retirement, in one upsert that a race of parallel first requests
     * survives. A withdrawn key stays out: only its owner's {@link rejoin} forgets a withdrawal. So does one that the
     * operator retired.
     */
    async admit(key: SealedKey, at: number): Promise<{ id: number; status: KeyStatus } | undefined> {
      const upsert = db
        .insert(keys)
        .values({ ...key, status: "active", statusChangedAt: at, contributedAt: at, lastSeenAt: at })
        .onConflictDoUpdate({
          target: keys.fingerprint,
          set: {
            status: sql`'active'`,
            ciphertext: sql`excluded.ciphertext`,
            secretId: sql`excluded.secret_id`,
            lastFour: sql`excluded.last_four`,
            statusChangedAt: sql`iif(${keys.status} = 'active', ${keys.statusChangedAt}, excluded.status_changed_at)`,
            reason: null,
            words: null,
            recheckAt: null,
            rechecks: 0,
            restingUntil: null,
            restStep: 0,
            strikes: 0,
            lastSeenAt: sql`excluded.last_seen_at`,
          },
          setWhere: sql`${keys.status} <> 'withdrawn' and ${keys.reason} is not ${BY_OPERATOR}`,
        })
        .returning({ id: keys.id, status: keys.status });
      // A key that joins, or comes back inside a known stretch of cooling keys, must be seen by the next lease.
      const [rows] = await db.batch([
        upsert,
        db
          .delete(stretches)
          .where(
            sql`exists (select 1 from ${keys} where fingerprint = ${key.fingerprint} and ${keys.id} between from_id and to_id)`,
          ),
        db.update(cursors).set({ blockedUntil: null }).where(isNotNull(cursors.blockedUntil)),
      ]);
      return rows[0];
    },

    retire: (keyId: number, reason: string, at: number, after: Aftermath = FOR_GOOD) =>
      retire({ id: keyId, reason, now: at, ...after }),

    /** First hit: rest until `restUntil`. A hit after that rest: retire. Hits while resting are the same event. */
    strike: (keyId: number, reason: string, at: number, restUntil: number, after: Aftermath = FOR_GOOD) =>
      strike({ id: keyId, reason, now: at, restUntil, ...after }),

    /** Rests the key for all models, twice as long each time in a row, up to `maxMs`. */
    rest: (keyId: number, at: number, firstMs: number, maxMs: number) => rest({ id: keyId, now: at, firstMs, maxMs }),

    /** The key served again: strikes and rests are forgotten. */
    wipe: (keyId: number) => wipe({ id: keyId }),

    /** Adds up uses and errors, and notes when the keys served and their owners called. One statement for all. */
    count: (counts: readonly KeyCount[], at: number) =>
      count({ counts: JSON.stringify(counts.map((key) => [key.id, key.uses, key.errors, key.seen])), now: at }),

    /** Adds up uses and errors by key and model. One statement for all. */
    countByModel: (tallies: readonly KeyTally[], at: number) =>
      countByModel({
        tallies: JSON.stringify(tallies.map((key) => [key.id, key.model, key.uses, key.errors])),
        now: at,
      }),

    /** Its owner takes the key out: nothing that opens it stays. The fingerprint stays, to remember the wish. */
    async withdraw(fingerprint: string, at: number): Promise<number | undefined> {
      const [withdrawn] = await db.batch([
        db
          .update(keys)
          .set({
            status: "withdrawn",
            ciphertext: null,
            lastFour: "",
            // Or leaving and rejoining would undo what the operator decided.
            reason: sql`iif(${keys.reason} = ${BY_OPERATOR}, ${BY_OPERATOR}, null)`,
            words: null,
            recheckAt: null,
            restingUntil: null,
            statusChangedAt: at,
          })
          .where(and(eq(keys.fingerprint, fingerprint), sql`${keys.status} <> 'withdrawn'`))
          .returning({ id: keys.id }),
        db.delete(coolings).where(sql`${coolings.keyId} = (select id from ${keys} where fingerprint = ${fingerprint})`),
      ]);
      return withdrawn[0]?.id;
    },

    /** Forgets a withdrawal: the key stands as retired until it proves itself again. Not if the operator retired it. */
    async rejoin(fingerprint: string, at: number): Promise<boolean> {
      const rows = await db
        .update(keys)
        .set({ status: "retired", reason: "rejoining", statusChangedAt: at })
        .where(sql`fingerprint = ${fingerprint} and status = 'withdrawn' and reason is not ${BY_OPERATOR}`)
        .returning({ id: keys.id });
      return rows.length > 0;
    },

    /** Wakes keys whose rest has ended, a few at a time, and opens the stretches that hide them. */
    async wake(at: number, limit: number): Promise<void> {
      const due = sql`select ${keys.id} from ${keys} where ${keys.restingUntil} is not null
        and ${keys.restingUntil} <= ${at} order by ${keys.restingUntil} limit ${limit}`;
      await db.batch([
        db.delete(stretches).where(sql`exists (select 1 from (${due}) due where due.id between from_id and to_id)`),
        db
          .update(cursors)
          .set({ blockedUntil: null })
          .where(sql`blocked_until is not null and exists (${due})`),
        db
          .update(keys)
          .set({ restingUntil: null })
          .where(sql`${keys.id} in (${due})`),
      ]);
    },

    async totals(): Promise<Totals> {
      return (await readTotals({}).first<Totals>()) ?? { active: 0, retired: 0, withdrawn: 0 };
    },

    /** Forgets stretches that have ended. */
    sweepStretches: (at: number) => sweepStretches({ now: at }),
  };
}

const findSql = sql`select id, status, last_four as lastFour, reason, contributed_at as contributedAt,
  last_used_at as lastUsedAt, uses, resting_until as restingUntil
  from ${keys} where ${keys.fingerprint} = ${sql.placeholder("fingerprint")}`;

const words = sql.placeholder("words");
const recheckAt = sql.placeholder("recheckAt");

const retireSql = sql`update ${keys}
  set status = 'retired', reason = ${sql.placeholder("reason")}, words = ${words}, recheck_at = ${recheckAt},
    rechecks = 0, status_changed_at = ${now}, resting_until = null
  where ${keys.id} = ${id} and ${keys.status} = 'active'`;

const strikeSql = sql`update ${keys} set
    status = iif(strikes > 0, 'retired', status),
    reason = iif(strikes > 0, ${sql.placeholder("reason")}, reason),
    words = iif(strikes > 0, ${words}, words),
    recheck_at = iif(strikes > 0, ${recheckAt}, recheck_at),
    rechecks = 0,
    status_changed_at = iif(strikes > 0, ${now}, status_changed_at),
    resting_until = iif(strikes > 0, null, ${sql.placeholder("restUntil")}),
    strikes = strikes + 1
  where ${keys.id} = ${id} and ${keys.status} = 'active' and coalesce(resting_until, 0) <= ${now}`;

const restSql = sql`update ${keys} set
    resting_until = ${now} + min(${sql.placeholder("firstMs")} << min(rest_step, 16), ${sql.placeholder("maxMs")}),
    rest_step = rest_step + 1
  where ${keys.id} = ${id} and ${keys.status} = 'active' and coalesce(resting_until, 0) <= ${now}`;

const wipeSql = sql`update ${keys} set strikes = 0, rest_step = 0
  where ${keys.id} = ${id} and ${keys.status} = 'active' and (strikes > 0 or rest_step > 0)`;

const countSql = sql`update ${keys} set
    uses = uses + (counted.value ->> 1),
    errors = errors + (counted.value ->> 2),
    last_used_at = iif(counted.value ->> 1, ${now}, last_used_at),
    last_seen_at = iif(counted.value ->> 3, ${now}, last_seen_at)
  from json_each(${sql.placeholder("counts")}) counted where ${keys.id} = counted.value ->> 0`;

const countByModelSql = sql`insert into ${keyModels} (key_id, model, uses, errors, last_at)
  select value ->> 0, value ->> 1, value ->> 2, value ->> 3, ${now} from json_each(${sql.placeholder("tallies")}) where true
  on conflict do update set uses = uses + excluded.uses, errors = errors + excluded.errors, last_at = excluded.last_at`;
