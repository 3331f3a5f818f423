/**
 * Turns one answer of Google's into its Verdict. Pure: no I/O, no clock.
 * The table is in docs/architecture.md; `google-key-rules.ts` and `google-quota.ts` hold the rows about keys and quotas.
 */

import type { Verdict } from "../verdict.ts";
import { type GoogleError, parseGoogleError } from "./google-error.ts";
import { judgeKey } from "./google-key-rules.ts";
import { judgeQuota } from "./google-quota.ts";

export interface UpstreamAnswer {
  status: number;
  contentType: string;
  /** The first 64 KiB at most; not read below 400. */
  body: string;
  /** The model that the caller asked for, with or without `models/`. */
  model: string | undefined;
}

/** Depends on where the request left from, whatever the key (protocol facts §1.4). */
const LOCATION_REFUSED = "User location is not supported for the API use.";

/** Said about the request's credentials, so about us or the caller; a pool key is never sent like that. */
const CREDENTIAL_FAULTS: ReadonlySet<string> = new Set([
  "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
  "Multiple authentication credentials received. Please pass only one.",
]);

/** The OpenAI route's word for an auth key that it does not take, while the native routes may (protocol facts §2.2). */
const INVALID_AUTH_KEY = "Invalid Auth key.";

/**
 * The tail of the 404 for models that are closed to young projects: every form seen from March to September 2026.
 * Anchored at both ends and put after the whole first sentence, so that a fragment in a model's name never fits.
 */
const NEW_USERS_TAIL =
  /^ Please update your code to use (?:a newer model|models\/[A-Za-z0-9._-]{1,100})(?: for the latest features and improvements)?\.(?: We recommend you to use the Interactions API(?: \(https:\/\/ai\.google\.dev\/[A-Za-z0-9/._-]{1,100}\))?\.)?$/;

export function classify(answer: UpstreamAnswer): Verdict {
  if (answer.status < 400) return { kind: "served" };
  if (answer.status >= 500) return { kind: "upstream_down", cause: "status" };
  const error = isHtml(answer.contentType) ? undefined : parseGoogleError(answer.body);
  if (error === undefined) return judgeUnreadable(answer.status);
  return judgeKey(answer.status, error) ?? judgeRequest(answer, error);
}

/**
 * Google's front end speaks HTML: a block on the address, an unknown path. A refusal that the API did not write says
 * nothing about key or caller; another 4xx still does about the caller.
 */
function judgeUnreadable(status: number): Verdict {
  switch (status) {
    case 401:
    case 402:
    case 403:
    case 429:
      return { kind: "upstream_down", cause: "not_json" };
    default:
      return { kind: "caller_fault" };
  }
}

function isHtml(contentType: string): boolean {
  return contentType.toLowerCase().startsWith("text/html");
}

function judgeRequest(answer: UpstreamAnswer, error: GoogleError): Verdict {
  switch (answer.status) {
    case 400:
      return judgeBadRequest(error);
    case 401:
    case 402:
    case 403:
      return judgeRefusal(error);
    case 404:
      return judgeNotFound(error, answer.model);
    case 429:
      return judgeQuota(error);
    default:
      return { kind: "caller_fault" };
  }
}

/** Other failed preconditions (free tier, billing) may hold for this key and not for the caller's own. */
function judgeBadRequest(error: GoogleError): Verdict {
  if (error.message.trim() === INVALID_AUTH_KEY) return { kind: "key_unsuited" };
  const isPrecondition = error.status === "FAILED_PRECONDITION" || error.stringCode === "failed_precondition";
  if (!isPrecondition) return { kind: "caller_fault" };
  return error.message.trim() === LOCATION_REFUSED ? { kind: "place_refused" } : { kind: "key_unsuited" };
}

/**
 * A refusal without a known reason: a file, cache or tuned model of another project, billing, a reason that is new.
 * The key is left alone, and the caller's own key may well be let in.
 */
function judgeRefusal(error: GoogleError): Verdict {
  return CREDENTIAL_FAULTS.has(error.message.trim()) ? { kind: "caller_fault" } : { kind: "key_unsuited" };
}

function judgeNotFound(error: GoogleError, model: string | undefined): Verdict {
  return isClosedToNewUsers(error.message.trim(), model) ? { kind: "key_unsuited" } : { kind: "caller_fault" };
}

/** Google closes a model to young projects first, so an older project's key still gets it (protocol facts §1.7). */
function isClosedToNewUsers(message: string, model: string | undefined): boolean {
  if (model === undefined) return false;
  const sentence = `This model models/${withoutPrefix(model)} is no longer available to new users.`;
  return message.startsWith(sentence) && NEW_USERS_TAIL.test(message.slice(sentence.length));
}

function withoutPrefix(model: string): string {
  return model.startsWith("models/") ? model.slice("models/".length) : model;
}
