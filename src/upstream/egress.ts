import type { Clock } from "../clock.ts";
import type { Answer, Forward, Outgoing } from "./forward.ts";

/** How long an isolate goes through the relay after Google refused its own place. */
const REFUSED_FOR_MS = 600_000;

export interface Egress {
  direct: Forward;
  relay: Forward;
  clock: Clock;
}

/**
 * Sends directly, and through the relay where Google refuses the place: the same attempt, the same key, once. Only
 * the location verdict leads there; while the isolate remembers it, it goes there first. A body that cannot be sent
 * again is answered as it is, and the next request knows better.
 */
export function withFallbackEgress({ direct, relay, clock }: Egress): Forward {
  let refusedUntil = 0;

  return async function forwardFromSomewhere(outgoing, key) {
    if (clock() < refusedUntil) return relay(outgoing, key);
    const answer = await direct(outgoing, key);
    if (!isPlaceRefused(answer)) return answer;
    refusedUntil = clock() + REFUSED_FOR_MS;
    return isReplayable(outgoing) ? relay(outgoing, key) : answer;
  };
}

function isPlaceRefused({ verdict }: Answer): boolean {
  return verdict.kind === "place_refused";
}

function isReplayable({ body }: Outgoing): boolean {
  return !(body instanceof ReadableStream);
}
