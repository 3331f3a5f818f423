import type { Clock } from "../clock.ts";

const HOUR_MS = 3_600_000;

export interface RowAllowance {
  /** What a new isolate may write at once. */
  first: number;
  /** What it saves up to while it writes less. */
  most: number;
  rowsAnHour: number;
  rowsARequest: number;
}

/**
 * How many rows of counters an isolate may write: what a quiet pool needs to count exactly, and a fixed share of the
 * requests beyond. The free plan writes 100,000 rows a day, for all isolates together.
 */
export class RowBudget {
  readonly #allowance: RowAllowance;
  readonly #clock: Clock;
  #rows: number;
  #earnedAt: number;
  #requests = 0;

  constructor(allowance: RowAllowance, clock: Clock) {
    this.#allowance = allowance;
    this.#clock = clock;
    this.#rows = allowance.first;
    this.#earnedAt = clock();
  }

  countRequest(): void {
    this.#requests += 1;
  }

  /** Rows that may be written now. */
  get rows(): number {
    const { most, rowsAnHour, rowsARequest } = this.#allowance;
    const now = this.#clock();
    const byTime = ((now - this.#earnedAt) / HOUR_MS) * rowsAnHour;
    const byRequests = this.#requests * rowsARequest;
    this.#earnedAt = now;
    this.#requests = 0;
    // A flush under load may cost what the load earned, even if that is more than is ever saved up.
    this.#rows = Math.min(this.#rows + byTime + byRequests, Math.max(most, byRequests));
    return Math.max(0, Math.floor(this.#rows));
  }

  spend(rows: number): void {
    this.#rows -= rows;
  }
}
