import type { Clock, Sleep } from "../clock.ts";

/** After a failure the database is left alone for this long: a caller must not wait for it request by request. */
const PAUSE_MS = 1000;

/** The database did not answer in time, or is being left alone after a failure. */
export class Unavailable extends Error {
  override name = "Unavailable";
}

/** Bounds how long a request waits for the database, and stops asking for a while once it has failed. */
export class Patience {
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #sleep: Sleep;
  #pausedUntil = 0;

  constructor(options: { timeoutMs: number; clock: Clock; sleep: Sleep }) {
    this.#timeoutMs = options.timeoutMs;
    this.#clock = options.clock;
    this.#sleep = options.sleep;
  }

  /** The result of `ask`, or an error within the time-out. `ask` goes on in the background after a time-out. */
  async wait<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#clock() < this.#pausedUntil) throw new Unavailable("left alone after a failure");
    try {
      return await Promise.race([ask(), this.#timeout()]);
    } catch (error) {
      this.#pausedUntil = this.#clock() + PAUSE_MS;
      throw error;
    }
  }

  async #timeout(): Promise<never> {
    await this.#sleep(this.#timeoutMs);
    throw new Unavailable(`no answer within ${this.#timeoutMs} ms`);
  }
}
