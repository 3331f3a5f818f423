/** When a retired key is asked again. Pure: `now` is passed in. */

import type { Verdict } from "../verdict.ts";
import { nextPacificMidnight } from "./pacific-midnight.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** After a retirement and after each refusal. Then never by itself: the owner's next use still asks. */
const WAITS_MS = [1, 4, 24, 3 * 24, 7 * 24, 14 * 24, 14 * 24, 14 * 24].map((hours) => hours * HOUR_MS);

/** Google may be asked again soon where nothing was learned of the key. */
const SOON_MS = 10 * MINUTE_MS;

/** What follows from one question about a retired key. */
export type RecheckOutcome =
  /** Google generated something: only that proves a key (promise 6). */
  | { kind: "restore" }
  /** Refused again; null: not asked any more. */
  | { kind: "refused"; at: number | null }
  /** The answer was not about the key, or says that it lives and cannot prove it now: not counted against it. */
  | { kind: "undecided"; at: number };

/** When a key that is retired now is asked first. */
export function firstRecheckAt(now: number): number {
  return now + (WAITS_MS[0] ?? HOUR_MS);
}

/** `rechecks`: how often it was refused before. */
export function planRecheck(
  answer: { verdict: Verdict; proved: boolean },
  rechecks: number,
  now: number,
): RecheckOutcome {
  const { verdict, proved } = answer;
  switch (verdict.kind) {
    case "served":
      return proved ? { kind: "restore" } : { kind: "undecided", at: now + DAY_MS };
    case "key_dead":
    case "caller_fault":
      return { kind: "refused", at: nextTurn(rechecks + 1, now) };
    case "key_broke":
    case "model_not_offered":
    // VERIFY_MODEL may be gone (404), which is no word about the key.
    case "key_unsuited":
      return { kind: "undecided", at: now + DAY_MS };
    case "quota_day":
      return { kind: "undecided", at: nextPacificMidnight(now) };
    case "quota_minute":
      return { kind: "undecided", at: now + Math.max(verdict.retryAfterMs, SOON_MS) };
    case "busy":
      return { kind: "undecided", at: now + SOON_MS };
    case "place_refused":
    case "upstream_down":
      return { kind: "undecided", at: now + HOUR_MS };
  }
}

function nextTurn(refusals: number, now: number): number | null {
  const waitMs = WAITS_MS[refusals];
  return waitMs === undefined ? null : now + waitMs;
}
