import type { Verdict } from "../verdict.ts";
import { nextPacificMidnight } from "./pacific-midnight.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** What a verdict does to the key that the attempt used. Pure: `now` is passed in. */
export type Consequence =
  | { kind: "none" }
  | { kind: "served" }
  | { kind: "retire"; reason: string }
  /** Rest for all models on the first hit, retire on the next one after that rest. */
  | { kind: "strike"; reason: string; restUntil: number }
  /** Rest for all models: `firstMs`, doubling each time in a row, up to `maxMs`. */
  | { kind: "rest"; firstMs: number; maxMs: number }
  | { kind: "cool"; quota: "quota_day" | "quota_minute" | "model_not_offered"; until: number }
  /** Cool for the model: `firstMs`, doubling each time in a row, up to `maxMs`. */
  | { kind: "cool_busy"; firstMs: number; maxMs: number };

const NONE: Consequence = { kind: "none" };
const SERVED: Consequence = { kind: "served" };

export function consequenceOf(verdict: Verdict, now: number): Consequence {
  switch (verdict.kind) {
    case "served":
      return SERVED;
    case "key_dead":
      return verdict.evidence === "certain"
        ? { kind: "retire", reason: verdict.reason }
        : { kind: "strike", reason: verdict.reason, restUntil: now + MINUTE_MS };
    case "key_broke":
      return { kind: "rest", firstMs: HOUR_MS, maxMs: 24 * HOUR_MS };
    case "quota_day":
      return { kind: "cool", quota: "quota_day", until: nextPacificMidnight(now) };
    case "quota_minute":
      return { kind: "cool", quota: "quota_minute", until: now + verdict.retryAfterMs };
    case "model_not_offered":
      return { kind: "cool", quota: "model_not_offered", until: now + 24 * HOUR_MS };
    case "busy":
      return { kind: "cool_busy", firstMs: 5 * SECOND_MS, maxMs: 5 * MINUTE_MS };
    case "place_refused":
    case "key_unsuited":
    case "caller_fault":
    case "upstream_down":
      return NONE;
  }
}
