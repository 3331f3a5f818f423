import type { ApiKey } from "../api-key.ts";

/** A key of the pool, opened, for one attempt. */
export interface LeasedKey {
  id: number;
  key: ApiKey;
  /** It carries marks that its next success should wipe. */
  blemished: boolean;
}

interface Turn extends LeasedKey {
  expiresAt: number;
}

/** How many leases of one model may be under way at once. D1 allows six connections an invocation. */
const MAX_FILLS = 4;

/**
 * The turns of one model's rotation that this isolate has leased and not used yet, and how many to lease next:
 * 1, 2, 4 … up to the most while they are used up in time (slow start), 1 again after turns went to waste.
 */
export class Shelf {
  readonly #most: number;
  #turns: Turn[] = [];
  #size = 1;
  #taken = 0;
  #demand = 0;
  #fills = 0;
  waiting = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** The next turn that `usable` accepts; the turns that it passes over stay for other requests. */
  take(now: number, usable: (key: LeasedKey) => boolean): LeasedKey | undefined {
    this.#dropExpired(now);
    const index = this.#turns.findIndex(usable);
    if (index === -1) return undefined;
    const [turn] = index === 0 ? [this.#turns.shift()] : this.#turns.splice(index, 1);
    this.#taken += 1;
    return turn;
  }

  /** Drops every turn of the key. */
  drop(keyId: number): void {
    this.#turns = this.#turns.filter((turn) => turn.id !== keyId);
  }

  /**
   * Whether to lease more before it runs out: only once it has proved busy, and enough to last while D1 answers
   * (twice what was taken during the last fill).
   */
  wantsRefill(): boolean {
    if (this.#size < 4 || this.#fills >= MAX_FILLS) return false;
    const coming = this.#fills * this.#size;
    return this.#turns.length + coming <= Math.max(this.#size / 4, this.#demand * 2);
  }

  /** How many turns the next lease should ask for. */
  get nextCount(): number {
    return Math.min(this.#most, Math.max(this.#size, this.waiting));
  }

  /**
   * Marks a fill as under way; call the returned function with what came. Only a regular fill speeds up the start:
   * a retry's (`grows` false) tells of failing keys, not of a busy isolate.
   */
  beginFill(count: number, grows: boolean): (keys: readonly LeasedKey[], expiresAt: number) => void {
    this.#fills += 1;
    const takenBefore = this.#taken;
    return (keys, expiresAt) => {
      this.#fills -= 1;
      this.#demand = this.#taken - takenBefore;
      if (grows && keys.length > 0) this.#size = Math.min(this.#most, Math.max(this.#size, count) * 2);
      for (const key of keys) this.#turns.push({ ...key, expiresAt });
    };
  }

  get isIdle(): boolean {
    return this.#turns.length === 0 && this.#fills === 0;
  }

  #dropExpired(now: number): void {
    const first = this.#turns[0];
    if (first === undefined || first.expiresAt > now) return;
    this.#turns = this.#turns.filter((turn) => turn.expiresAt > now);
    this.#size = 1;
  }
}
