import { sql } from "drizzle-orm";
import type { SealedKey } from "./keys.ts";
import { keys } from "./schema.ts";
import { statement } from "./statement.ts";

/** A row whose fingerprint and ciphertext were made under another secret than the one that seals now. */
export interface SealedRow {
  id: number;
  fingerprint: string;
  ciphertext: string;
}

export type ResealingTable = ReturnType<typeof resealingTable>;

/** What a change of `POOL_SECRET` writes. Ids stay, so nothing that refers to a key notices. */
export function resealingTable(d1: D1Database) {
  const merge = statement<{ former: string; fingerprint: string }>(d1, mergeSql);
  const move = statement<Omit<SealedKey, "lastFour"> & { former: string }>(d1, moveSql);
  const label = statement<{ fingerprint: string; secretId: string }>(d1, labelSql);
  const bury = statement<{ former: string; secretId: string }>(d1, burySql);
  const listOthers = statement<{ secretId: string; after: number; limit: number }>(d1, listOthersSql);
  const countOthers = statement<{ secretId: string; after: number; most: number }>(d1, countOthersSql);
  const countStuck = statement<{ secretId: string }>(d1, countStuckSql);

  return {
    /**
     * Brings the key's row from its former fingerprint under the new secret; nothing if there is no such row. Where
     * a row stands under the new fingerprint already (an isolate that did not know the new secret yet wrote the
     * other), that one stays, and a withdrawal of either holds. In one batch.
     */
    move(former: string, { fingerprint, ciphertext, secretId }: SealedKey): D1PreparedStatement[] {
      if (former === fingerprint) return [label({ fingerprint, secretId })];
      return [
        merge({ former, fingerprint }),
        move({ former, fingerprint, ciphertext, secretId }),
        bury({ former, secretId }),
      ];
    },

    /** Rows behind the id `after` that another secret sealed, in order of their ids. */
    async listOthers(secretId: string, after: number, limit: number): Promise<SealedRow[]> {
      return (await listOthers({ secretId, after, limit }).all<SealedRow>()).results;
    },

    /** How many of them there are, counted up to `most`. */
    async countOthers(secretId: string, after: number, most: number): Promise<number> {
      return (await countOthers({ secretId, after, most }).first<number>("others")) ?? 0;
    },

    /** What other secrets still hold, over the whole table. Withdrawn rows have no key left to seal anew. */
    async countStuck(secretId: string): Promise<{ sealed: number; withdrawn: number }> {
      const row = await countStuck({ secretId }).first<{ sealed: number; withdrawn: number }>();
      return row ?? { sealed: 0, withdrawn: 0 };
    },
  };
}

const former = sql.placeholder("former");
const fingerprint = sql.placeholder("fingerprint");
const secretId = sql.placeholder("secretId");

const isWithdrawn = sql`former.status = 'withdrawn'`;

const mergeSql = sql`update ${keys} set
    uses = ${keys.uses} + former.uses,
    contributed_at = min(${keys.contributedAt}, former.contributed_at),
    status = iif(${isWithdrawn}, 'withdrawn', ${keys.status}),
    ciphertext = iif(${isWithdrawn}, null, ${keys.ciphertext}),
    last_four = iif(${isWithdrawn}, '', ${keys.lastFour}),
    resting_until = iif(${isWithdrawn}, null, ${keys.restingUntil})
  from (select uses, contributed_at, status from ${keys} where fingerprint = ${former}) as former
  where ${keys.fingerprint} = ${fingerprint}`;

const moveSql = sql`update ${keys} set
    fingerprint = ${fingerprint},
    ciphertext = iif(ciphertext is null, null, ${sql.placeholder("ciphertext")}),
    secret_id = ${secretId}
  where fingerprint = ${former} and not exists (select 1 from ${keys} twin where twin.fingerprint = ${fingerprint})`;

/** For a row that stands under the new secret already and was not labelled so. */
const labelSql = sql`update ${keys} set secret_id = ${secretId} where fingerprint = ${fingerprint}`;

// Rows are never deleted, or an id could be given out twice while isolates remember it.
const burySql = sql`update ${keys} set
    fingerprint = 'merged ' || id, ciphertext = null, last_four = '', secret_id = ${secretId},
    status = 'retired', reason = 'merged', resting_until = null
  where fingerprint = ${former}`;

const listOthersSql = sql`select id, fingerprint, ciphertext from ${keys}
  where id > ${sql.placeholder("after")} and secret_id <> ${secretId} and ciphertext is not null
  order by id limit ${sql.placeholder("limit")}`;

const countOthersSql = sql`select count(*) as others from (
  select 1 from ${keys} where id > ${sql.placeholder("after")} and secret_id <> ${secretId} and ciphertext is not null
  limit ${sql.placeholder("most")})`;

const countStuckSql = sql`select coalesce(sum(ciphertext is not null), 0) as sealed,
    coalesce(sum(status = 'withdrawn'), 0) as withdrawn
  from ${keys} where secret_id <> ${secretId}`;
