import type { Clock, Sleep } from "../clock.ts";

/** After a failure the database is left alone, longer each time in a row: no caller must wait for it again and again. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 16_000;

/** The database did not answer in time, or is being left alone after a failure. */
export class Unavailable extends Error {
  override name = "Unavailable";
}

export interface PatienceOptions {
  /** Read at each use: it may change while the isolate runs. */
  readonly timeoutMs: number;
  clock: Clock;
  sleep: Sleep;
}

/** Bounds how long a request waits for the database, and stops asking for a while once it has failed. */
export class Patience {
  readonly #options: PatienceOptions;
  #pausedUntil = 0;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** The result of `ask`, or an error within the time-out. `ask` goes on in the background after a time-out. */
  async wait<T>(ask: () => Promise<T>): Promise<T> {
    const { clock } = this.#options;
    if (clock() < this.#pausedUntil) throw new Unavailable("left alone after a failure");
    try {
      const answer = await Promise.race([ask(), this.#timeout()]);
      this.#pauseMs = FIRST_PAUSE_MS;
      return answer;
    } catch (error) {
      // Failures of requests that set out together are one failure.
      if (clock() >= this.#pausedUntil) {
        this.#pausedUntil = clock() + this.#pauseMs;
        this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
      }
      throw error;
    }
  }

  async #timeout(): Promise<never> {
    const { sleep, timeoutMs } = this.#options;
    await sleep(timeoutMs);
    throw new Unavailable(`no answer within ${timeoutMs} ms`);
  }
}
