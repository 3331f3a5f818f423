import { sql } from "drizzle-orm";
import { keys } from "./schema.ts";
import { statement } from "./statement.ts";

export type HeldKeyTable = ReturnType<typeof heldKeyTable>;

/** One key by its id, to be opened: for what lies in that key's project alone. */
export function heldKeyTable(d1: D1Database) {
  const find = statement<{ id: number }>(d1, findSql);

  return {
    /** Undefined unless the key is active. It may be resting: what its project holds can still be read. */
    async find(id: number): Promise<{ fingerprint: string; ciphertext: string } | undefined> {
      return (await find({ id }).first<{ fingerprint: string; ciphertext: string }>()) ?? undefined;
    },
  };
}

const findSql = sql`select fingerprint, ciphertext from ${keys}
  where ${keys.id} = ${sql.placeholder("id")} and ${keys.status} = 'active' and ciphertext is not null`;
