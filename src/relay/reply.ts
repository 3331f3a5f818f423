import { problemResponse, type Dialect, type Problem } from "../problem.ts";
import type { Answer } from "../upstream/forward.ts";
import { stripForCaller } from "../upstream/headers.ts";
import { toOpenAiError } from "../upstream/openai-error.ts";
import { redact } from "../upstream/redact.ts";
import type { Verdict } from "../verdict.ts";
import type { Relayed } from "./call.ts";

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
  const response = answer.kind === "served" ? passThrough(answer.response) : errorReply(relayed, dialect);
  if (response.webSocket) return response;
  stripForCaller(response.headers);
  markReply(response.headers, relayed, timing);
  return response;
}

/** The body stays the stream that it is: not a byte of it passes through JavaScript. */
function passThrough(response: Response): Response {
  return response.webSocket ? response : new Response(response.body, response);
}

function errorReply({ answer, servedBy, key }: Relayed, dialect: Dialect): Response {
  const problem = problemOf(answer);
  if (answer.kind !== "refused" || problem !== undefined) {
    return problemResponse(problem ?? UNREACHABLE, dialect);
  }
  const text = servedBy === "pool" ? redact(answer.text, { key: key.reveal() }) : answer.text;
  const openAi = dialect === "openai" ? toOpenAiError(answer.status, text) : undefined;
  const headers = new Headers(answer.headers);
  // The text may have changed in length and is no longer encoded.
  headers.delete("content-length");
  headers.delete("content-encoding");
  if (servedBy === "pool") headers.delete("www-authenticate");
  if (openAi !== undefined) headers.set("content-type", "application/json; charset=utf-8");
  return new Response(openAi?.body ?? text, { status: openAi?.status ?? answer.status, headers });
}

const UNREACHABLE: Problem = {
  code: 503,
  status: "UNAVAILABLE",
  message: "Google's API could not be reached. Please try again.",
};

/** Our own words for what came without words of the API's. */
function problemOf(answer: Answer): Problem | undefined {
  if (answer.verdict.kind !== "upstream_down") return undefined;
  switch (answer.verdict.cause) {
    case "network":
      return UNREACHABLE;
    case "timeout":
      return { code: 504, status: "DEADLINE_EXCEEDED", message: "Google's API did not answer in time." };
    case "not_json":
      return {
        code: 502,
        status: "UNAVAILABLE",
        message: "Google answered with something that is not an answer of the API. Please try again.",
      };
    case "status":
      return undefined;
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
  return waits.length === 0 ? undefined : Math.min(...waits);
}
