import type { KeyCount, KeyTable, KeyTally } from "../db/keys.ts";
import { HeldCounts, type Count } from "./held-counts.ts";

/** "Last seen" may take this share of the rows: it is the least that anyone misses. */
const SEEN_SHARE = 0.25;

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
    this.#seen.add(id);
  }

  /**
   * What has been counted, as two statements that write no more than about `budget` rows. How often a key was used
   * comes before for which models: a pool of few keys and many models shows the former at once.
   */
  take(now: number, budget: number): D1PreparedStatement[] {
    const seen = [...this.#seen].slice(0, Math.floor(budget * SEEN_SHARE));
    this.#seen.clear();
    const rows = budget - seen.length;
    const half = Math.floor(rows / 2);
    const byKey = this.#byKey.take(now, half);
    const byModel = this.#byModel.take(now, this.#byKey.size > 0 ? half : rows - byKey.length);
    const counts = withSeen(byKey, seen);
    return [
      ...(counts.length === 0 ? [] : [this.#keys.count(counts, now)]),
      ...(byModel.length === 0 ? [] : [this.#keys.countByModel(byModel, now)]),
    ];
  }

  #add(id: number, model: string, what: keyof Count): void {
    this.#byKey.add(id, what, () => ({ id, uses: 0, errors: 0 }));
    this.#byModel.add(`${id} ${model}`, what, () => ({ id, model, uses: 0, errors: 0 }));
  }
}

function withSeen(uses: readonly Use[], seen: readonly number[]): KeyCount[] {
  const counts = new Map(seen.map((id) => [id, { id, uses: 0, errors: 0, seen: true }]));
  for (const use of uses) counts.set(use.id, { ...use, seen: counts.has(use.id) });
  return [...counts.values()];
}
