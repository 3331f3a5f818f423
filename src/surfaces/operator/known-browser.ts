import { createHmac, hkdfSync, randomBytes } from "node:crypto";
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { readClientAddress } from "../../ingress/client-address.ts";
import type { Services } from "../../services.ts";
import { equalsSecret } from "./bearer.ts";
import { isHttps } from "./session.ts";

/** As with the session's cookie: see {@link isHttps}. */
const COOKIE_OVER_HTTPS = "__Host-potluck-browser";
const COOKIE_OVER_HTTP = "potluck-browser";

const ID_BYTES = 16;
const KEPT_S = 180 * 24 * 3600;
/** `<id>.<mac>` */
const COOKIE = /^([\w-]{22})\.([\w-]{43})$/;

/**
 * Whom a wrong token counts against: the client's address, or the browser alone if it has signed in before. Else a
 * stranger behind the same proxy could keep the operator out with ten requests every quarter of an hour. The cookie opens
 * nothing; who steals it may guess ten times, too.
 */
export function whoTries(c: Context, services: Services): string {
  const [, id, mac] = COOKIE.exec(getCookie(c, cookieName(c)) ?? "") ?? [];
  const isKnown = id !== undefined && mac !== undefined && equalsSecret(mac, macOf(id, services));
  return isKnown ? `browser ${id}` : readClientAddress(c.req.raw.headers);
}

/** Lets the browser that has just signed in be told from its neighbours the next time. */
export function rememberBrowser(c: Context, services: Services): void {
  const id = randomBytes(ID_BYTES).toString("base64url");
  const options = { path: "/", httpOnly: true, sameSite: "Strict", secure: isHttps(c), maxAge: KEPT_S } as const;
  setCookie(c, cookieName(c), `${id}.${macOf(id, services)}`, options);
}

/** Under a key that follows from both secrets: with another `ADMIN_TOKEN` no browser is known any more. */
function macOf(id: string, { settings: { ADMIN_TOKEN, POOL_SECRET } }: Services): string {
  const material = JSON.stringify([ADMIN_TOKEN, POOL_SECRET]);
  const key = new Uint8Array(hkdfSync("sha256", material, "potluck", "known browser/1", 32));
  return createHmac("sha256", key).update(id).digest("base64url");
}

function cookieName(c: Context): string {
  return isHttps(c) ? COOKIE_OVER_HTTPS : COOKIE_OVER_HTTP;
}
