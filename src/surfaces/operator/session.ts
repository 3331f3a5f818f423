import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { Session } from "../../access/sessions.ts";
import type { Services } from "../../services.ts";

/** What a request behind {@link requireSession} carries. */
export interface SignedIn {
  Variables: { session: Session };
}

/**
 * `__Host-` binds the cookie to this host, over https, for every path: no neighbour on a parent domain can plant one.
 * Over plain http (a server at home, `pnpm dev`) a browser would refuse it, Safari on localhost too.
 */
const COOKIE_OVER_HTTPS = "__Host-potluck";
const COOKIE_OVER_HTTP = "potluck";

/** The session that the request's cookie opens. */
export async function sessionOf(c: Context, { sessions }: Services): Promise<Session | undefined> {
  const cookie = getCookie(c, cookieName(c));
  return cookie === undefined ? undefined : sessions.find(cookie);
}

/** Begins a session and gives the browser its cookie. The one that it had before ends: a copy of it opens nothing more. */
export async function beginSession(c: Context, { sessions }: Services): Promise<void> {
  const former = getCookie(c, cookieName(c));
  if (former !== undefined) await sessions.end(former);
  writeCookie(c, await sessions.open(), sessions.ttlMs / 1000);
}

/** Ends the session in the database, and takes the cookie back. */
export async function endSession(c: Context, { sessions }: Services): Promise<void> {
  const cookie = getCookie(c, cookieName(c));
  if (cookie !== undefined) await sessions.end(cookie);
  writeCookie(c, "", 0);
}

function writeCookie(c: Context, value: string, maxAge: number): void {
  const options = { path: "/", httpOnly: true, sameSite: "Strict", secure: isHttps(c), maxAge } as const;
  setCookie(c, cookieName(c), value, options);
}

function cookieName(c: Context): string {
  return isHttps(c) ? COOKIE_OVER_HTTPS : COOKIE_OVER_HTTP;
}

/** Whether the browser speaks https, as far as the Worker knows. */
export function isHttps(c: Context): boolean {
  return c.req.url.startsWith("https://");
}
