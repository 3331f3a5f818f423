import { env } from "cloudflare:workers";

/** How D1 behaves from now on. A hang ends after `HANG_MS`, so that a test's background work does too. */
export type D1Mood = "works" | "fails" | "hangs" | "overloaded" | "slow";

/** One round trip to D1, or the attempt of one. */
export interface Trip {
  /** The statements that went together. */
  sql: string[];
  rowsRead: number;
  rowsWritten: number;
  /** With an answer or an error. */
  isBack: boolean;
}

const HANG_MS = 300;
const SLOW_MS = 50;

const faulty = new WeakMap<D1Database, FaultyD1>();

/** How long a Worker on this database waits before it counts it as silent: see {@link FaultyD1.limit}. */
export function limitOn(binding: D1Database | undefined): (ms: number) => Promise<void> {
  const d1 = binding === undefined ? undefined : faulty.get(binding);
  return d1?.limit ?? ((ms) => scheduler.wait(ms));
}

/** The real D1 behind a switch, with a record of every round trip. */
export class FaultyD1 {
  readonly trips: Trip[] = [];
  readonly binding: D1Database;
  mood: D1Mood = "works";
  /** Statements for which the mood holds; the others work. Default: all. */
  only: RegExp = /^/;
  /** While set, every trip waits for it before it sets out. */
  gate: Promise<void> | undefined;
  readonly #real: D1Database;
  #underWay = 0;
  #held = 0;
  #heldUp = Promise.withResolvers<void>();
  readonly #originals = new WeakMap<object, { statement: D1PreparedStatement; sql: string }>();

  constructor(real: D1Database = env.DB) {
    this.#real = real;
    this.binding = new Proxy(real, {
      get: (target, name) => {
        if (name === "prepare") return (sql: string) => this.#wrap(target.prepare(sql), sql);
        if (name === "batch") return (statements: D1PreparedStatement[]) => this.#batch(statements);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    faulty.set(this.binding, this);
  }

  /**
   * The wait for the time-out. It begins when a trip is held up on purpose: a D1 that works but sits on a busy machine
   * is never late, however short the time-out. No wait at all stays none.
   */
  readonly limit = async (ms: number): Promise<void> => {
    if (ms === 0) return;
    await this.#heldUp.promise;
    await scheduler.wait(ms);
  };

  /** Until every trip that set out is back, and who waited for it knows. */
  async quiet(): Promise<void> {
    do await scheduler.wait(1);
    while (this.#underWay > 0);
  }

  /** Forgets the trips made so far, and tells how many there were. */
  takeTrips(): Trip[] {
    return this.trips.splice(0);
  }

  #wrap(statement: D1PreparedStatement, sql: string): D1PreparedStatement {
    const wrapped = new Proxy(statement, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        if (name === "bind") return (...values: unknown[]) => this.#wrap(target.bind(...values), sql);
        return (...values: unknown[]) => this.#travel([sql], async () => value.apply(target, values) as unknown);
      },
    });
    this.#originals.set(wrapped, { statement, sql });
    return wrapped;
  }

  #batch(statements: D1PreparedStatement[]): Promise<unknown> {
    const originals = statements.map((wrapped) => this.#originals.get(wrapped) ?? { statement: wrapped, sql: "?" });
    return this.#travel(
      originals.map(({ sql }) => sql),
      () => this.#real.batch(originals.map(({ statement }) => statement)),
    );
  }

  async #holdUp(wait: Promise<void>): Promise<void> {
    this.#held += 1;
    this.#heldUp.resolve();
    try {
      await wait;
    } finally {
      this.#held -= 1;
      if (this.#held === 0) this.#heldUp = Promise.withResolvers<void>();
    }
  }

  async #suffer(mood: Exclude<D1Mood, "works">): Promise<void> {
    switch (mood) {
      case "slow":
        return scheduler.wait(SLOW_MS);
      case "overloaded":
        throw new Error("D1_ERROR: D1 DB is overloaded. Requests queued for too long.");
      case "hangs":
        await scheduler.wait(HANG_MS);
        throw new Error("D1_ERROR: simulated failure");
      case "fails":
        throw new Error("D1_ERROR: simulated failure");
    }
  }

  async #travel(sql: string[], go: () => Promise<unknown>): Promise<unknown> {
    const trip: Trip = { sql, rowsRead: 0, rowsWritten: 0, isBack: false };
    this.trips.push(trip);
    this.#underWay += 1;
    try {
      if (this.gate !== undefined) await this.#holdUp(this.gate);
      if (this.mood !== "works" && sql.some((text) => this.only.test(text))) {
        await this.#holdUp(this.#suffer(this.mood));
      }
      return await this.#arrive(trip, go);
    } finally {
      trip.isBack = true;
      this.#underWay -= 1;
    }
  }

  async #arrive(trip: Trip, go: () => Promise<unknown>): Promise<unknown> {
    const result = await go();
    for (const { meta } of Array.isArray(result) ? result : [result ?? {}]) {
      trip.rowsRead += meta?.rows_read ?? 0;
      trip.rowsWritten += meta?.rows_written ?? 0;
    }
    return result;
  }
}
