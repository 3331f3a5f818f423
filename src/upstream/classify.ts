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
  /** How many tokens the request's body can have at the most. */
  mostTokens?: number;
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
      // Models are closed to young projects, and opened early to some: the caller's own key may have it.
      return { kind: "key_unsuited" };
    case 429:
      return judgeQuota(error, answer.mostTokens ?? 0);
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
