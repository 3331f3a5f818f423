import type { Candidate } from "../pool/standing.ts";
import { blamesKey } from "../verdict.ts";
import type { Call, Relayed, RelayOptions } from "./call.ts";
import { noteIfFailed } from "./failure.ts";

/**
 * Sends the request on the caller's unproven keys, each alone, until Google says something that is not that key's
 * fault. Only a 2xx of a generating method admits a key, and only while contribution is open: junk never enters the
 * pool, and the caller of a dead key gets Google's own words. Undefined if there is nothing to prove.
 */
export async function proveByUse(
  call: Call,
  candidates: readonly Candidate[],
  { pool, forward, noteFailure, settings }: RelayOptions,
): Promise<Relayed | undefined> {
  let relayed: Relayed | undefined;
  for (const [index, candidate] of candidates.slice(0, settings.MAX_RETRIES + 1).entries()) {
    const { key } = candidate;
    const answer = await forward(call.outgoing, key);
    noteIfFailed(answer, { key }, call, noteFailure);
    const isProof = call.proves && answer.kind === "served" && answer.response.ok;
    const joins = isProof && candidate.mayJoin && settings.CONTRIBUTION === "open";
    if (joins) pool.admit(key, call.defer);
    else if (isProof && candidate.isNew) pool.noteStranger(key);
    const contributed = joins && candidate.isNew;
    relayed = { answer, servedBy: "own", key, attempts: index + 1, contributed };
    if (!blamesKey(answer.verdict)) return relayed;
    if (answer.verdict.kind === "key_dead") pool.noteRefusal(key);
  }
  return relayed;
}
