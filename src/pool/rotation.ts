import { causeOf } from "../log.ts";
import type { Defer } from "./defer.ts";
import type { LeasedKey } from "./leased-key.ts";
import { Leasing, type LeasingOptions } from "./leasing.ts";
import type { Patience } from "./patience.ts";
import type { Outcome, Waiter } from "./queue.ts";
import { Shelf } from "./shelf.ts";

export type { Defer };

/** How often one request leases without getting a turn that it can use. Waiting for what is coming has no such end. */
const MAX_TRIES = 8;

/** How many of those who wait are asked to lease more. */
const RUNG = 4;

/** Models with turns on the shelf at the same time; more would only be invented names. */
const MAX_SHELVES = 64;

/** With a TTL below this a turn lives for so long once it is here, or it would be lost before its request takes it. */
const MIN_LIFE_MS = 1000;

export interface RotationOptions extends LeasingOptions {
  patience: Patience;
}

/** Hands out the pool's keys, turn by turn, from blocks leased off the SQL cursor. */
export class Rotation {
  readonly #options: RotationOptions;
  readonly #shelves = new Map<string, Shelf>();
  readonly #leasing: Leasing;
  /** One failure, or one pause after it, is one line in the log, however many requests it befell. */
  readonly #logged = new WeakSet<object>();

  constructor(options: RotationOptions) {
    this.#options = options;
    this.#leasing = new Leasing(options);
  }

  /**
   * The next key for the model that is not among `excluded`; undefined if none is ready, or D1 does not answer.
   * Waits for D1 only when the shelf is empty.
   */
  async take(model: string, excluded: readonly number[], defer: Defer): Promise<LeasedKey | undefined> {
    const shelf = this.#shelf(model);
    const { clock, outcasts } = this.#options;
    const usable = ({ id }: LeasedKey) => !excluded.includes(id) && !outcasts.has(id, model, clock());
    const key = shelf.take(clock(), usable);
    if (key !== undefined) {
      this.#leaseAhead(model, shelf, defer);
      return key;
    }
    if (this.blockedUntil(model) !== undefined) return undefined;
    // What a request that tried keys already leases would not serve those who wait, and the other way round.
    return excluded.length > 0
      ? this.#leaseAlone(model, excluded, usable, defer)
      : this.#waitInLine(model, shelf, usable, defer);
  }

  /** Until when no key is ready for the model, as far as this isolate knows. */
  blockedUntil(model: string): number | undefined {
    return this.#leasing.blockedUntil(model);
  }

  /** Drops a key from every shelf, or (a model given) from that model's. */
  drop(keyId: number, model?: string): void {
    if (model !== undefined) this.#shelves.get(model)?.drop(keyId);
    else for (const shelf of this.#shelves.values()) shelf.drop(keyId);
  }

  /** Forgets turns past their time, and their opened keys: a shelf that nobody asks does not see the time. */
  dropExpired(): void {
    const now = this.#options.clock();
    for (const shelf of this.#shelves.values()) shelf.dropExpired(now);
  }

  /** A key joined or came back: no model is known to be blocked any more. */
  unblock(): void {
    this.#leasing.unblock();
  }

  async #leaseAlone(
    model: string,
    excluded: readonly number[],
    usable: (key: LeasedKey) => boolean,
    defer: Defer,
  ): Promise<LeasedKey | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const keys = await this.#patiently(() => {
        const lease = this.#leasing.lease(model, 1, excluded, defer);
        defer(lease.catch(() => undefined));
        return lease;
      });
      const key = keys?.find(usable);
      if (key !== undefined || keys === undefined || keys.length === 0) return key;
    }
    return undefined;
  }

  async #waitInLine(
    model: string,
    shelf: Shelf,
    usable: (key: LeasedKey) => boolean,
    defer: Defer,
  ): Promise<LeasedKey | undefined> {
    const waiter = shelf.queue.join(usable);
    try {
      return await this.#patiently(() => this.#hear(waiter, model, shelf, defer));
    } finally {
      shelf.queue.leave(waiter);
    }
  }

  /** Sees to it that enough is on its way for all who wait, until the waiter has its turn or there is none. */
  async #hear(waiter: Waiter, model: string, shelf: Shelf, defer: Defer): Promise<LeasedKey | undefined> {
    for (let tries = 0; tries < MAX_TRIES;) {
      if (shelf.wantsMore()) tries += 1;
      this.#leaseAhead(model, shelf, defer);
      const outcome = await waiter.hear();
      switch (outcome?.kind) {
        case "turn":
          return outcome.key;
        case "nothing":
          return undefined;
        case "failed":
          throw outcome.error;
        case undefined:
      }
    }
    return undefined;
  }

  /** Leases what those who wait need, and the next block before it is needed, unless D1 is being left alone. */
  #leaseAhead(model: string, shelf: Shelf, defer: Defer): void {
    while (shelf.wantsMore() || (shelf.wantsRefill() && this.#mayRefill())) defer(this.#fill(model, shelf, defer));
  }

  /** Where turns are leased one by one, nothing is leased ahead. */
  #mayRefill(): boolean {
    return this.#options.leaseTtlMs > 0 && !this.#options.patience.isPaused;
  }

  /** Leases once, and hands what comes to those who wait. Never throws. */
  async #fill(model: string, shelf: Shelf, defer: Defer): Promise<void> {
    const { leaseTtlMs, clock, patience } = this.#options;
    // Without blocks a lease is for the requests that wait for it now.
    const count = leaseTtlMs === 0 ? shelf.countForWaiting : shelf.nextCount;
    const endFill = shelf.beginFill(count);
    const askedAt = clock();
    try {
      const keys = await patience.heed(() => this.#leasing.lease(model, count, [], defer));
      endFill(keys, this.#expiryOf(askedAt));
      this.#serve(shelf, keys.length > 0 ? undefined : { kind: "nothing" });
    } catch (error) {
      this.#logFailure(error);
      endFill([], 0);
      this.#serve(shelf, { kind: "failed", error });
    }
  }

  /** D1's answer may be late, and what it read as old as the question: a key may have been retired meanwhile. */
  #expiryOf(askedAt: number): number {
    const { leaseTtlMs, clock } = this.#options;
    return leaseTtlMs < MIN_LIFE_MS ? clock() + MIN_LIFE_MS : askedAt + leaseTtlMs;
  }

  /** Serves who waits. Where nothing came and nothing else is on its way, all the others learn why. */
  #serve(shelf: Shelf, nothing: Outcome | undefined): void {
    const { queue } = shelf;
    const now = this.#options.clock();
    queue.serve((usable) => shelf.take(now, usable));
    if (nothing !== undefined && shelf.coming === 0) queue.dismiss(nothing);
    else if (shelf.wantsMore()) queue.ring(RUNG);
  }

  /** What D1 gives in time; undefined, and a line in the log, if it does not. */
  async #patiently<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#options.patience.wait(ask);
    } catch (error) {
      this.#logFailure(error);
      return undefined;
    }
  }

  #shelf(model: string): Shelf {
    const known = this.#shelves.get(model);
    if (known !== undefined) return known;
    if (this.#shelves.size >= MAX_SHELVES) this.#dropIdleShelf();
    const shelf = new Shelf(this.#options);
    this.#shelves.set(model, shelf);
    return shelf;
  }

  #dropIdleShelf(): void {
    const models = [...this.#shelves.entries()];
    const [model] = models.find(([, shelf]) => shelf.isIdle) ?? models[0] ?? [];
    if (model !== undefined) this.#shelves.delete(model);
  }

  #logFailure(error: unknown): void {
    if (error instanceof Error) {
      if (this.#logged.has(error)) return;
      this.#logged.add(error);
    }
    this.#options.log("warn", "pool.lease_failed", { cause: causeOf(error) });
  }
}
