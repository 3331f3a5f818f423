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

/** `requestBytes`: the length of the request's body. */
export function judgeQuota(error: GoogleError, requestBytes: number): Verdict {
  return (
    judgeStringCode(error) ??
    judgeZeroLimit(error) ??
    judgeHugePrompt(error, requestBytes) ??
    judgeViolations(error) ??
    judgeRateLimit(error) ??
    judgeHelpAlone(error) ?? { kind: "busy" }
  );
}

/** Interactions (protocol facts §1.8): `quota_exceeded` is the day's quota, `rate_limit_exceeded` the minute's. */
function judgeStringCode(error: GoogleError): Verdict | undefined {
  if (error.stringCode === "quota_exceeded") return { kind: "quota_day" };
  if (error.stringCode === "rate_limit_exceeded") return waitForMinute(undefined);
  return undefined;
}

function judgeZeroLimit(error: GoogleError): Verdict | undefined {
  const zero = rateLimits(error).filter((info) => info.metadata["quota_limit_value"] === "0");
  if (zero.length === 0) return undefined;
  return zero.some((info) => GENERATION_LIMITS.has(info.metadata["quota_limit"] ?? ""))
    ? { kind: "key_dead", reason: "quota_limit_zero", evidence: "certain" }
    : { kind: "key_unsuited" };
}

/** Text has about four bytes a token, and digits one each: a caller picks the text. */
const BYTES_PER_TOKEN = 1;

/**
 * A prompt so large that it alone may exceed the quota for input tokens says nothing about what the key has left.
 * The attack this stops: one such prompt, sent again and again, would cool every key of the pool until midnight.
 */
function judgeHugePrompt({ quotaViolations }: GoogleError, requestBytes: number): Verdict | undefined {
  const isTooLarge = ({ quotaId, quotaValue }: QuotaViolation) =>
    quotaId.includes("InputToken") && requestBytes / BYTES_PER_TOKEN >= Number(quotaValue ?? Infinity);
  const isAllOfIt = quotaViolations.length > 0 && quotaViolations.every(isTooLarge);
  return isAllOfIt ? { kind: "key_unsuited" } : undefined;
}

function judgeViolations(error: GoogleError): Verdict | undefined {
  const violations = error.quotaViolations;
  if (violations.length === 0) return undefined;
  if (isModelWithoutQuota(violations, error.message)) return { kind: "model_not_offered" };
  if (violations.some((violation) => violation.quotaId.includes("PerDay"))) return { kind: "quota_day" };
  return waitForMinute(error.retryDelayMs);
}

/** The older regional quota: an ErrorInfo that names the limit, no QuotaFailure. */
function judgeRateLimit(error: GoogleError): Verdict | undefined {
  const [info] = rateLimits(error);
  if (info === undefined) return undefined;
  const isPerDay = info.metadata["quota_limit"]?.includes("PerDay") === true;
  return isPerDay ? { kind: "quota_day" } : waitForMinute(error.retryDelayMs);
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
