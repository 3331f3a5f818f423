/**
 * Request headers that do not travel to Google.
 */
const NOT_UPSTREAM = new Set([
  // Credentials: exactly one is set afterwards, never passed on (two make Google answer 400).
  "authorization",
  "cookie",
  "cookie2",
  "proxy-authorization",
  "x-goog-api-key",
  "x-goog-user-project",
  // Other services' names for it: whoever configures by guessing sends their key in several.
  "api-key",
  "apikey",
  "x-access-token",
  "x-api-key",
  "x-apikey",
  "x-auth-key",
  "x-auth-token",
  "x-authorization",
  "x-ms-key",
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
  "x-cluster-client-ip",
  "x-origin",
  "x-originating-ip",
  "x-real-ip",
  "x-referer",
  "x-referrer",
  "x-remote-addr",
  "x-remote-ip",
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

/** Families of the same kind: clouds' and proxies' marks, Google's word on who has signed in, browsers' metadata, our own. */
const NOT_UPSTREAM_FAMILY =
  /^(?:akamai|cdn|cf|cloudfront|fastly|fly|sec-ch|sec-fetch|x-(?:appengine|azure|envoy|forwarded|goog-authenticated-user|goog-ia[mp]|original|pool|vercel))-/;

/** They make an upload of a request, and of any but an upload's own something that nobody here has looked at. */
const UPLOAD_FAMILY = "x-goog-upload-";

/** As short as a key of the second form may be. */
const MIN_KEY_LENGTH = 23;
const AUTH_KEY = /[AI]Q\.[0-9A-Za-z_.-]{20}/;
/** As in api-key.ts: no key is shorter. */
const MIN_ODD_KEY_LENGTH = 8;

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

/**
 * The caller's headers without those that do not travel to Google. A key goes in no other header than the one that is
 * set for each attempt, whatever that header is called.
 */
export function headersForGoogle(inbound: Headers, isUpload: boolean): GoogleHeaders {
  const headers: GoogleHeaders = {};
  const credentials: string[] = [];
  // oxlint-disable-next-line unicorn/no-array-for-each -- an iterator makes an object for each header
  inbound.forEach((value, name) => {
    if (holdsKey(value)) return;
    if (name === "x-goog-api-key" || name === "authorization") credentials.push(value);
    if (NOT_UPSTREAM.has(name) || NOT_UPSTREAM_FAMILY.test(name)) return;
    if (!isUpload && name.startsWith(UPLOAD_FAMILY)) return;
    headers[name] = value;
  });
  // A key of a form that we do not know is known by what the caller says of it.
  for (const credential of credentials) dropHolders(headers, credential);
  return headers;
}

/** Whether a key of a form that Google uses stands in it. */
function holdsKey(value: string): boolean {
  if (value.length < MIN_KEY_LENGTH) return false;
  return value.includes("AIza") || (value.includes("Q.") && AUTH_KEY.test(value));
}

function dropHolders(headers: GoogleHeaders, credential: string): void {
  const odd = credential.split(/[\s,]+/).filter((text) => text.length >= MIN_ODD_KEY_LENGTH);
  for (const [name, value] of Object.entries(headers)) {
    if (odd.some((key) => value.includes(key))) delete headers[name];
  }
}

/** Removes what does not travel to the caller. To ask for each costs less than to look at all that is there. */
export function stripForCaller(headers: Headers): void {
  for (const name of NOT_DOWNSTREAM) headers.delete(name);
}
