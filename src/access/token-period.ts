import type { LimitPeriod } from "../db/tokens.ts";

export interface Period {
  /** Epoch milliseconds. */
  start: number;
  /** When requests are counted anew; undefined for never. */
  end: number | undefined;
}

/** The period of a token's limit that `now` falls into: a day or a month of UTC, or all of the token's life. Pure. */
export function periodOf(kind: LimitPeriod, now: number): Period {
  const date = new Date(now);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (kind) {
    case "day":
      return { start: Date.UTC(year, month, day), end: Date.UTC(year, month, day + 1) };
    case "month":
      return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
    case "total":
      return { start: 0, end: undefined };
  }
}
