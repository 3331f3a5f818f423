/**
 * What one answer of Google's means, as one arm of a tagged union carrying its evidence.
 * Every consumer switches over it exhaustively, without `default`.
 */
export type Verdict =
  /** 2xx, or a 3xx that is the caller's to follow. */
  | { kind: "served" }
  /** Google says that this key is of no use to anyone. `repeated`: believe it on the second hit only. */
  | { kind: "key_dead"; reason: KeyDeathReason; evidence: "certain" | "repeated" }
  /** The key's billing account is empty or capped: no model works until its owner or the calendar acts. */
  | { kind: "key_broke"; reason: "PREPAY_DEPLETED" | "SPENDING_CAP" }
  /** The key's daily quota for the model is used up until midnight in Los Angeles. */
  | { kind: "quota_day" }
  /** The key's quota for the model recovers after `retryAfterMs`. */
  | { kind: "quota_minute"; retryAfterMs: number }
  /** The key's tier has no quota at all for the model. */
  | { kind: "model_not_offered" }
  /** 429 without details: overload or abuse protection, not a known quota. */
  | { kind: "busy" }
  /** Google refuses the place that the request left from, whatever the key. */
  | { kind: "place_refused" }
  /** The key is healthy but may not do this, which the caller's own key perhaps may. */
  | { kind: "key_unsuited" }
  /** The request itself is at fault, or its state belongs to another project. */
  | { kind: "caller_fault" }
  /** Google, or the way to it, failed. */
  | { kind: "upstream_down"; cause: "status" | "network" | "timeout" | "not_json" };

/** Google's own reason where it sends one; ours in lower case for the exact messages that carry none. */
export type KeyDeathReason =
  | "API_KEY_INVALID"
  | "ACCESS_TOKEN_TYPE_UNSUPPORTED"
  | "CREDENTIALS_MISSING"
  | "CONSUMER_SUSPENDED"
  | "CONSUMER_INVALID"
  | "SERVICE_DISABLED"
  | `API_KEY_${string}_BLOCKED`
  | "reported_as_leaked"
  | "project_denied_access"
  | "quota_limit_zero";

/** Google's word is about the request or its outcome: no other key would change it. */
export function isFinal(verdict: Verdict): boolean {
  return verdict.kind === "served" || verdict.kind === "caller_fault" || verdict.kind === "place_refused";
}

/** Google's word is about the key: another one may do. */
export function blamesKey(verdict: Verdict): boolean {
  switch (verdict.kind) {
    case "key_dead":
    case "key_broke":
    case "quota_day":
    case "quota_minute":
    case "model_not_offered":
    case "busy":
      return true;
    case "served":
    case "place_refused":
    case "key_unsuited":
    case "caller_fault":
    case "upstream_down":
      return false;
  }
}
