import { sql } from "drizzle-orm";
import { keys } from "./schema.ts";
import { tokenResources, tokens } from "./schema-records.ts";
import { statement } from "./statement.ts";

export type TokenResourceTable = ReturnType<typeof tokenResourceTable>;

/** The key that a token's new state is made with, and how that key stands. */
export interface Home {
  keyId: number | null;
  status: string | null;
  origin: string | null;
}

/** Rows that one sweep forgets. */
const SWEEP_LIMIT = 500;

const token = sql.placeholder("token");
const key = sql.placeholder("key");

/** Which key's project holds what a token made, and where new things go. */
export function tokenResourceTable(d1: D1Database) {
  const keysOf = statement<{ token: number; names: string }>(d1, keysOfSql);
  const remember = statement<{ token: number; names: string; key: number; now: number }>(d1, rememberSql);
  const forget = statement<{ token: number; resource: string }>(d1, forgetSql);
  const home = statement<{ token: number }>(d1, homeSql);
  const imported = statement<{ after: number; not: number }>(d1, importedSql);
  const anyKey = statement<{ after: number; not: number }>(d1, anyKeySql);
  const lastKey = statement(d1, sql`select max(id) as id from ${keys}`);
  const settle = statement<{ token: number; key: number; former: number | null }>(d1, settleSql);
  const sweepOld = statement<{ before: number }>(d1, sweepOldSql);
  const sweepGone = statement(d1, sweepGoneSql);
  const sweepHomes = statement(d1, sweepHomesSql);

  return {
    /** Of these resources the ones that the token made, with the key that holds each. */
    async keysOf(tokenId: number, names: readonly string[]): Promise<Map<string, number>> {
      if (names.length === 0) return new Map();
      const { results } = await keysOf({ token: tokenId, names: JSON.stringify(names) }).all<{
        resource: string;
        keyId: number;
      }>();
      return new Map(results.map(({ resource, keyId }) => [resource, keyId]));
    },

    async remember(tokenId: number, names: readonly string[], keyId: number, at: number): Promise<void> {
      await remember({ token: tokenId, names: JSON.stringify(names), key: keyId, now: at }).run();
    },

    async forget(tokenId: number, resource: string): Promise<void> {
      await forget({ token: tokenId, resource }).run();
    },

    async home(tokenId: number): Promise<Home | undefined> {
      return (await home({ token: tokenId }).first<Home>()) ?? undefined;
    },

    /**
     * An active key with an id above `share` (0 to 1) of all ids, or the first one: tokens spread over the keys. Only
     * one that the operator imported, unless `any` may do; `not` this one.
     */
    async pickKey(share: number, { any, not = 0 }: { any: boolean; not?: number }): Promise<number | undefined> {
      const pick = any ? anyKey : imported;
      const last = (await lastKey({}).first<{ id: number | null }>())?.id ?? 0;
      for (const after of [Math.floor(last * share), 0]) {
        const found = await pick({ after, not }).first<{ id: number }>();
        if (found !== null) return found.id;
      }
      return undefined;
    },

    /** Makes the key the token's home, unless its home is no longer `former`. */
    async settle(tokenId: number, keyId: number, former: number | null): Promise<void> {
      await settle({ token: tokenId, key: keyId, former }).run();
    },

    /** Forgets what was made before then, and what keys held that are gone. */
    async sweep(before: number): Promise<void> {
      await d1.batch([sweepOld({ before }), sweepGone({}), sweepHomes({})]);
    },
  };
}

const keysOfSql = sql`select resource, key_id as keyId from ${tokenResources}
  where token_id = ${token} and resource in (select value from json_each(${sql.placeholder("names")}))`;

// What is known already stays where it is: no answer of Google's moves another's thing.
const rememberSql = sql`insert into ${tokenResources} (token_id, resource, key_id, created_at)
  select ${token}, value, ${key}, ${sql.placeholder("now")} from json_each(${sql.placeholder("names")}) where true
  on conflict do nothing`;

const forgetSql = sql`delete from ${tokenResources}
  where token_id = ${token} and resource = ${sql.placeholder("resource")}`;

const homeSql = sql`select home_key_id as keyId, status, origin from ${tokens}
  left join ${keys} on ${keys.id} = home_key_id where ${tokens.id} = ${token}`;

const importedSql = sql`select id from ${keys} indexed by keys_imported
  where id > ${sql.placeholder("after")} and id <> ${sql.placeholder("not")}
    and origin = 'imported' and status = 'active' order by id limit 1`;

const anyKeySql = sql`select id from ${keys} indexed by keys_leasable
  where id > ${sql.placeholder("after")} and id <> ${sql.placeholder("not")}
    and status = 'active' and resting_until is null order by id limit 1`;

const settleSql = sql`update ${tokens} set home_key_id = ${key}
  where id = ${token} and home_key_id is ${sql.placeholder("former")}`;

const limit = sql.raw(String(SWEEP_LIMIT));

const sweepOldSql = sql`delete from ${tokenResources} where (token_id, resource) in (
  select token_id, resource from ${tokenResources} where created_at < ${sql.placeholder("before")}
  order by created_at limit ${limit})`;

const goneHomesSql = sql`select ${tokens.id} as token_id, home_key_id as key_id from ${tokens}
  join ${keys} on ${keys.id} = home_key_id where ${keys.status} in ('withdrawn', 'deleted')`;

const sweepGoneSql = sql`delete from ${tokenResources} where (token_id, resource) in (
  select token_id, resource from (${goneHomesSql}) gone
    join ${tokenResources} made using (token_id, key_id) limit ${limit})`;

// A token keeps a home that is gone until nothing of it is left to forget.
const sweepHomesSql = sql`update ${tokens} set home_key_id = null where ${tokens.id} in (
  select token_id from (${goneHomesSql}) gone where not exists (
    select 1 from ${tokenResources} made where made.token_id = gone.token_id and made.key_id = gone.key_id))`;
