import type { Context, MiddlewareHandler } from "hono";
import { readClientAddress } from "../../ingress/client-address.ts";
import { problemResponse, type Problem } from "../../problem.ts";
import type { Services } from "../../services.ts";
import { bearerOf, equalsSecret } from "./bearer.ts";
import { CSRF_FIELD, CSRF_HEADER, isCsrfTokenOf, isFromOwnPages, isSafe, readForm } from "./own-pages.ts";
import { sessionOf, type SignedIn } from "./session.ts";

/** What a try of the operator's token came to. */
export type TokenTry = { kind: "right" } | { kind: "wrong" } | { kind: "wait"; ms: number };

/**
 * Compares the token, and counts the failures of `who`: over the limit they wait, even with the right token. Others are
 * not touched.
 */
export async function tryToken(given: string, who: string, services: Services): Promise<TokenTry> {
  const { attempts, settings } = services;
  const ms = await attempts.waitFor(who);
  if (ms > 0) return { kind: "wait", ms };
  if (settings.ADMIN_TOKEN !== undefined && equalsSecret(given, settings.ADMIN_TOKEN)) return { kind: "right" };
  await attempts.failed(who);
  return { kind: "wrong" };
}

/**
 * Lets the operator through to JSON and reports: with `Authorization: Bearer <ADMIN_TOKEN>`, or below `/api/admin` with
 * the cookie of a session (what our own pages send), and then with the session's token on whatever changes something.
 */
export function requireOperator(services: Services): MiddlewareHandler {
  return async function requireOperator(c, next) {
    if (services.settings.ADMIN_TOKEN === undefined) return refuse(DESK_OFF);
    const given = bearerOf(c.req.raw.headers);
    if (given === undefined) {
      const refusal = await refusalOfCookie(c, services);
      return refusal === undefined ? next() : refuse(refusal);
    }
    const outcome = await tryToken(given, readClientAddress(c.req.raw.headers), services);
    switch (outcome.kind) {
      case "right":
        return next();
      case "wrong":
        return refuse(NO_OPERATOR);
      case "wait":
        return refuse(TOO_MANY, outcome.ms);
    }
  };
}

/** Why a request without Bearer may not pass; undefined if its session lets it. */
async function refusalOfCookie(c: Context, services: Services): Promise<Problem | undefined> {
  const session = c.req.path.startsWith("/api/admin/") ? await sessionOf(c, services) : undefined;
  if (session === undefined) return NO_OPERATOR;
  if (isSafe(c.req.method)) return undefined;
  const { headers } = c.req.raw;
  const isOurs = isFromOwnPages(headers, c.req.url) && isCsrfTokenOf(session, headers.get(CSRF_HEADER));
  return isOurs ? undefined : NOT_OUR_PAGE;
}

/**
 * Lets a signed-in operator through to the pages; sends others to sign in, and back to where they wanted to go. `foreign`
 * answers a form that is none of ours.
 */
export function requireSession(
  services: Services,
  foreign: (c: Context<SignedIn>) => Response | Promise<Response>,
): MiddlewareHandler<SignedIn> {
  return async function requireSession(c, next) {
    const session = await sessionOf(c, services);
    if (session === undefined) return c.redirect(signInPath(c), 303);
    c.set("session", session);
    return isSafe(c.req.method) || (await isOwnForm(c, session)) ? next() : foreign(c);
  };
}

async function isOwnForm(c: Context, session: SignedIn["Variables"]["session"]): Promise<boolean> {
  if (!isFromOwnPages(c.req.raw.headers, c.req.url)) return false;
  return isCsrfTokenOf(session, (await readForm(c)).get(CSRF_FIELD));
}

function signInPath(c: Context): string {
  const { pathname, search } = new URL(c.req.url);
  const isWorthReturning = isSafe(c.req.method) && pathname + search !== "/admin";
  return isWorthReturning ? `/admin/sign-in?to=${encodeURIComponent(pathname + search)}` : "/admin/sign-in";
}

const DESK_OFF: Problem = { code: 404, status: "NOT_FOUND", message: "Set ADMIN_TOKEN to open the operator's pages." };

const NO_OPERATOR: Problem = {
  code: 401,
  status: "UNAUTHENTICATED",
  message: "Send the operator's token: Authorization: Bearer <ADMIN_TOKEN>.",
};

const NOT_OUR_PAGE: Problem = {
  code: 403,
  status: "PERMISSION_DENIED",
  message: "The request did not come from a page of this desk. Open the page again and repeat what you did.",
};

const TOO_MANY: Problem = {
  code: 429,
  status: "RESOURCE_EXHAUSTED",
  message: "Too many wrong tokens were sent from your address. Please wait.",
};

function refuse(problem: Problem, waitMs?: number): Response {
  const response = problemResponse(problem, "gemini");
  if (waitMs !== undefined) response.headers.set("retry-after", String(Math.ceil(waitMs / 1000)));
  return response;
}
