import type { Services } from "../services.ts";
import type { Visit } from "./visit.ts";

/**
 * Writes one line about some requests (`LOG_SAMPLE`), and about each that was answered with a 5xx. No key, no address,
 * no path and no word of a prompt or an answer is in it.
 */
export function requestLog({ settings, clock, log }: Services, random: () => number = Math.random) {
  return function requestLog({ about, arrivedAt }: Visit, { status, headers }: Response, id: string): void {
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
