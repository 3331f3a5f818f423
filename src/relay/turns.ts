import type { ApiKey } from "../api-key.ts";
import type { Member } from "../pool/standing.ts";
import { isRedirect, withoutRedirect } from "../upstream/redirect.ts";
import { nextStep, type NextStep } from "../upstream/retry.ts";
import { isFinal } from "../verdict.ts";
import { failureWords } from "../upstream/failure-words.ts";
import type { GuestCall, Relayed, RelayOptions } from "./call.ts";
import { noteIfFailed } from "./failure.ts";

/** The key of one attempt, with the row id that the pool knows it by. */
interface Seat {
  id: number;
  key: ApiKey;
  blemished: boolean;
}

/** What of the pool the caller may have. */
interface Share {
  mayUsePool: boolean;
  attemptsBefore: number;
}

/**
 * Serves a member's request by the pool: the next key of the rotation, then others while the fault is the key's or
 * Google's, at last the member's own key. No key is tried twice. When all fail, the caller gets what Google said to
 * their own key. A member over their share is served by their own key alone. A guest has no key: undefined if none of
 * the pool's is ready.
 */
export function takeTurns(call: GuestCall, member: Member, share: Share, options: RelayOptions): Promise<Relayed>;
export function takeTurns(
  call: GuestCall,
  member: undefined,
  share: Share,
  options: RelayOptions,
): Promise<Relayed | undefined>;
export async function takeTurns(
  call: GuestCall,
  member: Member | undefined,
  { mayUsePool, attemptsBefore }: Share,
  options: RelayOptions,
): Promise<Relayed | undefined> {
  const { pool, clock, sleep, random, settings } = options;
  const { outgoing, defer } = call;
  const { MAX_RETRIES: maxRetries, RETRY_BUDGET_MS: budgetMs } = settings;
  const forwardForPool = settings.PROMPT_STORE === "never" ? options.forwardUnstored : options.forward;
  const model = outgoing.model ?? "*";
  const own: Seat | undefined = member && { ...member, blemished: false };
  const tried: number[] = [];
  const retries = { all: 0, down: 0 };
  let ownAnswer: Relayed | undefined;

  async function attempt(seat: Seat): Promise<Relayed> {
    const isOwn = seat.id === member?.id;
    const given = await (isOwn ? options.forward : forwardForPool)(outgoing, seat.key);
    const answer = isOwn ? given : withoutRedirect(given, outgoing.method);
    tried.push(seat.id);
    // A list of models is answered for dead and empty keys too: what proves nothing wipes nothing.
    const blemished = seat.blemished && call.proves;
    const words = answer.kind === "served" ? undefined : () => failureWords(answer, seat.key);
    // Sent elsewhere, a key has neither served nor failed.
    if (!isRedirect(answer)) pool.report({ keyId: seat.id, model, blemished, words }, answer.verdict, defer);
    noteIfFailed(answer, { key: seat.key, keyId: seat.id }, call, options.noteFailure);
    const servedBy = isOwn ? "own" : "pool";
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
    const ownKeyTried = own === undefined || ownAnswer !== undefined;
    return nextStep({ verdict, retries, ownKeyTried, elapsedMs, maxRetries, budgetMs }, random);
  }

  function finish(last: Relayed): Relayed {
    const chosen = isFinal(last.answer.verdict) ? last : (ownAnswer ?? last);
    return { ...chosen, attempts: last.attempts, poolBlockedUntil: pool.blockedUntil(model) };
  }

  if (member !== undefined) pool.sawContributor(member.id, defer);
  const nextSeat = () => (mayUsePool ? pool.lease(model, tried, defer) : undefined);
  let seat = (await nextSeat()) ?? own;
  while (seat !== undefined) {
    const relayed = await attempt(seat);
    const step = decide(relayed);
    if (step.kind === "answer") return finish(relayed);
    retries.all += 1;
    if (relayed.answer.verdict.kind === "upstream_down") retries.down += 1;
    if (step.delayMs > 0) await sleep(step.delayMs);
    const leased = step.kind === "pool_key" ? await nextSeat() : undefined;
    const next: Seat | undefined = leased ?? (ownAnswer === undefined ? own : undefined);
    if (next === undefined) return finish(relayed);
    seat = next;
  }
  return undefined;
}
