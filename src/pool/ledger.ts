import type { Clock, Sleep } from "../clock.ts";
import type { KeyTable } from "../db/keys.ts";
import { causeOf, type Log } from "../log.ts";
import { KeyCounters } from "./key-counters.ts";
import { RowBudget } from "./row-budget.ts";
import type { Defer } from "./defer.ts";

/**
 * Rows that an isolate writes to count: exactly while it is quiet, thinned beyond. Four isolates that share the free
 * plan's 100,000 requests a day stay below its 100,000 written rows a day with all that else is written
 * (test/bench/free-plan.test.ts).
 */
const KEY_ROWS = { first: 50, most: 1000, rowsAnHour: 60, rowsARequest: 0.12 };
const SOURCE_ROWS = { first: 50, most: 300, rowsAnHour: 30, rowsARequest: 0.05 };

/** D1 takes more in one batch, but a batch holds its single writer for as long as it runs. */
const MAX_BATCH = 50;

/** What is kept while D1 is down; a retirement that is lost here is found again by the key's next use. */
const MAX_PENDING = 1000;

/** A contributor's "last seen" is no more precise than this. */
const SEEN_EVERY_MS = 600_000;

/** A flush that should have come by now was lost with its request. */
const FLUSH_OVERDUE_MS = 30_000;

/** Counters of another kind that are written together with those of the keys. */
export interface CounterSource {
  /**
   * What has been counted since the last call, as statements for one batch; at most about `budget` written rows (0 at
   * times). What is not taken waits with the source, which must bound it: while D1 is down nobody asks.
   */
  take(now: number, budget: number): D1PreparedStatement[];
}

export interface LedgerOptions {
  keys: KeyTable;
  batch: (statements: D1PreparedStatement[]) => Promise<readonly Written[]>;
  clock: Clock;
  sleep: Sleep;
  random: () => number;
  log: Log;
  /** Read at each use: it may change while the isolate runs. */
  readonly flushAfterMs: number;
}

/** What D1 says of a statement that it ran. */
interface Written {
  meta: { rows_written?: number };
}

/** A statement of counters, and who pays for its rows. */
interface Entry {
  statement: D1PreparedStatement;
  budget: RowBudget;
}

/**
 * What D1 is told in the background. Retirements and coolings go at once, counters in batches; what fails goes
 * with the next batch and never surfaces to a caller.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #keyCounters: KeyCounters;
  readonly #keyRows: RowBudget;
  readonly #sourceRows: RowBudget;
  readonly #sources: CounterSource[] = [];
  readonly #seenAt = new Map<number, number>();
  #pending: D1PreparedStatement[] = [];
  #unwritten: Entry[] = [];
  #flushDueAt: number | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#keyCounters = new KeyCounters(options);
    this.#keyRows = new RowBudget(KEY_ROWS, options.clock);
    this.#sourceRows = new RowBudget(SOURCE_ROWS, options.clock);
  }

  /** Writes the statements now, in the background; what comes in one go (many keys verified) makes one batch. */
  write(statements: readonly D1PreparedStatement[], defer: Defer): void {
    this.#pending.push(...statements);
    if (this.#pending.length > MAX_PENDING) this.#pending.splice(0, this.#pending.length - MAX_PENDING);
    defer(Promise.resolve().then(() => this.#writePending()));
  }

  /** The key served the model. */
  countUse(keyId: number, model: string, defer: Defer): void {
    this.#keyRows.countRequest();
    this.#sourceRows.countRequest();
    this.#keyCounters.countUse(keyId, model);
    this.scheduleFlush(defer);
  }

  /** An attempt failed because of the key. */
  countError(keyId: number, model: string, defer: Defer): void {
    this.#keyCounters.countError(keyId, model);
    this.scheduleFlush(defer);
  }

  countSeen(keyId: number, defer: Defer): void {
    const now = this.#options.clock();
    if (now - (this.#seenAt.get(keyId) ?? -Infinity) < SEEN_EVERY_MS) return;
    if (this.#seenAt.size > MAX_PENDING) this.#seenAt.clear();
    this.#seenAt.set(keyId, now);
    this.#keyCounters.countSeen(keyId);
    this.scheduleFlush(defer);
  }

  /** From now on the source's counters are written with the keys'. */
  addSource(source: CounterSource): void {
    this.#sources.push(source);
  }

  /** Writes what has been counted a while from now, together with what is counted until then. Cheap to call again. */
  scheduleFlush(defer: Defer): void {
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

  /** Writes everything now; for the end of a test or of a scheduled run. */
  async flush(): Promise<void> {
    // Retirements first. While they fail, counters wait where they cost one number each.
    if (!(await this.#writePending())) return;
    if (this.#unwritten.length === 0) this.#unwritten = this.#takeCounters();
    while (this.#unwritten.length > 0) {
      const entries = this.#unwritten.splice(0, MAX_BATCH);
      const results = await this.#run(entries.map(({ statement }) => statement));
      if (results === undefined) {
        this.#unwritten.unshift(...entries);
        return;
      }
      for (const [index, { meta }] of results.entries()) entries[index]?.budget.spend(meta.rows_written ?? 0);
    }
  }

  #takeCounters(): Entry[] {
    const now = this.#options.clock();
    const keyRows = this.#keyRows;
    const sourceRows = this.#sourceRows;
    const share = Math.floor(sourceRows.rows / this.#sources.length);
    return [
      ...this.#keyCounters.take(now, keyRows.rows).map((statement) => ({ statement, budget: keyRows })),
      ...this.#sources
        .flatMap((source) => source.take(now, share))
        .map((statement) => ({ statement, budget: sourceRows })),
    ];
  }

  /** False if D1 refused some: they go with the next batch. */
  async #writePending(): Promise<boolean> {
    while (this.#pending.length > 0) {
      const statements = this.#pending.splice(0, MAX_BATCH);
      if ((await this.#run(statements)) === undefined) {
        this.#pending.unshift(...statements);
        return false;
      }
    }
    return true;
  }

  async #run(statements: D1PreparedStatement[]): Promise<readonly Written[] | undefined> {
    try {
      return await this.#options.batch(statements);
    } catch (error) {
      this.#options.log("warn", "pool.write_failed", { cause: causeOf(error), statements: statements.length });
      return undefined;
    }
  }
}
