/**
 * Request headers that do not travel to Google.
 */
const NOT_UPSTREAM = new Set([
  // Credentials: exactly one is set afterwards, never passed on (two make Google answer 400).
  "authorization",
  "cookie",
  "proxy-authorization",
  "x-goog-api-key",
  "x-goog-user-project",
  "x-goog-authenticated-user-email",
  "x-goog-iap-jwt-assertion",
  // Google takes the method from these: a pooled POST could become the GET that lists another's state.
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  // OpenAI clients' account headers: reported to count as further credentials.
  "openai-organization",
  "openai-project",
  // Gemini CLI's installation id: names a person.
  "x-gemini-api-privileged-user-id",
  // Where the caller comes from: none of Google's business, and key restrictions judge by it.
  "forwarded",
  "from",
  "origin",
  "referer",
  "true-client-ip",
  "via",
  "x-client-ip",
  "x-real-ip",
  // Of this connection only (RFC 9110, 7.6.1); the runtime knows the length of what it sends.
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "expect",
  // The runtime negotiates its own encoding; the caller's would reach clients that never asked for it.
  "accept-encoding",
]);

/** Families of the same kind: Cloudflare's and other proxies' marks, browsers' metadata, our own headers. */
const NOT_UPSTREAM_FAMILY = /^(?:cf|cdn|sec-fetch|sec-ch|x-forwarded|x-pool|x-vercel|fly)-/;

/**
 * Response headers that do not travel to the caller.
 */
const NOT_DOWNSTREAM = [
  // Google's cookies and alternative services are between Google and the Worker.
  "set-cookie",
  "alt-svc",
  "server",
  "via",
  "report-to",
  "nel",
  // The Worker answers browsers itself, for its own origin.
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "access-control-max-age",
  // Ours; the others are set on every answer.
  "x-pool-contributed",
];

/** A request's headers on their way to Google: cheaper to fill, and for `fetch` to read, than a `Headers`. */
export type GoogleHeaders = Record<string, string>;

/** The caller's headers without those that do not travel to Google. */
export function headersForGoogle(inbound: Headers): GoogleHeaders {
  const headers: GoogleHeaders = {};
  // oxlint-disable-next-line unicorn/no-array-for-each -- an iterator makes an object for each header
  inbound.forEach((value, name) => {
    if (!NOT_UPSTREAM.has(name) && !NOT_UPSTREAM_FAMILY.test(name)) headers[name] = value;
  });
  return headers;
}

/** Removes what does not travel to the caller. To ask for each costs less than to look at all that is there. */
export function stripForCaller(headers: Headers): void {
  for (const name of NOT_DOWNSTREAM) headers.delete(name);
}
