import type { KeyCount, KeyTable, KeyTally } from "../db/keys.ts";
import { HeldCounts, type Count } from "./held-counts.ts";

/** "Last seen" may take this share of the rows: it is the least that anyone misses. */
const SEEN_SHARE = 0.25;

/** Contributors who wait for rows to be noted; who is seen beyond is noted another time. */
const MAX_SEEN = 200;

export interface KeyCountersOptions {
  keys: Pick<KeyTable, "count" | "countByModel">;
  random: () => number;
}

type Use = Omit<KeyCount, "seen">;

/** Uses and errors by key, and by key and model, and which contributors were seen, gathered between flushes. */
export class KeyCounters {
  readonly #keys: KeyCountersOptions["keys"];
  readonly #byKey: HeldCounts<Use>;
  readonly #byModel: HeldCounts<KeyTally>;
  #seen = new Set<number>();

  constructor({ keys, random }: KeyCountersOptions) {
    this.#keys = keys;
    this.#byKey = new HeldCounts(random);
    this.#byModel = new HeldCounts(random);
  }

  countUse(id: number, model: string): void {
    this.#add(id, model, "uses");
  }

  countError(id: number, model: string): void {
    this.#add(id, model, "errors");
  }

  countSeen(id: number): void {
    if (this.#seen.size < MAX_SEEN) this.#seen.add(id);
  }

  /**
   * What has been counted, as two statements that write about `budget` rows. How often a key was used comes before for
   * which models: a pool of few keys and many models shows the former at once. Who was seen costs rows only where no
   * use is told; those come on top, for the next flush to save, or counts that take all would never leave them any.
   */
  take(now: number, budget: number): D1PreparedStatement[] {
    const half = Math.floor(budget / 2);
    const byKey = this.#byKey.take(now, this.#rowsByKey(budget, half));
    const byModel = this.#byModel.take(now, this.#byKey.size > 0 ? half : budget - byKey.length);
    const counts = [...byKey.map((use) => ({ ...use, seen: this.#seen.delete(use.id) })), ...this.#takeSeen(budget)];
    return [
      ...(counts.length === 0 ? [] : [this.#keys.count(counts, now)]),
      ...(byModel.length === 0 ? [] : [this.#keys.countByModel(byModel, now)]),
    ];
  }

  /**
   * What the counts by model leave. All if there is not enough for both, but only once: from then on half is for those
   * that wait, or a busy pool of few keys would take each row as it comes.
   */
  #rowsByKey(budget: number, half: number): number {
    const others = this.#byModel.size;
    if (this.#byKey.size + others > budget && this.#byModel.mayWait) return budget;
    return Math.max(half, budget - others);
  }

  #takeSeen(budget: number): KeyCount[] {
    const ids = [...this.#seen].slice(0, Math.ceil(budget * SEEN_SHARE));
    for (const id of ids) this.#seen.delete(id);
    return ids.map((id) => ({ id, uses: 0, errors: 0, seen: true }));
  }

  #add(id: number, model: string, what: keyof Count): void {
    this.#byKey.add(id, what, () => ({ id, uses: 0, errors: 0 }));
    this.#byModel.add(`${id} ${model}`, what, () => ({ id, model, uses: 0, errors: 0 }));
  }
}
