import type { KeyTable, KeyTally } from "../db/keys.ts";
import { thin, thinCount } from "./thinning.ts";

/** A tally costs a row of `keys` and one of `key_models`. */
const ROWS_A_TALLY = 2;

/** "Last seen" may take this share of the rows: it is the least that anyone misses. */
const SEEN_SHARE = 0.25;

/** Tallies that wait for rows to pay for them, rather than be thinned: exact numbers, if the isolate lives. */
const MAX_HELD = 500;
const MAX_HELD_MS = 600_000;

/** While D1 is down, counters wait where they cost a number each; what comes on top of this many is not counted. */
const MAX_TALLIES = 20_000;

export interface KeyCountersOptions {
  keys: Pick<KeyTable, "count" | "countByModel">;
  random: () => number;
}

/** Uses and errors by key and model, and which contributors were seen, gathered between flushes. */
export class KeyCounters {
  readonly #options: KeyCountersOptions;
  #tallies = new Map<string, KeyTally>();
  #seen = new Set<number>();
  #heldSince: number | undefined;

  constructor(options: KeyCountersOptions) {
    this.#options = options;
  }

  countUse(id: number, model: string): void {
    const tally = this.#tallyOf(id, model);
    if (tally !== undefined) tally.uses += 1;
  }

  countError(id: number, model: string): void {
    const tally = this.#tallyOf(id, model);
    if (tally !== undefined) tally.errors += 1;
  }

  countSeen(id: number): void {
    this.#seen.add(id);
  }

  /** What has been counted, as two statements that write no more than about `budget` rows. */
  take(now: number, budget: number): D1PreparedStatement[] {
    const { keys } = this.#options;
    const seen = [...this.#seen].slice(0, Math.floor(budget * SEEN_SHARE));
    const tallies = this.#takeTallies(now, Math.floor((budget - seen.length) / ROWS_A_TALLY));
    this.#seen.clear();
    const counts = sumByKey(tallies, seen);
    return [
      ...(counts.length === 0 ? [] : [keys.count(counts, now)]),
      ...(tallies.length === 0 ? [] : [keys.countByModel(tallies, now)]),
    ];
  }

  #takeTallies(now: number, most: number): KeyTally[] {
    const tallies = [...this.#tallies.values()];
    this.#heldSince ??= now;
    const isOverdue = tallies.length > MAX_HELD || now - this.#heldSince >= MAX_HELD_MS;
    if (most === 0 || (tallies.length > most && !isOverdue)) return [];
    this.#tallies = new Map();
    this.#heldSince = undefined;
    return this.#thinned(tallies, most);
  }

  #thinned(tallies: readonly KeyTally[], most: number): KeyTally[] {
    const { random } = this.#options;
    const { kept, weight } = thin(tallies, most, random);
    return kept.map(({ id, model, uses, errors }) => ({
      id,
      model,
      uses: thinCount(uses, weight, random),
      errors: thinCount(errors, weight, random),
    }));
  }

  #tallyOf(id: number, model: string): KeyTally | undefined {
    const name = `${id} ${model}`;
    const known = this.#tallies.get(name);
    if (known !== undefined || this.#tallies.size >= MAX_TALLIES) return known;
    const tally = { id, model, uses: 0, errors: 0 };
    this.#tallies.set(name, tally);
    return tally;
  }
}

function sumByKey(tallies: readonly KeyTally[], seen: readonly number[]) {
  const sums = new Map(seen.map((id) => [id, { id, uses: 0, errors: 0, seen: true }]));
  for (const { id, uses, errors } of tallies) {
    const sum = sums.get(id) ?? { id, uses: 0, errors: 0, seen: false };
    sums.set(id, { ...sum, uses: sum.uses + uses, errors: sum.errors + errors });
  }
  return [...sums.values()];
}
