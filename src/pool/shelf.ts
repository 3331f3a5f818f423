import type { LeasedKey } from "./leased-key.ts";
import { Queue } from "./queue.ts";

interface Turn extends LeasedKey {
  expiresAt: number;
}

/** How many leases of one model may be under way at once. D1 allows six connections an invocation. */
const MAX_FILLS = 4;

/**
 * The turns of one model's rotation that this isolate has leased and not used yet, who waits for one, and how many to
 * lease next: 1, 2, 4 … up to the most while they are used up in time (slow start), 1 again after turns went to waste.
 */
export class Shelf {
  readonly #settings: { readonly leaseMax: number };
  readonly queue = new Queue();
  #turns: Turn[] = [];
  /** No turn expires before. They need not expire in order: an answer may be late, and the TTL may change. */
  #nextExpiry = Infinity;
  #size = 1;
  #taken = 0;
  #demand = 0;
  #fills = 0;
  #coming = 0;

  /** `leaseMax` is read at each use: it may change while the isolate runs. */
  constructor(settings: { readonly leaseMax: number }) {
    this.#settings = settings;
  }

  /** The next turn that `usable` accepts; the turns that it passes over stay for other requests. */
  take(now: number, usable: (key: LeasedKey) => boolean): LeasedKey | undefined {
    this.dropExpired(now);
    const index = this.#turns.findIndex(usable);
    if (index === -1) return undefined;
    const [turn] = index === 0 ? [this.#turns.shift()] : this.#turns.splice(index, 1);
    this.#taken += 1;
    return turn;
  }

  /** Drops turns past their time. They went to waste, so the next lease is small again. */
  dropExpired(now: number): void {
    if (this.#nextExpiry > now) return;
    const fresh = this.#turns.filter((turn) => turn.expiresAt > now);
    if (fresh.length < this.#turns.length) this.#size = 1;
    this.#turns = fresh;
    this.#nextExpiry = fresh.reduce((next, { expiresAt }) => Math.min(next, expiresAt), Infinity);
  }

  /** Drops every turn of the key. */
  drop(keyId: number): void {
    this.#turns = this.#turns.filter((turn) => turn.id !== keyId);
  }

  /** Turns that are being leased. */
  get coming(): number {
    return this.#coming;
  }

  /** Whether more requests wait than turns are coming. */
  wantsMore(): boolean {
    return this.#fills < MAX_FILLS && this.queue.length > this.#coming;
  }

  /**
   * Whether to lease more before it runs out: only once it has proved busy, and enough to last while D1 answers
   * (twice what was taken during the last fill), on top of what those who wait will take.
   */
  wantsRefill(): boolean {
    if (this.#size < 4 || this.#fills >= MAX_FILLS) return false;
    const left = this.#turns.length + this.#coming - this.queue.length;
    return left <= Math.max(this.#size / 4, this.#demand * 2);
  }

  /** How many turns the next lease should ask for. */
  get nextCount(): number {
    return Math.max(Math.min(this.#size, this.#settings.leaseMax), this.countForWaiting);
  }

  /** How many turns those who wait lack; one at the least. */
  get countForWaiting(): number {
    return Math.max(1, Math.min(this.queue.length - this.#coming, this.#settings.leaseMax));
  }

  /** Marks a fill as under way; call the returned function with what came. */
  beginFill(count: number): (keys: readonly LeasedKey[], expiresAt: number) => void {
    this.#fills += 1;
    this.#coming += count;
    const takenBefore = this.#taken;
    return (keys, expiresAt) => {
      this.#fills -= 1;
      this.#coming -= count;
      this.#demand = this.#taken - takenBefore;
      if (keys.length > 0) this.#size = Math.min(this.#settings.leaseMax, Math.max(this.#size, count * 2));
      for (const key of keys) this.#turns.push({ ...key, expiresAt });
      if (keys.length > 0) this.#nextExpiry = Math.min(this.#nextExpiry, expiresAt);
    };
  }

  get isIdle(): boolean {
    return this.#turns.length === 0 && this.#fills === 0;
  }
}
