import type { Context, MiddlewareHandler } from "hono";
import type { Target } from "../ingress/target.ts";
import type { Services } from "../services.ts";

const REQUEST_ID = "x-pool-request-id";
const ABOUT = "about";

/** What the log may know of a request to the API. */
interface About {
  target: Target;
  model: string | undefined;
}

/** Says what the request is about, once that is known; without it the request gets no line. */
export function tellLog(c: Context, target: Target, model: string | undefined): void {
  c.set(ABOUT, { target, model } satisfies About);
}

/**
 * Gives each request an id, which the caller gets as well, and writes one line about some of them (`LOG_SAMPLE`).
 * No key, no address, no path and no word of a prompt or an answer is in it.
 */
export function requestLog({ settings, clock, log }: Services, random: () => number = Math.random): MiddlewareHandler {
  return async function requestLog(c, next) {
    const id = crypto.randomUUID();
    const arrivedAt = clock();
    await next();
    // The answer to an upgrade takes no more headers.
    if (!c.res.webSocket) c.res.headers.set(REQUEST_ID, id);
    const about = c.get(ABOUT) as About | undefined;
    const { status, headers } = c.res;
    if (about === undefined || (status < 500 && random() * 100 >= settings.LOG_SAMPLE)) return;
    log("info", "request.answered", {
      id,
      dialect: about.target.dialect,
      operation: plain(about.target.operation, OPERATION),
      model: plain(about.model, MODEL),
      status,
      attempts: Number(headers.get("x-pool-attempts") ?? 0),
      servedBy: headers.get("x-pool-served-by") ?? undefined,
      ms: clock() - arrivedAt,
    });
  };
}

/** Both may be a caller's text: a key might stand there by mistake, and keys begin with a capital. */
const OPERATION = /^[a-z][A-Za-z/]{0,30}$/;
const MODEL = /^[a-z][a-z0-9.-]{0,60}$/;

function plain(text: string | undefined, expected: RegExp): string | undefined {
  return text === undefined || expected.test(text) ? text : "other";
}
