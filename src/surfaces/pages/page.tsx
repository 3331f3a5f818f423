import type { Context } from "hono";
import { setCookie } from "hono/cookie";
import { html } from "hono/html";
import type { JSX } from "hono/jsx/jsx-runtime";
import { LANGUAGE_COOKIE, toLanguage } from "./language.ts";
import { setSecurityHeaders } from "./security-headers.ts";

export interface PageOptions {
  status?: 200 | 401 | 403 | 404 | 409 | 413 | 422 | 429 | 500 | 503;
  /** `cache-control`; by default nobody keeps the page. */
  cache?: string;
}

/** What a page's answer depends on, for caches. */
const VARY = "accept, accept-language, cookie";

/** Answers with a page (a `<Layout>`), its security headers, and the chosen language remembered. */
export function renderPage(
  c: Context,
  page: JSX.Element,
  { status = 200, cache = "no-store" }: PageOptions = {},
): Response | Promise<Response> {
  const chosen = toLanguage(c.req.query("lang"));
  if (chosen !== undefined) rememberLanguage(c, chosen);
  c.header("vary", VARY);
  // An answer that sets a cookie is for one person.
  c.header("cache-control", chosen === undefined ? cache : "no-store");
  setSecurityHeaders(c.res.headers);
  return c.html(html`<!doctype html>${page}`, status);
}

function rememberLanguage(c: Context, language: string): void {
  setCookie(c, LANGUAGE_COOKIE, language, {
    path: "/",
    maxAge: 365 * 24 * 3600,
    sameSite: "Lax",
    httpOnly: true,
    secure: new URL(c.req.url).protocol === "https:",
  });
}
