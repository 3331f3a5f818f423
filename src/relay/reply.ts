import { problemResponse, type Dialect, type Problem } from "../problem.ts";
import { stripForCaller } from "../upstream/headers.ts";
import { toOpenAiError } from "../upstream/openai-error.ts";
import { redact, redactKeyAlone } from "../upstream/redact.ts";
import type { Answer } from "../upstream/forward.ts";
import type { Verdict } from "../verdict.ts";
import type { Relayed } from "./call.ts";

type Refused = Extract<Answer, { kind: "refused" }>;

export interface Timing {
  now: number;
  arrivedAt: number;
}

/**
 * The answer as the caller gets it. What Google served passes untouched; what a pool key provoked is redacted;
 * what is no answer of the API becomes an error of our own in the caller's dialect.
 */
export function toReply(relayed: Relayed, dialect: Dialect, timing: Timing): Response {
  const { answer } = relayed;
  const response = responseOf(relayed, answer, dialect);
  if (response.webSocket) return response;
  stripForCaller(response.headers);
  markReply(response.headers, relayed, timing);
  return response;
}

/** The body stays the stream that it is: not a byte of it passes through JavaScript. */
function passThrough(response: Response): Response {
  return response.webSocket ? response : new Response(response.body, response);
}

function responseOf(relayed: Relayed, answer: Answer, dialect: Dialect): Response {
  switch (answer.kind) {
    case "served":
      return passThrough(answer.response);
    case "refused":
      return errorReply(relayed, answer, dialect);
    case "failed":
      return problemResponse(problemOf(answer.verdict), dialect);
  }
}

function errorReply({ servedBy, key }: Relayed, answer: Refused, dialect: Dialect): Response {
  if (!looksLikeJson(answer.text)) return problemResponse(unreadable(answer.status), dialect);
  const secrets = { key: key?.reveal() ?? "" };
  const text = servedBy === "pool" ? redact(answer.text, secrets) : redactKeyAlone(answer.text, secrets);
  const openAi = dialect === "openai" ? toOpenAiError(answer.status, text) : undefined;
  const headers = new Headers(answer.headers);
  // The text may have changed in length and is no longer encoded.
  headers.delete("content-length");
  headers.delete("content-encoding");
  if (servedBy === "pool") headers.delete("www-authenticate");
  if (openAi !== undefined) headers.set("content-type", "application/json; charset=utf-8");
  return new Response(openAi?.body ?? text, { status: openAi?.status ?? answer.status, headers });
}

/** Google's errors are JSON, whatever their label; what is not comes from a front end or a proxy on the way. */
function looksLikeJson(text: string): boolean {
  return /^(?:data:)?\s*[{[]/.test(text);
}

function unreadable(httpStatus: number): Problem {
  if (httpStatus === 404) {
    const message =
      "Google's API has nothing there. Expected a path such as /v1beta/models/{model}:generateContent or " +
      "/v1/chat/completions, or an upload that is still open.";
    return { code: 404, status: "NOT_FOUND", message };
  }
  const message = `Google answered ${httpStatus} with something that is not an answer of its API. Please try again.`;
  return httpStatus < 500 && httpStatus !== 403 && httpStatus !== 429
    ? { code: httpStatus, status: "INVALID_ARGUMENT", message }
    : { code: 502, status: "UNAVAILABLE", message };
}

function problemOf(verdict: Extract<Verdict, { kind: "upstream_down" }>): Problem {
  switch (verdict.cause) {
    case "timeout":
      return { code: 504, status: "DEADLINE_EXCEEDED", message: "Google's API did not answer in time." };
    case "not_json":
      return { code: 502, status: "UNAVAILABLE", message: "Google's API did not answer itself. Please try again." };
    case "status":
    case "network":
      return { code: 503, status: "UNAVAILABLE", message: "Google's API could not be reached. Please try again." };
  }
}

function markReply(headers: Headers, relayed: Relayed, { now, arrivedAt }: Timing): void {
  headers.set("x-pool-attempts", String(relayed.attempts));
  headers.set("x-pool-served-by", relayed.servedBy);
  if (relayed.contributed) headers.set("x-pool-contributed", "yes");
  headers.set("server-timing", `pool;dur=${now - arrivedAt};desc="${relayed.attempts} attempt(s)"`);
  const retryAfterMs = retryAfter(relayed.answer.verdict, relayed.poolBlockedUntil, now);
  if (retryAfterMs !== undefined) headers.set("retry-after", String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
}

/** When a caller out of quota may come back: as soon as their own key or the first of the pool's can serve again. */
function retryAfter(verdict: Verdict, poolBlockedUntil: number | undefined, now: number): number | undefined {
  const waits: number[] = [];
  if (verdict.kind === "quota_minute") waits.push(verdict.retryAfterMs);
  else if (verdict.kind !== "quota_day" && verdict.kind !== "busy") return undefined;
  if (poolBlockedUntil !== undefined && poolBlockedUntil > now) waits.push(poolBlockedUntil - now);
  const soonest = Math.min(...waits);
  return Number.isFinite(soonest) ? soonest : undefined;
}
