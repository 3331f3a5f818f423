import type { Survey } from "../db/leases.ts";

/**
 * What to do when a lease found its window cooling. Pure: the survey in, a plan out.
 * Round-robin makes coolings lie in long stretches; stepping over a known stretch costs one row, whatever its
 * length, and a stretch grows by each survey that lands behind it.
 */
export type Detour =
  /** Every key is cooling for the model: nothing to lease before `until` (Infinity: the pool is empty). */
  | { kind: "blocked"; until: number }
  /**
   * Remember that the keys `from`…`to` are cooling until `until`, and go on behind them. `readyBehind`: the survey
   * saw a ready key there.
   */
  | { kind: "step_over"; from: number; to: number; until: number; readyBehind: boolean }
  /** A key became ready meanwhile: lease again. */
  | { kind: "look_again" }
  /** Ready keys exist, but this request tried them all. */
  | { kind: "used_up" };

export function planDetour(survey: Survey, excluded: readonly number[], now: number): Detour {
  if (survey.blockedUntil !== undefined && survey.blockedUntil > now) {
    return { kind: "blocked", until: survey.blockedUntil };
  }
  const ready = survey.keys.filter((key) => key.until === undefined);
  const untried = ready.some((key) => !excluded.includes(key.id));
  if (survey.sawWholeRing && !untried) {
    if (ready.length > 0) return { kind: "used_up" };
    return {
      kind: "blocked",
      until: Math.min(survey.stretchesEnd ?? Infinity, ...survey.keys.map((key) => key.until ?? Infinity)),
    };
  }
  return stretchAhead(survey, untried) ?? { kind: "look_again" };
}

/** The cooling keys directly ahead, within one lap, joined to the known stretch that ends just before them. */
function stretchAhead({ keys, adjoining }: Survey, readyBehind: boolean): Detour | undefined {
  const lap = keys[0]?.lap;
  const firstOther = keys.findIndex((key) => key.until === undefined || key.lap !== lap);
  const ahead = firstOther === -1 ? keys : keys.slice(0, firstOther);
  const first = ahead[0];
  const last = ahead.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const before = adjoining.find((stretch) => stretch.lap === lap);
  return {
    kind: "step_over",
    from: before?.from ?? first.id,
    to: last.id,
    until: Math.min(before?.until ?? Infinity, ...ahead.map((key) => key.until ?? Infinity)),
    readyBehind,
  };
}
