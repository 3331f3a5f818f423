import type { Clock, Sleep } from "../clock.ts";
import type { KeyTable } from "../db/keys.ts";
import { causeOf, type Log } from "../log.ts";
import type { Defer } from "./rotation.ts";
import { thinCounters } from "./thinning.ts";

/** The share of requests whose counters may cost a written row; the free plan writes 100,000 rows a day. */
const COUNTER_ROWS_PER_REQUEST = 0.1;

/** A quiet Worker counts exactly: this many rows a flush are always fine. */
const MIN_COUNTER_ROWS = 16;

/** D1 takes more in one batch, but a batch holds its single writer for as long as it runs. */
const MAX_BATCH = 50;

/** What is kept while D1 is down; a retirement that is lost here is found again by the key's next use. */
const MAX_PENDING = 1000;

/** A contributor's "last seen" is no more precise than this. */
const SEEN_EVERY_MS = 600_000;

/** A flush that should have come by now was lost with its request. */
const FLUSH_OVERDUE_MS = 30_000;

export interface LedgerOptions {
  keys: KeyTable;
  batch: (statements: D1PreparedStatement[]) => Promise<unknown>;
  clock: Clock;
  sleep: Sleep;
  random: () => number;
  log: Log;
  flushAfterMs: number;
}

/**
 * What D1 is told in the background. Retirements and coolings go at once, counters in batches; what fails goes
 * with the next batch and never surfaces to a caller.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  #pending: D1PreparedStatement[] = [];
  #uses = new Map<number, number>();
  #seen = new Set<number>();
  readonly #seenAt = new Map<number, number>();
  #requests = 0;
  #flushDueAt: number | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Writes the statements now, in the background. */
  write(statements: readonly D1PreparedStatement[], defer: Defer): void {
    this.#pending.push(...statements);
    if (this.#pending.length > MAX_PENDING) this.#pending.splice(0, this.#pending.length - MAX_PENDING);
    defer(this.#flushPending());
  }

  countUse(keyId: number, defer: Defer): void {
    this.#uses.set(keyId, (this.#uses.get(keyId) ?? 0) + 1);
    this.#requests += 1;
    this.#scheduleFlush(defer);
  }

  countSeen(keyId: number, defer: Defer): void {
    const now = this.#options.clock();
    if (now - (this.#seenAt.get(keyId) ?? -Infinity) < SEEN_EVERY_MS) return;
    if (this.#seenAt.size > MAX_PENDING) this.#seenAt.clear();
    this.#seenAt.set(keyId, now);
    this.#seen.add(keyId);
    this.#scheduleFlush(defer);
  }

  /** Writes everything now; for the end of a test or of a scheduled run. */
  async flush(): Promise<void> {
    // While D1 is down, counters wait where they cost one number a key: they must not crowd out a retirement.
    if (this.#pending.length < MAX_PENDING) this.#pending.push(...this.#takeCounters());
    await this.#flushPending();
  }

  #scheduleFlush(defer: Defer): void {
    const { clock, sleep, flushAfterMs } = this.#options;
    const now = clock();
    if (this.#flushDueAt !== undefined && now < this.#flushDueAt + FLUSH_OVERDUE_MS) return;
    this.#flushDueAt = now + flushAfterMs;
    const flush = async () => {
      await sleep(flushAfterMs);
      this.#flushDueAt = undefined;
      await this.flush();
    };
    defer(flush());
  }

  #takeCounters(): D1PreparedStatement[] {
    const { keys, clock, random } = this.#options;
    const budget = Math.max(MIN_COUNTER_ROWS, Math.floor(this.#requests * COUNTER_ROWS_PER_REQUEST));
    const uses = thinCounters(this.#uses, budget, random);
    const seen = [...this.#seen].slice(0, budget);
    this.#uses = new Map();
    this.#seen = new Set();
    this.#requests = 0;
    const now = clock();
    return [
      ...[...uses].map(([id, count]) => keys.countUses(id, count, now)),
      ...seen.filter((id) => !uses.has(id)).map((id) => keys.seen(id, now)),
    ];
  }

  async #flushPending(): Promise<void> {
    while (this.#pending.length > 0) {
      const statements = this.#pending.splice(0, MAX_BATCH);
      try {
        await this.#options.batch(statements);
      } catch (error) {
        this.#options.log("warn", "pool.write_failed", { cause: causeOf(error), statements: statements.length });
        this.#pending.unshift(...statements);
        return;
      }
    }
  }
}
