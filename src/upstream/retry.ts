import type { Verdict } from "../verdict.ts";

/** What to do after a failed attempt. */
export type NextStep =
  | { kind: "answer" }
  /** Try the next key of the pool, after `delayMs`. */
  | { kind: "pool_key"; delayMs: number }
  /** Try the caller's own key, after `delayMs`: the last try. */
  | { kind: "own_key"; delayMs: number };

export interface Situation {
  verdict: Verdict;
  /** Retries made so far, and those of them because Google was down. */
  retries: { all: number; down: number };
  ownKeyTried: boolean;
  elapsedMs: number;
  maxRetries: number;
  budgetMs: number;
}

/** Google being down is seldom cured by another key: two retries, so that a storm is not made worse. */
const MAX_DOWN_RETRIES = 2;

/** The pause before a retry because Google was down: between the half and the whole of this, doubling. */
const DOWN_DELAY_MS = 400;

const ANSWER: NextStep = { kind: "answer" };

/**
 * Decides after one answer. Pure: elapsed time and randomness are passed in. A bad key is replaced at once;
 * the last try of a request is its caller's own key, which neither the budget nor a MAX_RETRIES of 0 cuts off (never
 * worse than direct).
 */
export function nextStep(situation: Situation, random: () => number): NextStep {
  const { verdict, retries, maxRetries } = situation;
  switch (verdict.kind) {
    case "served":
    case "caller_fault":
    case "place_refused":
      return ANSWER;
    case "key_unsuited":
      return ownKey(situation, 0);
    case "key_dead":
    case "key_broke":
    case "quota_day":
    case "quota_minute":
    case "model_not_offered":
    case "busy":
      return another(situation, maxRetries - retries.all, 0);
    case "upstream_down": {
      const left = Math.min(maxRetries - retries.all, MAX_DOWN_RETRIES - retries.down);
      const delayMs = DOWN_DELAY_MS * 2 ** retries.down * (0.5 + random() / 2);
      return another(situation, left, Math.round(delayMs));
    }
  }
}

function another(situation: Situation, retriesLeft: number, delayMs: number): NextStep {
  // One try is kept for the caller's own key, unless it had its turn.
  const poolTriesLeft = situation.ownKeyTried ? retriesLeft : retriesLeft - 1;
  const isInTime = situation.elapsedMs + delayMs < situation.budgetMs;
  return poolTriesLeft > 0 && isInTime ? { kind: "pool_key", delayMs } : ownKey(situation, delayMs);
}

function ownKey(situation: Situation, delayMs: number): NextStep {
  return situation.ownKeyTried ? ANSWER : { kind: "own_key", delayMs };
}
