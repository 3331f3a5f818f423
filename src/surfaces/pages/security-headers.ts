import type { MiddlewareHandler } from "hono";

/** Nothing inline, nothing from elsewhere: text that slips through unescaped still cannot run or call out. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const SECURITY_HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  // Older browsers do not know `frame-ancestors`.
  "x-frame-options": "DENY",
  // An address of ours in another site's log would tell who uses which pool.
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
};

/** Puts what every page needs on its headers. */
export function setSecurityHeaders(headers: Headers): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) headers.set(name, value);
}

/** For whole groups of routes: redirects and errors among the pages get the headers too. */
export function securityHeaders(): MiddlewareHandler {
  return async function securityHeaders(c, next) {
    await next();
    setSecurityHeaders(c.res.headers);
  };
}
