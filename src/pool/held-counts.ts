import { thin, thinCount } from "./thinning.ts";

/** Counts that wait for rows to pay for them, rather than be thinned: exact numbers, if the isolate lives. */
const MAX_HELD = 500;
const MAX_HELD_MS = 600_000;

/** While D1 is down, counts wait where they cost a number each; what comes on top of this many is not counted. */
const MAX_COUNTS = 20_000;

export interface Count {
  uses: number;
  errors: number;
}

/** Counts of one kind, each of which costs one row, gathered until there are rows for all of them, or for too long. */
export class HeldCounts<C extends Count> {
  readonly #random: () => number;
  #counts = new Map<string | number, C>();
  #heldSince: number | undefined;

  constructor(random: () => number) {
    this.#random = random;
  }

  get size(): number {
    return this.#counts.size;
  }

  /** Whether it does no harm to give them nothing once: they have not waited yet, and are not too many. */
  get mayWait(): boolean {
    return this.#heldSince === undefined && this.#counts.size <= MAX_HELD;
  }

  /** Adds one to the count of that name, which begins as what `open` gives. */
  add(name: string | number, what: keyof Count, open: () => C): void {
    let count = this.#counts.get(name);
    if (count === undefined) {
      if (this.#counts.size >= MAX_COUNTS) return;
      count = open();
      this.#counts.set(name, count);
    }
    count[what] += 1;
  }

  /** All of them if there are at most `most`. More stay; those that have stayed too long are thinned to `most`. */
  take(now: number, most: number): C[] {
    if (this.#counts.size === 0) return [];
    this.#heldSince ??= now;
    const isOverdue = this.#counts.size > MAX_HELD || now - this.#heldSince >= MAX_HELD_MS;
    if (most <= 0 || (this.#counts.size > most && !isOverdue)) return [];
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    this.#heldSince = undefined;
    return this.#thinned(counts, most);
  }

  #thinned(counts: readonly C[], most: number): C[] {
    const random = this.#random;
    const { kept, weight } = thin(counts, most, random);
    return kept.map((count) => ({
      ...count,
      uses: thinCount(count.uses, weight, random),
      errors: thinCount(count.errors, weight, random),
    }));
  }
}
