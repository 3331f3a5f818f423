import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ApiKey } from "../src/api-key.ts";
import { createVault } from "../src/pool/vault.ts";
import { POOL_SECRET, type PoolSize } from "./topology.ts";

const MIGRATIONS = join(import.meta.dirname, "../migrations");
/** One JSON parameter for each chunk: D1 takes 2 MB a string. */
const ROWS_PER_INSERT = 2500;

/** The n-th key of a pool; none of Google's, but of the same length. The first is the caller's own. */
export const benchKey = (index: number) => `AIzaSyBench${String(index).padStart(28, "0")}`;

/** What `PRAGMA` and counts of rows come through: a database's door. */
export interface Door {
  port: number;
}

export async function queryD1({ port }: Door, sql: string, params: unknown[] = []): Promise<void> {
  const body = JSON.stringify({ sql, params });
  const response = await fetch(`http://127.0.0.1:${port}/query?resultsFormat=NONE`, { method: "POST", body });
  const answer = (await response.json()) as { success: false; error: string } | { success: true }[];
  if (!Array.isArray(answer)) throw new Error(`D1: ${answer.error}`);
}

/** Lays the schema by the real migrations and fills the pool with keys that open under the bench's secret. */
export async function seedPool(door: Door, size: PoolSize): Promise<void> {
  for (const file of readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith(".sql"))
    .toSorted()) {
    const statements = readFileSync(join(MIGRATIONS, file), "utf8").split("--> statement-breakpoint");
    for (const sql of statements) await queryD1(door, sql);
  }
  const vault = createVault(POOL_SECRET);
  const sealed = Array.from({ length: size }, (_, index) => vault.seal(new ApiKey(benchKey(index))));
  for (let from = 0; from < size; from += ROWS_PER_INSERT) {
    const chunk = JSON.stringify(sealed.slice(from, from + ROWS_PER_INSERT));
    await queryD1(door, INSERT, [chunk, Date.now()]);
  }
}

const INSERT = `insert into keys
  (fingerprint, ciphertext, secret_id, last_four, status, status_changed_at, contributed_at, last_seen_at)
  select value ->> 'fingerprint', value ->> 'ciphertext', value ->> 'secretId', value ->> 'lastFour', 'active', ?2, ?2, ?2
  from json_each(?1)`;

export interface D1Counts {
  roundTrips: number;
  queries: number;
  rowsRead: number;
  rowsWritten: number;
}

/** What D1 has counted behind this door so far. */
export async function readGauge({ port }: Door): Promise<D1Counts> {
  return (await (await fetch(`http://127.0.0.1:${port}/gauge`)).json()) as D1Counts;
}
