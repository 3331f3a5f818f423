/**
 * Reads a hostile error body into one plain structure. Pure, never throws; a field of the wrong type counts as absent.
 *
 * Google repeats the caller's words in `message` and in `BadRequest` details, so whatever judges a key may trust only
 * what is typed here: the codes, and `details` entries with Google's exact `@type`.
 */

import { type JsonObject, asArray, asObject, asString, readErrorObject } from "./google-body.ts";
import { parseRetryDelay } from "./retry-delay.ts";

export interface GoogleError {
  /** `error.code` where it is a number; the HTTP status is the one to judge by. */
  code: number | undefined;
  /** The interactions API sends a word instead of a number (`quota_exceeded`). */
  stringCode: string | undefined;
  /** The gRPC status (`PERMISSION_DENIED`), empty where absent. */
  status: string;
  message: string;
  /** Whether `details` is there at all, read or not: an exact message counts only without. */
  hasDetails: boolean;
  errorInfos: ErrorInfo[];
  quotaViolations: QuotaViolation[];
  /** From RetryInfo. Google's own words lie about it: for a day's quota it is often less than a minute. */
  retryDelayMs: number | undefined;
}

export interface ErrorInfo {
  reason: string;
  domain: string | undefined;
  metadata: Record<string, string>;
}

export interface QuotaViolation {
  /** `GenerateRequestsPerDayPerProjectPerModel-FreeTier`; empty where Google names none. */
  quotaId: string;
  quotaMetric: string;
  quotaValue: string | undefined;
  /** The model's *billing* name, not always the one that was asked for. */
  model: string | undefined;
}

const TYPE = {
  errorInfo: "type.googleapis.com/google.rpc.ErrorInfo",
  quotaFailure: "type.googleapis.com/google.rpc.QuotaFailure",
  retryInfo: "type.googleapis.com/google.rpc.RetryInfo",
} as const;

/** Google sends at most four details and a handful of violations; the rest of a hostile list is not read. */
const MAX_DETAILS = 16;
const MAX_VIOLATIONS = 32;
const MAX_METADATA = 32;

/** The error in a body of Google's, or undefined where the body holds none (HTML, cut JSON, another shape). */
export function parseGoogleError(body: string): GoogleError | undefined {
  const error = readErrorObject(body);
  if (error === undefined) return undefined;
  const details = readDetails(error["details"]);
  return {
    code: typeof error["code"] === "number" ? error["code"] : undefined,
    stringCode: asString(error["code"]),
    status: asString(error["status"]) ?? "",
    message: asString(error["message"]) ?? "",
    hasDetails: error["details"] !== undefined,
    errorInfos: ofType(details, TYPE.errorInfo).flatMap(readErrorInfo),
    quotaViolations: ofType(details, TYPE.quotaFailure).flatMap(readViolations),
    retryDelayMs: readRetryDelayMs(ofType(details, TYPE.retryInfo)),
  };
}

function readDetails(value: unknown): JsonObject[] {
  return asArray(value)
    .slice(0, MAX_DETAILS)
    .map(asObject)
    .filter((detail) => detail !== undefined);
}

function ofType(details: JsonObject[], type: string): JsonObject[] {
  return details.filter((detail) => detail["@type"] === type);
}

function readErrorInfo(detail: JsonObject): ErrorInfo[] {
  const reason = asString(detail["reason"]);
  if (reason === undefined) return [];
  return [{ reason, domain: readDomain(detail), metadata: readMetadata(detail["metadata"]) }];
}

/** A domain of the wrong type must not pass for an absent one, which is believed in more cases. */
function readDomain(detail: JsonObject): string | undefined {
  return detail["domain"] === undefined ? undefined : (asString(detail["domain"]) ?? "");
}

function readMetadata(value: unknown): Record<string, string> {
  const strings = Object.entries(asObject(value) ?? {})
    .slice(0, MAX_METADATA)
    .filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.fromEntries(strings);
}

function readViolations(detail: JsonObject): QuotaViolation[] {
  return asArray(detail["violations"])
    .slice(0, MAX_VIOLATIONS)
    .map(asObject)
    .filter((violation) => violation !== undefined)
    .map(readViolation);
}

function readViolation(violation: JsonObject): QuotaViolation {
  return {
    quotaId: asString(violation["quotaId"]) ?? "",
    quotaMetric: asString(violation["quotaMetric"]) ?? "",
    quotaValue: asString(violation["quotaValue"]),
    model: asString(asObject(violation["quotaDimensions"])?.["model"]),
  };
}

function readRetryDelayMs(details: JsonObject[]): number | undefined {
  const delay = asString(details[0]?.["retryDelay"]);
  return delay === undefined ? undefined : parseRetryDelay(delay);
}
