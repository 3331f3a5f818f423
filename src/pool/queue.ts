import type { LeasedKey } from "./leased-key.ts";

/** What a waiter is told in the end: its turn, that there is none to be had, or why it was not to be learnt. */
export type Outcome = { kind: "turn"; key: LeasedKey } | { kind: "nothing" } | { kind: "failed"; error: unknown };

/**
 * A request that waits for a turn. Other requests' code tells it what came, so only plain data passes, and what it
 * awaits is a promise of its own making: workerd runs what follows in the request that made the promise.
 */
export class Waiter {
  readonly usable: (key: LeasedKey) => boolean;
  #outcome: Outcome | undefined;
  #bell = Promise.withResolvers<void>();

  constructor(usable: (key: LeasedKey) => boolean) {
    this.usable = usable;
  }

  /** Resolves to the outcome, or to undefined if it should see to it that more is leased, and then go on waiting. */
  async hear(): Promise<Outcome | undefined> {
    await this.#bell.promise;
    if (this.#outcome === undefined) this.#bell = Promise.withResolvers();
    return this.#outcome;
  }

  tell(outcome: Outcome): void {
    this.#outcome ??= outcome;
    this.ring();
  }

  ring(): void {
    this.#bell.resolve();
  }
}

/** Requests that wait for a turn of one model, first come first served. */
export class Queue {
  #waiters: Waiter[] = [];

  get length(): number {
    return this.#waiters.length;
  }

  join(usable: (key: LeasedKey) => boolean): Waiter {
    const waiter = new Waiter(usable);
    this.#waiters.push(waiter);
    return waiter;
  }

  /** The waiter's request has its turn, or goes without. */
  leave(waiter: Waiter): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    waiter.tell({ kind: "nothing" });
  }

  /** Gives each waiter what `take` finds for it; those for whom there is nothing stay, in order. */
  serve(take: (usable: (key: LeasedKey) => boolean) => LeasedKey | undefined): void {
    this.#waiters = this.#waiters.filter((waiter) => {
      const key = take(waiter.usable);
      if (key !== undefined) waiter.tell({ kind: "turn", key });
      return key === undefined;
    });
  }

  /** Asks the first few to lease more. More than one, for a request whose caller hung up hears nothing any more. */
  ring(count: number): void {
    for (const waiter of this.#waiters.slice(0, count)) waiter.ring();
  }

  /** Sends everyone away. */
  dismiss(outcome: Outcome): void {
    for (const waiter of this.#waiters.splice(0)) waiter.tell(outcome);
  }
}
