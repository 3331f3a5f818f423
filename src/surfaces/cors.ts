import type { MiddlewareHandler } from "hono";

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

/**
 * Lets pages of any origin call the API: the credential is a key in a header, never a cookie, so an origin gains
 * nothing that it does not bring. Requested headers are echoed because `*` does not cover `authorization`.
 */
export function cors(): MiddlewareHandler {
  return async function cors(c, next) {
    if (c.req.method === "OPTIONS") {
      const requested = c.req.header("access-control-request-headers");
      return c.body(null, 204, {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS",
        "access-control-allow-headers": requested ?? "*",
        "access-control-max-age": "86400",
        vary: "access-control-request-headers",
      });
    }
    await next();
    if (c.res.webSocket) return;
    c.res.headers.set("access-control-allow-origin", "*");
    c.res.headers.set("access-control-expose-headers", EXPOSED);
  };
}
