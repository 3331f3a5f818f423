import { blamesKey } from "../verdict.ts";
import type { Call, Relayed, RelayOptions } from "./call.ts";
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
    const { member, candidates } = await options.pool.sortOut(call.keys);
    const proof = await proveByUse(call, candidates, options);
    if (member === undefined) return proof ?? serveAlone(call, options);
    if (proof !== undefined && !blamesKey(proof.answer.verdict)) return proof;
    const mayUsePool = await options.fairShare.mayUsePool(member.id);
    return takeTurns(call, member, { mayUsePool, attemptsBefore: proof?.attempts ?? 0 }, options);
  };
}

async function serveAlone(call: Call, { forward }: RelayOptions): Promise<Relayed> {
  const key = call.keys[0];
  return { answer: await forward(call.outgoing, key), servedBy: "own", key, attempts: 1, contributed: false };
}
