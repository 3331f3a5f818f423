import { env } from "cloudflare:workers";
import { createAccess, type Access } from "../../src/access/access.ts";
import type { TokenTerms } from "../../src/db/tokens.ts";
import { storedKey } from "./pool-rows.ts";

const NO_TERMS: TokenTerms = { name: "team", expiresAt: null, models: null, requestLimit: null, limitPeriod: "total" };

/** The operator's side of tokens, in an isolate of its own. `at` is its clock. */
export function tokenDesk(at: () => number = Date.now): Access {
  return createAccess({
    d1: env.DB,
    pool: { wait: (ask) => ask(), scheduleFlush: () => undefined },
    clock: at,
    random: Math.random,
    log: () => undefined,
    settings: { CONTRIBUTOR_TTL_MS: 60_000, CONTRIBUTION: "open", MODELS: "" },
  });
}

/** A new token, as its bearer gets it, and its id. */
export async function issueToken(terms: Partial<TokenTerms> = {}): Promise<{ token: string; id: number }> {
  const { token, row } = await tokenDesk().create({ ...NO_TERMS, ...terms });
  return { token: token.reveal(), id: row.id };
}

export async function emptyAccess(): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("delete from tokens"),
    env.DB.prepare("delete from token_resources"),
    env.DB.prepare("delete from settings_overrides"),
  ]);
}

/** As if the operator had imported these keys. */
export async function markImported(...keys: string[]): Promise<void> {
  for (const key of keys) {
    const id = (await storedKey(key))?.id ?? -1;
    await env.DB.prepare("update keys set origin = 'imported' where id = ?").bind(id).run();
  }
}

export interface StoredToken {
  id: number;
  hash: string;
  used: number;
  uses: number;
  last_used_at: number | null;
  home_key_id: number | null;
}

export async function storedToken(id: number): Promise<StoredToken | null> {
  return env.DB.prepare("select * from tokens where id = ?").bind(id).first<StoredToken>();
}

export async function storedResources(): Promise<{ token_id: number; resource: string; key_id: number }[]> {
  const all = env.DB.prepare("select token_id, resource, key_id from token_resources order by token_id, resource");
  return (await all.all<{ token_id: number; resource: string; key_id: number }>()).results;
}
