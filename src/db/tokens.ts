import { getTableColumns, sql, type SQLWrapper } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { tokenResources, tokens } from "./schema-records.ts";
import { statement } from "./statement.ts";

export type LimitPeriod = (typeof tokens.$inferSelect)["limitPeriod"];

/** What the database tells of a token; never the token. */
export type TokenRow = Omit<typeof tokens.$inferSelect, "hash">;

/** What an operator decides about a token. */
export interface TokenTerms {
  name: string;
  /** Epoch milliseconds; null for never. */
  expiresAt: number | null;
  /** Patterns separated by commas; null for all. */
  models: string | null;
  /** Requests in one period; null for any number. */
  requestLimit: number | null;
  limitPeriod: LimitPeriod;
}

/** How many requests a token had used when some more were asked for, and what was true then. */
export interface Reservation {
  used: number;
  /** Null if there is none (any more). */
  requestLimit: number | null;
}

export type TokenTable = ReturnType<typeof tokenTable>;

/** More tokens than an operator can tell apart. */
const MAX_LISTED = 1000;

const { hash: _hash, ...visible } = getTableColumns(tokens);

const id = sql.placeholder("id");
const now = sql.placeholder("now");
const start = sql.placeholder("start");
const columns = sql`id, name, last_four as lastFour, created_at as createdAt, expires_at as expiresAt,
  revoked_at as revokedAt, models, request_limit as requestLimit, limit_period as limitPeriod, used,
  period_start as periodStart, uses, last_used_at as lastUsedAt, home_key_id as homeKeyId`;

/** Access tokens, by hash or id. */
export function tokenTable(d1: D1Database) {
  const db = drizzle(d1);
  const find = statement<{ hash: string }>(
    d1,
    sql`select ${columns} from ${tokens} where hash = ${sql.placeholder("hash")}`,
  );
  const findId = statement<{ id: number }>(d1, sql`select ${columns} from ${tokens} where id = ${id}`);
  const list = statement(
    d1,
    sql`select ${columns} from ${tokens} order by id desc limit ${sql.raw(String(MAX_LISTED))}`,
  );
  const revoke = statement<{ id: number; now: number }>(d1, revokeSql);
  const forgetAll = statement<{ id: number }>(
    d1,
    sql`delete from ${tokenResources} where ${tokenResources.tokenId} = ${id}`,
  );
  const used = statement<{ id: number; start: number }>(d1, usedSql);
  const reserve = statement<{ id: number; start: number; count: number }>(d1, reserveSql);
  const count = statement<{ uses: string; now: number }>(d1, countSql);

  return {
    async create(hash: string, lastFour: string, terms: TokenTerms, at: number): Promise<TokenRow | undefined> {
      const [created] = await db
        .insert(tokens)
        .values({ hash, lastFour, ...terms, createdAt: at })
        .returning(visible);
      return created;
    },

    async find(hash: string): Promise<TokenRow | undefined> {
      return (await find({ hash }).first<TokenRow>()) ?? undefined;
    },

    async findId(tokenId: number): Promise<TokenRow | undefined> {
      return (await findId({ id: tokenId }).first<TokenRow>()) ?? undefined;
    },

    /** The newest first. */
    async list(): Promise<TokenRow[]> {
      return (await list({}).all<TokenRow>()).results;
    },

    /** Ends the token and forgets what it made. False if there is no such token, or it was ended before. */
    async revoke(tokenId: number, at: number): Promise<boolean> {
      const [revoked] = await d1.batch<{ id: number }>([revoke({ id: tokenId, now: at }), forgetAll({ id: tokenId })]);
      return (revoked?.results.length ?? 0) > 0;
    },

    /** Other terms; another period begins to count anew. */
    async change(tokenId: number, terms: Partial<TokenTerms>): Promise<TokenRow | undefined> {
      const { limitPeriod } = terms;
      // Who sends all terms to change a name must not give a used-up token its requests back.
      const unlessSame = (column: SQLWrapper) => sql`iif(${tokens.limitPeriod} = ${limitPeriod}, ${column}, 0)`;
      const reset =
        limitPeriod === undefined ? {} : { periodStart: unlessSame(tokens.periodStart), used: unlessSame(tokens.used) };
      if (Object.keys(terms).length === 0) return (await findId({ id: tokenId }).first<TokenRow>()) ?? undefined;
      const [changed] = await db
        .update(tokens)
        .set({ ...terms, ...reset })
        .where(sql`${tokens.id} = ${tokenId}`)
        .returning(visible);
      return changed;
    },

    /**
     * Counts `count` requests more in the period that began at `periodStart`, or as many as are left: in one
     * transaction, so that no two isolates are given the same ones. Undefined if the token is no longer good.
     */
    async reserve(tokenId: number, periodStart: number, most: number): Promise<Reservation | undefined> {
      const values = { id: tokenId, start: periodStart };
      const [before] = await d1.batch<Reservation>([used(values), reserve({ ...values, count: most })]);
      return before?.results[0];
    },

    /** Adds to the tokens' counters; a row each. */
    count: (uses: readonly { id: number; uses: number }[], at: number) =>
      count({ uses: JSON.stringify(uses), now: at }),
  };
}

const revokeSql = sql`update ${tokens} set revoked_at = ${now} where id = ${id} and revoked_at is null returning id`;

// A period only ever moves on: the clocks of two places may differ by a moment at midnight.
const usedInPeriod = sql`iif(period_start >= ${start}, used, 0)`;

const usedSql = sql`select ${usedInPeriod} as used, request_limit as requestLimit from ${tokens}
  where id = ${id} and revoked_at is null`;

const reserveSql = sql`update ${tokens} set
    used = min(request_limit, ${usedInPeriod} + ${sql.placeholder("count")}),
    period_start = max(period_start, ${start})
  where id = ${id} and revoked_at is null and ${usedInPeriod} < request_limit`;

const countSql = sql`update ${tokens} set uses = uses + one.value ->> 'uses', last_used_at = ${now}
  from json_each(${sql.placeholder("uses")}) as one where ${tokens.id} = one.value ->> 'id'`;
