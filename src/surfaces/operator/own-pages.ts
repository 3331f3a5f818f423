import type { Context } from "hono";
import type { Session } from "../../access/sessions.ts";
import { equalsSecret } from "./bearer.ts";

/** Where a script of our own pages puts the session's token; a form sends it as the field `csrf`. */
export const CSRF_HEADER = "x-csrf-token";
export const CSRF_FIELD = "csrf";

/** Methods that change nothing, so that another site's request for them is harmless. */
export function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/**
 * Whether the browser says that a page of ours sent the request. `Sec-Fetch-Site` cannot be set by a page; where it is
 * missing (plain http, old browsers) `Origin` decides, by the host alone: behind a proxy the Worker may not know that it
 * is spoken to over https. A client that sends neither is no browser that a foreign page could abuse.
 */
export function isFromOwnPages(headers: Headers, url: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = headers.get("origin");
  if (origin === null) return true;
  return URL.canParse(origin) && new URL(origin).host === new URL(url).host;
}

/** Whether this is the token of that session. */
export function isCsrfTokenOf(session: Session, given: unknown): boolean {
  return typeof given === "string" && equalsSecret(given, session.csrfToken);
}

/** The form that was sent; an empty one where the body is none. Read once, however often this is asked. */
export async function readForm(c: Context): Promise<FormData> {
  try {
    return await c.req.formData();
  } catch {
    return new FormData();
  }
}
