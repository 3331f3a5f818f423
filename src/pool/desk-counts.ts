import type { Clock } from "../clock.ts";
import type { KeyDeskTable, KeyFilter } from "../db/key-desk.ts";
import type { Totals } from "../db/keys.ts";

/** Each key in one of them; who cools is active or rests as well. */
export interface KeyCounts {
  active: number;
  resting: number;
  cooling: number;
  retired: number;
  withdrawn: number;
}

export interface DeskCountOptions {
  table: Pick<KeyDeskTable, "count">;
  totals: () => Promise<Totals>;
  clock: Clock;
}

/** How old the overview's counts of resting and cooling keys may be. */
const AWAY_TTL_MS = 30_000;

interface Away {
  at: number;
  resting: number;
  cooling: number;
}

/** How many keys there are. Every method throws if D1 does not answer. */
export function createDeskCounts({ table, totals, clock }: DeskCountOptions) {
  let known: Away | undefined;
  /** Grows with each work of the operator's: what was being read meanwhile may be from before it. */
  let works = 0;

  const countOf = async (status: "resting" | "cooling") => (await table.count({ status }, clock())).total;

  /** No trigger counts these: each look reads all of them, and at 50,000 that is 1 % of the free plan's day. */
  async function away(): Promise<Away> {
    const now = clock();
    if (known !== undefined && now >= known.at && now - known.at < AWAY_TTL_MS) return known;
    const begun = works;
    const [resting, cooling] = await Promise.all([countOf("resting"), countOf("cooling")]);
    const read = { at: now, resting, cooling };
    if (begun === works) known = read;
    return read;
  }

  /** How many keys a filter finds, now; from the triggers' totals where they know. */
  const count = async (filter: KeyFilter): Promise<{ total: number; isExact: boolean }> => {
    const { status, reason, q } = filter;
    if (reason !== undefined || q !== undefined) return table.count(filter, clock());
    switch (status) {
      case undefined: {
        const { active, retired, withdrawn } = await totals();
        return { total: active + retired + withdrawn, isExact: true };
      }
      case "active": {
        const resting = await table.count({ status: "resting" }, clock());
        const total = Math.max(0, (await totals()).active - resting.total);
        return { total, isExact: resting.isExact };
      }
      case "retired":
      case "withdrawn":
        return { total: (await totals())[status], isExact: true };
      case "resting":
      case "cooling":
        return table.count(filter, clock());
    }
  };

  /** For the overview: who rests or cools as of half a minute ago at most, and never from before the operator's last work. */
  const counts = async (): Promise<KeyCounts> => {
    const [{ active, retired, withdrawn }, { resting, cooling }] = await Promise.all([totals(), away()]);
    return { active: Math.max(0, active - resting), resting, cooling, retired, withdrawn };
  };

  /** The operator has just changed something: the overview must show it. */
  const forget = (): void => {
    known = undefined;
    works += 1;
  };

  return { count, counts, forget };
}
