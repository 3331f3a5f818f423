import { env } from "cloudflare:workers";
import { ApiKey } from "../../src/api-key.ts";
import { createVault } from "../../src/pool/vault.ts";

/** The tests' own look at the tables: what the Worker wrote, not what it says. */
export interface StoredKey {
  id: number;
  fingerprint: string;
  ciphertext: string | null;
  last_four: string;
  status: string;
  reason: string | null;
  status_changed_at: number;
  contributed_at: number;
  last_seen_at: number;
  last_used_at: number | null;
  uses: number;
  errors: number;
  resting_until: number | null;
  rest_step: number;
  strikes: number;
  words: string | null;
  recheck_at: number | null;
  rechecks: number;
}

export interface StoredCooling {
  key_id: number;
  model: string;
  until: number;
  kind: string;
  step: number;
}

export interface StoredKeyModel {
  key_id: number;
  model: string;
  uses: number;
  errors: number;
  last_at: number;
}

const vault = createVault(env.POOL_SECRET);

/** An empty pool; ids begin at 1 again. */
export async function emptyPool(): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("delete from keys"),
    env.DB.prepare("delete from coolings"),
    env.DB.prepare("delete from key_models"),
    env.DB.prepare("delete from stretches"),
    env.DB.prepare("delete from cursors where model <> '*'"),
    env.DB.prepare("update cursors set position = 0, blocked_until = null"),
  ]);
}

/** Fills the pool with active keys 1…count whose ciphertexts open for nobody. One statement, whatever the count. */
export async function seedKeys(count: number): Promise<void> {
  await env.DB.prepare(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
     insert into keys (id, fingerprint, ciphertext, last_four, status, status_changed_at, contributed_at, last_seen_at)
     select i, 'print-' || i, 'sealed-' || i, 'abcd', 'active', 0, 0, 0 from n`,
  )
    .bind(count)
    .run();
}

/** Puts keys that open into the pool, as if they had been contributed. One statement, whatever the count. */
export async function seatKeys(keys: readonly string[]): Promise<void> {
  const rows = keys.map((key) => vault.seal(new ApiKey(key)));
  await env.DB.prepare(
    `insert into keys (fingerprint, ciphertext, secret_id, last_four, status, status_changed_at, contributed_at, last_seen_at)
     select value ->> 'fingerprint', value ->> 'ciphertext', value ->> 'secretId', value ->> 'lastFour', 'active', 0, 0, 0
     from json_each(?)`,
  )
    .bind(JSON.stringify(rows))
    .run();
}

/** Cools the keys that the condition on `id` picks. */
export async function coolWhere(condition: string, model: string, until: number): Promise<void> {
  await env.DB.prepare(
    `insert into coolings (key_id, model, until, kind) select id, ?, ?, 'quota_day' from keys where ${condition}`,
  )
    .bind(model, until)
    .run();
}

export async function storedKey(key: string): Promise<StoredKey | undefined> {
  const print = vault.fingerprint(new ApiKey(key));
  const found = env.DB.prepare("select * from keys where fingerprint = ?").bind(print);
  return (await found.first<StoredKey>()) ?? undefined;
}

/** Like {@link storedKey}, for a key that must be there. */
export async function requireStoredKey(key: string): Promise<StoredKey> {
  const row = await storedKey(key);
  if (row === undefined) throw new Error(`…${key.slice(-4)} is not stored`);
  return row;
}

export async function storedKeys(): Promise<StoredKey[]> {
  return (await env.DB.prepare("select * from keys order by id").all<StoredKey>()).results;
}

export async function storedKeyModels(): Promise<StoredKeyModel[]> {
  return (await env.DB.prepare("select * from key_models order by key_id, model").all<StoredKeyModel>()).results;
}

export async function storedCoolings(): Promise<StoredCooling[]> {
  return (await env.DB.prepare("select * from coolings order by key_id, model").all<StoredCooling>()).results;
}

export async function storedTotals(): Promise<{ active: number; retired: number; withdrawn: number } | null> {
  return env.DB.prepare("select active, retired, withdrawn from totals").first();
}

export async function cursorModels(): Promise<string[]> {
  const { results } = await env.DB.prepare("select model from cursors order by model").all<{ model: string }>();
  return results.map(({ model }) => model);
}

/** Counts by hand what the triggers keep in `totals`. */
export async function countedTotals(): Promise<{ active: number; retired: number; withdrawn: number } | null> {
  return env.DB.prepare(
    `select coalesce(sum(status = 'active'), 0) as active, coalesce(sum(status = 'retired'), 0) as retired,
      coalesce(sum(status = 'withdrawn'), 0) as withdrawn from keys`,
  ).first();
}
