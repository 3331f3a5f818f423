/** What a 429 means, beyond an empty billing account. Pure: no I/O, no clock. */

import type { Verdict } from "../verdict.ts";
import type { ErrorInfo, GoogleError, QuotaViolation } from "./google-error.ts";
import { speaksOfGemini } from "./google-key-rules.ts";

/** Where Google gives no RetryInfo: the window of a minute's quota. */
const DEFAULT_RETRY_MS = 60_000;
const MIN_RETRY_MS = 1_000;
/** A minute's quota is back after a minute; a longer RetryInfo is wrong or hostile. */
const MAX_RETRY_MS = 90_000;

/**
 * Limits that stand for generating at all. Zero means that nobody can use the key (protocol facts §1.5F). Zero for
 * another limit says no such thing: a caller can ask for an odd method that healthy projects have no quota for.
 */
const GENERATION_LIMITS: ReadonlySet<string> = new Set([
  "GenerateContentRequestsPerMinutePerProjectPerRegion",
  "ApiRequestsPerMinutePerProjectPerRegion",
]);

const METRIC_LINE = "* Quota exceeded for metric: ";
const LIMIT = ", limit: ";
const MODEL = ", model: ";

/** `mostTokens`: how many tokens the request's body can have at the most. */
export function judgeQuota(error: GoogleError, mostTokens: number): Verdict {
  return (
    judgeStringCode(error, mostTokens) ??
    judgeZeroLimit(error) ??
    judgeViolations(error, mostTokens) ??
    judgeRateLimit(error, mostTokens) ??
    judgeHelpAlone(error) ?? { kind: "busy" }
  );
}

/**
 * Interactions (protocol facts §1.8): `quota_exceeded` is the day's quota, `rate_limit_exceeded` the minute's. Which of
 * them, requests or tokens, is not said: so nothing is, where the tokens can be any number.
 */
function judgeStringCode({ stringCode }: GoogleError, mostTokens: number): Verdict | undefined {
  if (stringCode !== "quota_exceeded" && stringCode !== "rate_limit_exceeded") return undefined;
  if (mostTokens === Infinity) return { kind: "key_unsuited" };
  return stringCode === "quota_exceeded" ? { kind: "quota_day" } : waitForMinute(undefined);
}

function judgeZeroLimit(error: GoogleError): Verdict | undefined {
  const zero = rateLimits(error).filter((info) => info.metadata["quota_limit_value"] === "0");
  if (zero.length === 0) return undefined;
  return zero.some((info) => GENERATION_LIMITS.has(info.metadata["quota_limit"] ?? ""))
    ? { kind: "key_dead", reason: "quota_limit_zero", evidence: "certain" }
    : { kind: "key_unsuited" };
}

function judgeViolations(error: GoogleError, mostTokens: number): Verdict | undefined {
  const violations = error.quotaViolations;
  if (violations.length === 0) return undefined;
  if (isModelWithoutQuota(violations, error.message)) return { kind: "model_not_offered" };
  const evidence = violations.filter(
    (violation) => !isAboutPrompt(violation.quotaId, violation.quotaValue, mostTokens),
  );
  if (evidence.length === 0) return { kind: "key_unsuited" };
  if (evidence.some((violation) => violation.quotaId.includes("PerDay"))) return { kind: "quota_day" };
  return waitForMinute(error.retryDelayMs);
}

/**
 * A prompt so large that it alone may exceed the quota for input tokens says nothing about what the key has left.
 * The attack this stops: one such prompt, sent again and again, would cool every key of the pool until midnight. Of a
 * quota that is not told, only a prompt that can be of any size is too large.
 */
function isAboutPrompt(quota: string, limit: string | undefined, mostTokens: number): boolean {
  return quota.includes("InputToken") && mostTokens >= Number(limit ?? Infinity);
}

/** The older regional quota: an ErrorInfo that names the limit, no QuotaFailure. */
function judgeRateLimit(error: GoogleError, mostTokens: number): Verdict | undefined {
  const [info] = rateLimits(error);
  if (info === undefined) return undefined;
  const limit = info.metadata["quota_limit"] ?? "";
  if (isAboutPrompt(limit, info.metadata["quota_limit_value"], mostTokens)) return { kind: "key_unsuited" };
  return limit.includes("PerDay") ? { kind: "quota_day" } : waitForMinute(error.retryDelayMs);
}

/**
 * Details that name no quota and no wait, but a link: what a free key gets for a tool that its tier does not have, such as
 * Google's search (rikkahub #1431, python-genai #1427). The model itself it serves. The attack this stops: a few requests
 * with that tool cool every key of the pool, and for longer each time.
 */
function judgeHelpAlone({ hasDetails, errorInfos, quotaViolations, retryDelayMs }: GoogleError): Verdict | undefined {
  const isEvidence = errorInfos.length + quotaViolations.length > 0 || retryDelayMs !== undefined;
  return hasDetails && !isEvidence ? { kind: "key_unsuited" } : undefined;
}

function rateLimits(error: GoogleError): ErrorInfo[] {
  return error.errorInfos.filter((info) => info.reason === "RATE_LIMIT_EXCEEDED" && speaksOfGemini(info));
}

/**
 * `limit: 0` (protocol facts §1.5B). Violations leave `quotaValue` out for a zero limit, but sometimes for a real one
 * too, and only the text tells: so every violation must allow zero and every metric line of the text must say it.
 */
function isModelWithoutQuota(violations: QuotaViolation[], message: string): boolean {
  const mayBeZero = violations.every(({ quotaValue }) => quotaValue === undefined || quotaValue === "0");
  const limits = metricLimits(message);
  return mayBeZero && limits.length > 0 && limits.every((limit) => limit === "0");
}

/** The limits in `* Quota exceeded for metric: <metric>, limit: <n>, model: <model>`, a line each. */
function metricLimits(message: string): string[] {
  return message
    .split("\n")
    .filter((line) => line.startsWith(METRIC_LINE))
    .map((line) => line.split(LIMIT)[1]?.split(MODEL)[0]?.trim() ?? "");
}

function waitForMinute(retryDelayMs: number | undefined): Verdict {
  const retryAfterMs = Math.min(Math.max(retryDelayMs ?? DEFAULT_RETRY_MS, MIN_RETRY_MS), MAX_RETRY_MS);
  return { kind: "quota_minute", retryAfterMs };
}
