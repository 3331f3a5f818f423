import type { Clock } from "../clock.ts";
import type { CoolingTable } from "../db/coolings.ts";
import type { KeyTable } from "../db/keys.ts";
import { causeOf, type Log } from "../log.ts";
import type { Defer } from "./defer.ts";

/** How often one isolate looks after the pool: wakes keys, sweeps ended coolings. */
const TEND_EVERY_MS = 60_000;

/** How many keys wake at a time (three rows written each): an operator may have rested all 50,000 at once. */
const WAKE_LIMIT = 1000;

/** How many ended coolings go at a time. They are in nobody's way. */
const SWEEP_LIMIT = 200;

/** Ended coolings stay for this long: a busy pair is cooled for longer only while it is known to have been busy. */
const KEEP_ENDED_MS = 600_000;

export interface TendingOptions {
  keys: KeyTable;
  coolings: CoolingTable;
  /** Forgets opened keys whose time is over. */
  dropExpired: () => void;
  batch: (statements: D1PreparedStatement[]) => Promise<unknown>;
  clock: Clock;
  log: Log;
}

/** Wakes rested keys and sweeps what has ended, in D1 and in the isolate: now, or behind a request once in a while. */
export function createTending({ keys, coolings, dropExpired, batch, clock, log }: TendingOptions) {
  let tendedAt = clock();

  async function tend(): Promise<void> {
    const now = clock();
    dropExpired();
    await keys.wake(now, WAKE_LIMIT);
    await batch([coolings.sweep(now - KEEP_ENDED_MS, SWEEP_LIMIT), keys.sweepStretches(now)]);
  }

  function tendSometimes(defer: Defer): void {
    const now = clock();
    if (now - tendedAt < TEND_EVERY_MS) return;
    tendedAt = now;
    defer(tend().catch((error: unknown) => log("warn", "pool.tend_failed", { cause: causeOf(error) })));
  }

  return { tend, tendSometimes };
}
