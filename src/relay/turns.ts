import type { ApiKey } from "../api-key.ts";
import type { Member } from "../pool/contributors.ts";
import { nextStep, type NextStep } from "../upstream/retry.ts";
import { isFinal } from "../verdict.ts";
import type { Call, Relayed, RelayOptions } from "./call.ts";

/** The key of one attempt, with the row id that the pool knows it by. */
interface Seat {
  id: number;
  key: ApiKey;
  blemished: boolean;
}

/**
 * Serves a member's request by the pool: the next key of the rotation, then others while the fault is the key's or
 * Google's, at last the member's own key. No key is tried twice. When all fail, the caller gets what Google said to
 * their own key. A member over their share is served by their own key alone.
 */
export async function takeTurns(
  call: Call,
  member: Member,
  { mayUsePool, attemptsBefore }: { mayUsePool: boolean; attemptsBefore: number },
  options: RelayOptions,
): Promise<Relayed> {
  const { pool, clock, sleep, random, maxRetries, budgetMs } = options;
  const { outgoing, defer } = call;
  const model = outgoing.model ?? "*";
  const own: Seat = { ...member, blemished: false };
  const tried: number[] = [];
  const retries = { all: 0, down: 0 };
  let ownAnswer: Relayed | undefined;

  async function attempt(seat: Seat): Promise<Relayed> {
    const forward = seat.id === member.id ? options.forward : options.forwardForPool;
    const answer = await forward(outgoing, seat.key);
    tried.push(seat.id);
    // A list of models is answered for dead and empty keys too: what proves nothing wipes nothing.
    const blemished = seat.blemished && call.proves;
    pool.report({ keyId: seat.id, model, blemished }, answer.verdict, defer);
    const servedBy = seat.id === member.id ? "own" : "pool";
    const relayed: Relayed = {
      answer,
      servedBy,
      key: seat.key,
      attempts: attemptsBefore + tried.length,
      contributed: false,
    };
    if (servedBy === "own") ownAnswer = relayed;
    return relayed;
  }

  function decide({ answer: { verdict } }: Relayed): NextStep {
    if (outgoing.signal.aborted) return { kind: "answer" };
    const elapsedMs = clock() - call.arrivedAt;
    return nextStep(
      { verdict, retries, ownKeyTried: ownAnswer !== undefined, elapsedMs, maxRetries, budgetMs },
      random,
    );
  }

  function finish(last: Relayed): Relayed {
    const chosen = isFinal(last.answer.verdict) ? last : (ownAnswer ?? last);
    return { ...chosen, attempts: last.attempts, poolBlockedUntil: pool.blockedUntil(model) };
  }

  pool.sawContributor(member.id, defer);
  const nextSeat = () => (mayUsePool ? pool.lease(model, tried, defer) : undefined);
  let seat = (await nextSeat()) ?? own;
  for (;;) {
    const relayed = await attempt(seat);
    const step = decide(relayed);
    if (step.kind === "answer") return finish(relayed);
    retries.all += 1;
    if (relayed.answer.verdict.kind === "upstream_down") retries.down += 1;
    if (step.delayMs > 0) await sleep(step.delayMs);
    const leased = step.kind === "pool_key" ? await nextSeat() : undefined;
    if (leased === undefined && ownAnswer !== undefined) return finish(relayed);
    seat = leased ?? own;
  }
}
