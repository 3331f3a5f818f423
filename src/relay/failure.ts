import type { ApiKey } from "../api-key.ts";
import type { Defer } from "../pool/rotation.ts";
import { failureWords } from "../upstream/failure-words.ts";
import type { Answer, Outgoing } from "../upstream/forward.ts";
import type { Verdict } from "../verdict.ts";

/** An attempt that failed, as the operator may know it. */
export interface FailedAttempt {
  /** The pool's key that was used; undefined for one that is not in the pool. */
  keyId: number | undefined;
  /** The access token that the caller brought. */
  tokenId: number | undefined;
  model: string | undefined;
  verdict: Verdict;
  /** The HTTP status of Google's answer; undefined where none came. */
  status: number | undefined;
  /** Google's words, redacted and cut. */
  words: () => string | undefined;
}

export type NoteFailure = (attempt: FailedAttempt, defer: Defer) => void;

/** Keeps an attempt for the operator if it failed; not one that broke off because its caller hung up. */
export function noteIfFailed(
  answer: Answer,
  { key, keyId }: { key: ApiKey; keyId?: number },
  { outgoing, defer, tokenId }: { outgoing: Outgoing; defer: Defer; tokenId?: number },
  noteFailure: NoteFailure,
): void {
  if (answer.kind === "served" || outgoing.signal.aborted) return;
  const status = answer.kind === "refused" ? answer.status : undefined;
  const words = () => failureWords(answer, key);
  noteFailure({ keyId, tokenId, model: outgoing.model, verdict: answer.verdict, status, words }, defer);
}
