import type { TokenTable } from "../db/tokens.ts";

/** Tokens whose uses wait to be written; more are not counted until some were. */
const MAX_WAITING = 2000;

/** How often tokens were used, gathered between flushes of the pool's counters. */
export class TokenUses {
  readonly #table: Pick<TokenTable, "count">;
  #uses = new Map<number, number>();

  constructor(table: Pick<TokenTable, "count">) {
    this.#table = table;
  }

  count(id: number): void {
    if (this.#uses.size >= MAX_WAITING && !this.#uses.has(id)) return;
    this.#uses.set(id, (this.#uses.get(id) ?? 0) + 1);
  }

  /** What was counted, as one statement that writes `budget` rows at the most; the rest waits. */
  take(now: number, budget: number): D1PreparedStatement[] {
    const taken = [...this.#uses].slice(0, Math.max(0, Math.floor(budget)));
    if (taken.length === 0) return [];
    for (const [id] of taken) this.#uses.delete(id);
    return [
      this.#table.count(
        taken.map(([id, uses]) => ({ id, uses })),
        now,
      ),
    ];
  }
}
