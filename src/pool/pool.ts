import type { ApiKey } from "../api-key.ts";
import type { Clock, Sleep } from "../clock.ts";
import { coolingTable, type CoolingRow } from "../db/coolings.ts";
import { keyTable, type KeyRow, type Totals } from "../db/keys.ts";
import { leaseTable } from "../db/leases.ts";
import { resealingTable } from "../db/resealing.ts";
import { causeOf, type Log } from "../log.ts";
import { Contributors } from "./contributors.ts";
import { Ledger } from "./ledger.ts";
import { Outcasts } from "./outcasts.ts";
import { Patience } from "./patience.ts";
import { createReport } from "./report.ts";
import { createResealing } from "./resealing.ts";
import { Rotation, type Defer } from "./rotation.ts";
import { createVault } from "./vault.ts";

export interface PoolOptions {
  d1: D1Database;
  poolSecret: string;
  /** Takes the place of `poolSecret`, step by step. */
  nextSecret?: string | undefined;
  leaseMax: number;
  leaseTtlMs: number;
  contributorTtlMs: number;
  d1TimeoutMs: number;
  flushAfterMs: number;
  clock: Clock;
  sleep: Sleep;
  random: () => number;
  log: Log;
}

export type Pool = ReturnType<typeof createPool>;

/** How old a count may be: the contract says 5 s, of which D1 and the way there take some. */
const TOTALS_TTL_MS = 3000;

/** How often one isolate looks after the pool (wakes keys, sweeps ended coolings), and how much at a time. */
const TEND_EVERY_MS = 60_000;
const TEND_LIMIT = 200;

/** Ended coolings stay for this long: a busy pair is cooled for longer only while it is known to have been busy. */
const KEEP_ENDED_MS = 600_000;

/** A key that left is kept in mind a little longer than any block that may still hold it. */
const OUTCAST_MARGIN_MS = 60_000;

/** Whose key, whose turn. Knows the database and the clock; what Google says reaches it as verdicts. */
export function createPool(options: PoolOptions) {
  const { d1, clock, sleep, log } = options;
  const batch = (statements: D1PreparedStatement[]) => d1.batch(statements);
  const keys = keyTable(d1);
  const coolings = coolingTable(d1);
  const leases = leaseTable(d1);
  const vault = createVault(options.poolSecret, options.nextSecret);
  const resealing = createResealing({ table: resealingTable(d1), vault, batch });
  const outcasts = new Outcasts();
  const patience = new Patience({ timeoutMs: options.d1TimeoutMs, clock, sleep });
  const contributors = new Contributors({
    keys,
    vault,
    resealing,
    patience,
    clock,
    log,
    ttlMs: options.contributorTtlMs,
  });
  const { leaseMax, leaseTtlMs } = options;
  const outcastMs = leaseTtlMs + OUTCAST_MARGIN_MS;
  const rotation = new Rotation({ leases, batch, vault, outcasts, patience, clock, log, leaseMax, leaseTtlMs });
  const ledger = new Ledger({
    keys,
    batch,
    clock,
    sleep,
    log,
    random: options.random,
    flushAfterMs: options.flushAfterMs,
  });
  const report = createReport({
    keys,
    coolings,
    leases,
    rotation,
    contributors,
    outcasts,
    ledger,
    clock,
    log,
    retiredOutcastMs: outcastMs,
  });

  let tendedAt = clock();
  let totals: { at: number; value: Totals } | undefined;

  async function tend(): Promise<void> {
    const now = clock();
    await keys.wake(now, TEND_LIMIT);
    await batch([coolings.sweep(now - KEEP_ENDED_MS, TEND_LIMIT), keys.sweepStretches(now)]);
  }

  const tendSometimes = (defer: Defer) => {
    const now = clock();
    if (now - tendedAt < TEND_EVERY_MS) return;
    tendedAt = now;
    defer(tend().catch((error: unknown) => log("warn", "pool.tend_failed", { cause: causeOf(error) })));
  };

  return {
    /** Which of a caller's keys are in the pool; never throws. */
    sortOut: (callers: readonly ApiKey[]) => contributors.sortOut(callers),

    /** The next key for the model; undefined if none is ready or D1 does not answer. Never throws. */
    lease(model: string, excluded: readonly number[], defer: Defer) {
      tendSometimes(defer);
      return rotation.take(model, excluded, defer);
    },

    /** Until when no key is ready for the model (epoch ms), if this isolate knows that none is. */
    blockedUntil: (model: string) => rotation.blockedUntil(model),

    /** Draws the consequences of one answer of Google's for the key that was used. */
    report,

    /** A contributor was here. */
    sawContributor: (keyId: number, defer: Defer) => ledger.countSeen(keyId, defer),

    /** Takes in a key that Google has just served, in the background. */
    admit(key: ApiKey, defer: Defer): void {
      const admission = contributors.admit(key).then((standing) => {
        if (standing.kind !== "active") return;
        outcasts.forgive(standing.id);
        rotation.unblock();
      });
      defer(admission);
    },

    /** Google refused a key that tried to prove itself. */
    noteRefusal: (key: ApiKey) => contributors.noteRefusal(key),

    /** How many keys the pool has, at most a few seconds old. Throws if D1 does not answer. */
    async totals(): Promise<Totals> {
      const now = clock();
      if (totals !== undefined && now - totals.at < TOTALS_TTL_MS) return totals.value;
      const value = await patience.wait(() => keys.totals());
      totals = { at: now, value };
      return value;
    },

    /** What the pool knows of a key, for its owner. Throws if D1 does not answer. */
    async lookUp(key: ApiKey): Promise<{ row: KeyRow; coolings: CoolingRow[] } | undefined> {
      const row = await patience.wait(async () => {
        await resealing.follow(key);
        return keys.find(vault.fingerprint(key));
      });
      if (row === undefined) return undefined;
      return { row, coolings: await coolings.of(row.id, clock()) };
    },

    /** Takes the key out for its owner; true if it was in. Throws if D1 does not answer. */
    async withdraw(key: ApiKey): Promise<boolean> {
      await resealing.follow(key);
      const id = await keys.withdraw(vault.fingerprint(key), clock());
      contributors.forget(key);
      if (id === undefined) return false;
      outcasts.add(id, undefined, clock() + outcastMs);
      rotation.drop(id);
      return true;
    },

    /** Lets a withdrawn key join again by its next use; true if it was withdrawn. Throws if D1 does not answer. */
    async rejoin(key: ApiKey): Promise<boolean> {
      await resealing.follow(key);
      const rejoined = await keys.rejoin(vault.fingerprint(key), clock());
      contributors.forget(key);
      return rejoined;
    },

    /** Seals the next keys behind this id under the secret that seals now. Throws if D1 does not answer. */
    reseal: (after: number) => resealing.step(after),

    /** Wakes rested keys and sweeps what has ended. */
    tend,

    /** Writes every counter now. */
    flush: () => ledger.flush(),
  };
}
