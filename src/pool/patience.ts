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
  /** The same for everyone whom one pause turns away, so that a log can tell it once. */
  #refusal = newRefusal();

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** Whether the database is being left alone after a failure. */
  get isPaused(): boolean {
    return this.#options.clock() < this.#pausedUntil;
  }

  /** The result of `ask`, or an error within the time-out. `ask` goes on in the background after a time-out. */
  async wait<T>(ask: () => Promise<T>): Promise<T> {
    if (this.isPaused) throw this.#refusal;
    return this.heed(() => Promise.race([ask(), this.#timeout()]));
  }

  /** The result of `ask`, however late, and even in a pause. A failure is heeded like one of {@link wait}. */
  async heed<T>(ask: () => Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    const askedAt = clock();
    try {
      const answer = await ask();
      // A late answer is no sign that the next one will be in time.
      if (clock() - askedAt <= timeoutMs) this.#pauseMs = FIRST_PAUSE_MS;
      return answer;
    } catch (error) {
      // Failures of requests that set out together are one failure.
      if (!this.isPaused) this.#pause();
      throw error;
    }
  }

  #pause(): void {
    this.#pausedUntil = this.#options.clock() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
    this.#refusal = newRefusal();
  }

  async #timeout(): Promise<never> {
    const { sleep, timeoutMs } = this.#options;
    await sleep(timeoutMs);
    throw new Unavailable(`no answer within ${timeoutMs} ms`);
  }
}

function newRefusal(): Unavailable {
  return new Unavailable("left alone after a failure");
}
