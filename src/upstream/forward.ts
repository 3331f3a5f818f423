import type { ApiKey } from "../api-key.ts";
import type { Verdict } from "../verdict.ts";
import { classify } from "./classify.ts";
import type { GoogleHeaders } from "./headers.ts";
import { readBounded } from "./read-bounded.ts";

/** One attempt: everything about the request except the key. */
export interface Outgoing {
  method: string;
  /** Path and query below Google's origin, free of credentials. */
  pathAndQuery: string;
  /** The header that the route wants the credential in (protocol notes §2). */
  credential: "x-goog-api-key" | "bearer";
  /** Stripped headers; the credential is set on them for each attempt. */
  headers: GoogleHeaders;
  body: Uint8Array | string | ReadableStream | undefined;
  /** Fires when the caller hangs up. */
  signal: AbortSignal;
  model: string | undefined;
  /** Whether the body says if Google may store the prompt; `not_applicable` where the route knows no such field. */
  promptStore: "said" | "unsaid" | "not_applicable";
  /** The body may have more tokens than bytes. */
  outgrowsBytes?: boolean;
}

/** What came of one attempt. */
export type Answer =
  /** 2xx, 3xx or a WebSocket: not a byte of it has been read. */
  | { kind: "served"; verdict: Extract<Verdict, { kind: "served" }>; response: Response }
  /** Google answered with an error; `text` may hold the key and is not fit for the caller before redaction. */
  | { kind: "refused"; verdict: Verdict; status: number; headers: Headers; text: string }
  /** No answer: connection failed, or took too long. */
  | { kind: "failed"; verdict: Extract<Verdict, { kind: "upstream_down" }> };

export interface GoogleOptions {
  baseUrl: string;
  fetch: typeof fetch;
  /** How long Google may take to begin its answer. */
  timeoutMs: number;
}

/** Without a key the request carries its authority itself: an upload's URL, an ephemeral token. */
export type Forward = (outgoing: Outgoing, key: ApiKey | undefined) => Promise<Answer>;

/** Google's errors are a few KiB; more is nobody's to classify. */
const MAX_ERROR_BYTES = 64 * 1024;
const ERROR_READ_MS = 10_000;

/** Makes the function that sends one attempt to Google with one key. It never throws. */
export function createForward({ baseUrl, fetch, timeoutMs }: GoogleOptions): Forward {
  return async function forward(outgoing, key) {
    const { method, headers, body } = outgoing;
    if (key !== undefined) setCredential(headers, outgoing.credential, key);
    const deadline = startDeadline(timeoutMs, outgoing.signal);
    let response: Response;
    try {
      response = await fetch(baseUrl + outgoing.pathAndQuery, {
        method,
        headers,
        redirect: "manual",
        signal: deadline.signal,
        body: body ?? null,
      });
    } catch {
      const cause = deadline.expired() ? "timeout" : "network";
      return { kind: "failed", verdict: { kind: "upstream_down", cause } };
    } finally {
      deadline.clear();
    }
    if (response.status < 400) return { kind: "served", verdict: { kind: "served" }, response };
    const text = await readBounded(response, MAX_ERROR_BYTES, ERROR_READ_MS);
    const contentType = response.headers.get("content-type") ?? "";
    const mostTokens = mostTokensOf(outgoing);
    const verdict = classify({ status: response.status, contentType, body: text, mostTokens });
    return { kind: "refused", verdict, status: response.status, headers: response.headers, text };
  };
}

/** Text has about four bytes a token, and digits one each: a caller picks the text. */
function mostTokensOf({ body, outgrowsBytes }: Outgoing): number {
  if (outgrowsBytes === true) return Infinity;
  if (typeof body === "string") return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.byteLength : 0;
}

function setCredential(headers: GoogleHeaders, credential: Outgoing["credential"], key: ApiKey): void {
  if (credential === "bearer") headers["authorization"] = `Bearer ${key.reveal()}`;
  else headers["x-goog-api-key"] = key.reveal();
}

/** Google's own limit; a timer that only repeats it would cost every request something. */
const GOOGLE_TIMEOUT_MS = 600_000;

/** Aborts when the caller hangs up, or when the answer has not begun in time; the stream that follows may take longer. */
function startDeadline(timeoutMs: number, callerSignal: AbortSignal) {
  if (timeoutMs >= GOOGLE_TIMEOUT_MS) return { signal: callerSignal, clear: () => undefined, expired: () => false };
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort();
  }, timeoutMs);
  if (callerSignal.aborted) controller.abort();
  else callerSignal.addEventListener("abort", () => controller.abort(), { once: true });
  return { signal: controller.signal, clear: () => clearTimeout(timer), expired: () => expired };
}
