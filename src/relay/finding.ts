import type { Verdict } from "../verdict.ts";

/** What a question about a key found, in a word. */
export const FINDINGS = [
  "works",
  "invalid",
  "out_of_quota",
  "busy",
  "not_allowed",
  "place_refused",
  "google_unreachable",
] as const;

export type Finding = (typeof FINDINGS)[number];

export function findingOf(verdict: Verdict): Finding {
  switch (verdict.kind) {
    case "served":
      return "works";
    case "key_dead":
      return "invalid";
    case "key_broke":
    case "quota_day":
    case "quota_minute":
    case "model_not_offered":
      return "out_of_quota";
    case "busy":
      return "busy";
    case "key_unsuited":
    case "caller_fault":
      return "not_allowed";
    case "place_refused":
      return "place_refused";
    case "upstream_down":
      return "google_unreachable";
  }
}
