/** Response headers that a page's script may read: ours, and those that Google's clients look for. */
const EXPOSED = [
  "retry-after",
  "server-timing",
  "x-gemini-service-tier",
  "x-goog-upload-chunk-granularity",
  "x-goog-upload-control-url",
  "x-goog-upload-header-x-google-session-info",
  "x-goog-upload-size-received",
  "x-goog-upload-status",
  "x-goog-upload-url",
  "x-pool-attempts",
  "x-pool-contributed",
  "x-pool-request-id",
  "x-pool-served-by",
].join(", ");

const FOR_OPERATOR = /^https?:\/\/[^/]*\/+(?:api\/+admin|admin|metrics|rotation-status)(?:[/?#]|$)/i;

/**
 * Whether the answer is for the operator: there a cookie may open the door, so no page of another origin may ask or read.
 * A percent sign may hide a letter, as it does not from the router.
 */
export function isForOperator(url: string): boolean {
  if (!url.includes("%")) return FOR_OPERATOR.test(url);
  return FOR_OPERATOR.test(
    url.replaceAll(/%[2-7][0-9a-f]/gi, (hex) => String.fromCharCode(parseInt(hex.slice(1), 16))),
  );
}

/** The answer to an `OPTIONS`. Requested headers are echoed because `*` does not cover `authorization`. */
export function answerPreflight(request: Request): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS",
      "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "*",
      "access-control-max-age": "86400",
      vary: "access-control-request-headers",
    },
  });
}

/**
 * Lets pages of any origin read the answer: the credential is a key in a header, never a cookie, so an origin gains
 * nothing that it does not bring.
 */
export function openToAnyOrigin(headers: Headers): void {
  headers.set("access-control-allow-origin", "*");
  headers.set("access-control-expose-headers", EXPOSED);
}
