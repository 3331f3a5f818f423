import type { Services } from "../services.ts";
import type { About, Visit } from "./visit.ts";

/** Counts an answered request for the API: no query, a few additions. */
export function tally({ records, clock }: Pick<Services, "records" | "clock">) {
  return function tally({ about, arrivedAt, defer, request }: Visit, { status }: Response): void {
    if (about === undefined) return;
    const { model, relayed } = about;
    const callerFault = status >= 400 && (request.signal.aborted || isCallersFault(about, status));
    const attempts = relayed?.attempts ?? 0;
    records.answered(
      { model, status, servedBy: relayed?.servedBy, attempts, ms: clock() - arrivedAt, callerFault },
      defer,
    );
  };
}

/**
 * Whether a refusal is the caller's own doing, which is no failure of the pool's: a bad request, or a bad key of their
 * own. Without it, anyone could spoil the success rate with junk.
 */
function isCallersFault({ relayed, isDry }: About, status: number): boolean {
  if (relayed === undefined) return status < 500 && isDry !== true;
  switch (relayed.answer.verdict.kind) {
    case "caller_fault":
      return true;
    case "key_unsuited":
      // Who brought a token has no key of their own; what is nowhere to be found they asked for all the same.
      return relayed.servedBy === "own" || status === 404;
    case "key_dead":
      return relayed.servedBy === "own";
    case "served":
    case "key_broke":
    case "quota_day":
    case "quota_minute":
    case "model_not_offered":
    case "busy":
    case "place_refused":
    case "upstream_down":
      return false;
  }
}
