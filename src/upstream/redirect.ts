import type { ApiKey } from "../api-key.ts";
import type { Answer, Outgoing } from "./forward.ts";
import { redact } from "./redact.ts";

/** Where a file's bytes are fetched: Google's own examples follow the answer (`curl -L`). */
const DOWNLOAD = /^\/v1(?:beta|alpha)?\/(?:files\/[^/?]+:download|openai\/(?:files|videos)\/[^?]+\/content)(?:\?|$)/;

/** A project's number where no word says so. Shorter ones would be any second of these years. */
const BARE_PROJECT = /(?:\b|%[0-9A-F]{2})\d{11,12}\b/i;

/**
 * A request for a model is never sent elsewhere by Google itself. What answers so on a key of the pool is something on
 * the way, and neither its words nor its address are for the caller: they have seen the key. "Not modified" is Google's,
 * of a list that the caller knows.
 */
export function withoutRedirect(answer: Answer, method: string): Answer {
  if (!isRedirect(answer) || (method === "GET" && answer.response.status === 304)) return answer;
  // Nobody reads it: without this its connection stays open.
  answer.response.body?.cancel().catch(() => undefined);
  return { kind: "failed", verdict: { kind: "upstream_down", cause: "not_json" } };
}

/**
 * The same where one key of the pool alone can serve, which is not the caller's either. The way to a file's bytes
 * passes, bare, if it tells nothing of the key and its project.
 */
export function withoutTellingRedirect(answer: Answer, { method, pathAndQuery }: Outgoing, key: ApiKey): Answer {
  if (!isRedirect(answer) || method !== "GET" || !DOWNLOAD.test(pathAndQuery)) return withoutRedirect(answer, method);
  const { status, headers, body } = answer.response;
  const location = headers.get("location");
  if (location === null || isTelling(location, key)) return withoutRedirect(answer, method);
  body?.cancel().catch(() => undefined);
  return { ...answer, response: new Response(null, { status, headers: { location } }) };
}

/** Whether what counts as served is no answer, but the way to another place. */
export function isRedirect(answer: Answer): answer is Extract<Answer, { kind: "served" }> {
  return answer.kind === "served" && answer.response.status >= 300;
}

function isTelling(location: string, key: ApiKey): boolean {
  return BARE_PROJECT.test(location) || redact(location, { key: key.reveal() }) !== location;
}
