import { blamesKey } from "../verdict.ts";
import type { Call, Relayed, RelayOptions } from "./call.ts";
import { noteIfFailed } from "./failure.ts";
import { proveByUse } from "./prove.ts";
import { takeTurns } from "./turns.ts";

export type Relay = (call: Call) => Promise<Relayed>;

/**
 * THE REQUEST'S WAY. Pinned: on the caller's own key. Unproven: on the caller's own key, which joins if it is
 * served. Proven: by the pool's next keys, the last try on the caller's own.
 */
export function createRelay(options: RelayOptions): Relay {
  return async function relay(call) {
    if (call.route === "pinned") return serveAlone(call, options);
    const sorted = options.pool.sortOut(call.keys, call.defer);
    const { member, candidates } = sorted instanceof Promise ? await sorted : sorted;
    // While contribution is closed nothing is to be proved by a member's other keys.
    const isClosed = options.settings.CONTRIBUTION === "closed" && member !== undefined;
    const proof = isClosed || candidates.length === 0 ? undefined : await proveByUse(call, candidates, options);
    if (member === undefined) return proof ?? serveAlone(call, options);
    if (proof !== undefined && !blamesKey(proof.answer.verdict)) return proof;
    const share = options.fairShare.mayUsePool(member.id);
    const mayUsePool = share instanceof Promise ? await share : share;
    return takeTurns(call, member, { mayUsePool, attemptsBefore: proof?.attempts ?? 0 }, options);
  };
}

async function serveAlone(call: Call, { forward, noteFailure }: RelayOptions): Promise<Relayed> {
  const key = call.keys[0];
  const answer = await forward(call.outgoing, key);
  noteIfFailed(answer, { key }, call, noteFailure);
  return { answer, servedBy: "own", key, attempts: 1, contributed: false };
}
