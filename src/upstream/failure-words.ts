import type { ApiKey } from "../api-key.ts";
import type { Answer } from "./forward.ts";
import { parseGoogleError, type GoogleError } from "./google-error.ts";
import { plainWords } from "./plain-words.ts";

const MAX_LENGTH = 300;

/** Codes as Google writes them: `PERMISSION_DENIED`, `API_KEY_SERVICE_BLOCKED`, `not_found`. */
const CODE = /^(?:[A-Z][A-Z0-9_]{1,60}|[a-z][a-z_]{1,60})$/;
const MAX_CODES = 4;

/**
 * How messages begin that come with no evidence of what they are about. Another one might repeat the request, so of it
 * only the code is kept.
 */
const FAMILIAR = [
  "An internal error has occurred.",
  "Deadline expired before operation could complete.",
  "Internal error encountered.",
  "Rate limit exceeded.",
  "Resource exhausted. Please try again later.",
  "Resource has been exhausted (e.g. check quota).",
  "The model is overloaded.",
  "The operation was cancelled.",
  "The service is currently unavailable.",
  "This model is currently experiencing high demand.",
  "You exceeded your current quota, please check your plan and billing details.",
];

/**
 * What the log of failures keeps of an answer, redacted: Google's message where the verdict says that it is about a
 * key, a quota or Google; only codes where it may quote the caller (`Invalid value at 'contents[0]': …`).
 */
export function failureWords(answer: Answer, key: ApiKey | undefined): string | undefined {
  switch (answer.kind) {
    case "served":
      return undefined;
    case "failed":
      return answer.verdict.cause;
    case "refused":
      return wordsOf(answer, key);
  }
}

function wordsOf({ verdict, text }: Extract<Answer, { kind: "refused" }>, key: ApiKey | undefined): string | undefined {
  const error = parseGoogleError(text);
  if (error === undefined) return verdict.kind === "upstream_down" ? verdict.cause : undefined;
  switch (verdict.kind) {
    case "key_dead":
    case "key_broke":
    case "quota_day":
    case "quota_minute":
    case "model_not_offered":
    case "place_refused":
      return plainWords(error.message, key, MAX_LENGTH) || codesOf(error);
    case "busy":
    case "upstream_down":
      return FAMILIAR.find((beginning) => error.message.startsWith(beginning)) ?? codesOf(error);
    case "served":
    case "key_unsuited":
    case "caller_fault":
      return codesOf(error);
  }
}

function codesOf({ status, stringCode, errorInfos }: GoogleError): string | undefined {
  const codes = [status, stringCode, ...errorInfos.map(({ reason }) => reason)].filter(
    (code) => code !== undefined && CODE.test(code),
  );
  return codes.length === 0 ? undefined : [...new Set(codes)].slice(0, MAX_CODES).join(" ");
}
