import { ApiKey } from "../src/api-key.ts";
import type { KeyTable } from "../src/db/keys.ts";
import type { LeaseTable } from "../src/db/leases.ts";
import { Contributors } from "../src/pool/contributors.ts";
import { Ledger } from "../src/pool/ledger.ts";
import { Outcasts } from "../src/pool/outcasts.ts";
import { Patience } from "../src/pool/patience.ts";
import { Rotation, type Defer } from "../src/pool/rotation.ts";
import type { Vault } from "../src/pool/vault.ts";
import type { SimulatedD1 } from "./simulated-d1.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What one isolate keeps: the real classes of src/pool. */
export interface Isolate {
  outcasts: Outcasts;
  rotation: Rotation;
  contributors: Contributors;
  ledger: Ledger;
}

export interface FleetOptions {
  time: VirtualTime;
  d1: SimulatedD1;
  random: () => number;
  isolates: number;
  leaseMax: number;
  leaseTtlMs: number;
}

/** The settings' defaults (src/settings.ts). */
const D1_TIMEOUT_MS = 2000;
const CONTRIBUTOR_TTL_MS = 60_000;
const FLUSH_AFTER_MS = 10_000;

export const ignore: Defer = () => undefined;

/** Isolates on one database. Only what their traffic needs is there: nothing cools, nobody joins. */
export function makeFleet(options: FleetOptions): Isolate[] {
  const { time, d1, random, leaseMax, leaseTtlMs } = options;
  const clock = () => time.now;
  const sleep = (ms: number) => time.sleep(ms);
  const log = () => undefined;
  const rowsOf = new WeakMap<D1PreparedStatement, number>();
  /** Stands for a prepared statement that writes a row for each of its counters. */
  const stand = ({ length }: { length: number }) => {
    const statement = {} as D1PreparedStatement;
    rowsOf.set(statement, length);
    return statement;
  };
  const keys = {
    find: (fingerprint: string) => d1.find(Number(fingerprint)),
    count: stand,
    countByModel: stand,
  } as unknown as KeyTable;
  // Keys are their own ids, unsealed.
  const vault = {
    fingerprint: (key: ApiKey) => key.reveal(),
    open: ({ ciphertext }: { ciphertext: string }) => new ApiKey(ciphertext),
  } as unknown as Vault;
  const leases = { lease: (request) => d1.lease(request) } as LeaseTable;
  const resealing = { follow: async () => undefined };
  const batch = async (statements: D1PreparedStatement[]) => {
    const rows = statements.map((statement) => rowsOf.get(statement) ?? 1);
    await d1.write(
      rows.reduce((sum, count) => sum + count, 0),
      statements.length,
    );
    return rows.map((count) => ({ meta: { rows_written: count } }));
  };

  return Array.from({ length: options.isolates }, () => {
    const patience = new Patience({ timeoutMs: D1_TIMEOUT_MS, clock, sleep });
    const outcasts = new Outcasts();
    const ledger = new Ledger({ keys, batch, clock, sleep, random, log, flushAfterMs: FLUSH_AFTER_MS });
    // Statistics and the like: as greedy as they may be.
    ledger.addSource({ take: (_, budget) => (budget < 1 ? [] : [stand({ length: budget })]) });
    return {
      outcasts,
      rotation: new Rotation({ leases, batch, vault, outcasts, patience, clock, log, leaseMax, leaseTtlMs }),
      contributors: new Contributors({ keys, vault, resealing, patience, clock, log, ttlMs: CONTRIBUTOR_TTL_MS }),
      ledger,
    };
  });
}
