/** A clock that only moves from event to event, and randomness that repeats. */

/** Mulberry32: small, good enough for arrivals, the same on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Event {
  at: number;
  run: () => void;
}

/** Events in order of their time: a binary heap. */
export class VirtualTime {
  now = 0;
  readonly #heap: Event[] = [];

  at(time: number, run: () => void): void {
    const heap = this.#heap;
    let index = heap.push({ at: time, run }) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#timeOf(parent) <= this.#timeOf(index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.at(this.now + ms, resolve));
  }

  /** Runs every event up to `end`; what an event sets in motion has come to rest before the next. */
  async runUntil(end: number): Promise<void> {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#removeFirst();
      this.now = Math.max(this.now, next.at);
      next.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.now = end;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let index = 0; ;) {
      const left = index * 2 + 1;
      const smaller = this.#timeOf(left + 1) < this.#timeOf(left) ? left + 1 : left;
      if (this.#timeOf(smaller) >= this.#timeOf(index)) return;
      this.#swap(smaller, index);
      index = smaller;
    }
  }

  #timeOf(index: number): number {
    return this.#heap[index]?.at ?? Infinity;
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap;
    const held = heap[one];
    const moved = heap[other];
    if (held === undefined || moved === undefined) return;
    heap[one] = moved;
    heap[other] = held;
  }
}
