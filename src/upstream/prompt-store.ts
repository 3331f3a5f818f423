import type { Clock } from "../clock.ts";
import { parseGoogleError } from "./google-error.ts";
import type { Answer, Forward, Outgoing } from "./forward.ts";

/** How long a route that refused the field goes without it before it is tried again. */
const REFUSAL_TTL_MS = 3_600_000;

/** Google's whole sentence about the field at the top of the body; a caller's own nested one reads differently. */
const REFUSAL = 'Invalid JSON payload received. Unknown name "store": Cannot find field.';

/**
 * Keeps prompts out of the logs of the projects that serve them: puts `"store": false` in front of the body's first
 * property (@google/genai 3.1.0: it takes precedence over the project's logging setting). The body is not parsed
 * or encoded again. A route that refuses the field is asked again without it at once, and remembered.
 */
export function withoutStoring(forward: Forward, clock: Clock): Forward {
  const refusedUntil = new Map<string, number>();

  return async function forwardWithoutStoring(outgoing, key) {
    const { body, promptStore } = outgoing;
    const isHeld = typeof body === "string" || body instanceof Uint8Array;
    if (promptStore !== "unsaid" || !isHeld || isKnownToRefuse(outgoing)) return forward(outgoing, key);
    const answer = await forward({ ...outgoing, body: sayNotToStore(body) }, key);
    if (!isRefusal(answer)) return answer;
    refusedUntil.set(routeOf(outgoing), clock() + REFUSAL_TTL_MS);
    return forward(outgoing, key);
  };

  function isKnownToRefuse(outgoing: Outgoing): boolean {
    return refusedUntil.size > 0 && (refusedUntil.get(routeOf(outgoing)) ?? 0) > clock();
  }
}

/** API version and method: of a handful each, so the memory is bounded. */
function routeOf({ pathAndQuery }: Outgoing): string {
  const [path = ""] = pathAndQuery.split("?", 1);
  return `${path.split("/", 2)[1] ?? ""} ${path.slice(path.lastIndexOf(":") + 1)}`;
}

function isRefusal(answer: Answer): boolean {
  return (
    answer.kind === "refused" && answer.status === 400 && parseGoogleError(answer.text)?.message.trim() === REFUSAL
  );
}

const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const WHITESPACE = new Set([0x09, 0x0a, 0x0d, 0x20]);
const encoder = new TextEncoder();
const ALONE = encoder.encode('{"store":false');
const BEFORE_OTHERS = encoder.encode('{"store":false,');

/** The body of a JSON object with `"store":false` as its first property. */
export function sayNotToStore(body: Uint8Array | string): Uint8Array | string {
  return typeof body === "string" ? sayInText(body) : sayInBytes(body);
}

function sayInText(body: string): string {
  const start = body.indexOf("{") + 1;
  let next = start;
  while (WHITESPACE.has(body.charCodeAt(next))) next += 1;
  return `{"store":false${body[next] === "}" ? "" : ","}${body.slice(start)}`;
}

function sayInBytes(body: Uint8Array): Uint8Array {
  const start = body.indexOf(OPENING_BRACE) + 1;
  let next = start;
  while (WHITESPACE.has(body[next] ?? 0)) next += 1;
  const prefix = body[next] === CLOSING_BRACE ? ALONE : BEFORE_OTHERS;
  const whole = new Uint8Array(prefix.length + body.length - start);
  whole.set(prefix);
  whole.set(body.subarray(start), prefix.length);
  return whole;
}
