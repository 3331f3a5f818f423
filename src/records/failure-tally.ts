import type { FailureRow } from "../db/failures.ts";
import { blamesKey, type Verdict } from "../verdict.ts";

/** An attempt that failed. */
export interface FailedAttempt {
  /** The pool's key that was used; undefined for one that is not in the pool. */
  keyId?: number | undefined;
  /** The access token of a caller who brought no key. */
  tokenId?: number | undefined;
  model: string | undefined;
  verdict: Verdict;
  /** The HTTP status of Google's answer; undefined where none came. */
  status: number | undefined;
  /** Google's words, redacted and cut. Only asked for if the failure is kept. */
  words: () => string | undefined;
}

/** What waits for a flush. Strangers can fail as often as they like: they must not crowd out what befell the pool. */
const MAX_OF_POOL = 20;
const MAX_OF_OTHERS = 5;

/** Neither a prompt nor a key can hide in such a name. */
const MODEL = /^[a-z][a-z0-9.-]{0,60}$/;

type NewFailure = Omit<FailureRow, "id">;

/** Failed attempts, gathered between flushes: the first of each, and how many more there were. */
export class FailureTally {
  #ofPool: NewFailure[] = [];
  #ofOthers: NewFailure[] = [];
  #leftOut = 0;

  note(attempt: FailedAttempt, now: number): void {
    const isOfPool = attempt.keyId !== undefined && blamesKey(attempt.verdict);
    const failures = isOfPool ? this.#ofPool : this.#ofOthers;
    if (failures.length >= (isOfPool ? MAX_OF_POOL : MAX_OF_OTHERS)) this.#leftOut += 1;
    else failures.push(rowOf(attempt, now));
  }

  /** The next `most` failures to write, the pool's first. */
  take(most: number): NewFailure[] {
    const taken = this.#ofPool.splice(0, most);
    return [...taken, ...this.#ofOthers.splice(0, most - taken.length)];
  }

  /** How many failures were not kept since this was asked last. */
  takeLeftOut(): number {
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}

function rowOf({ keyId, tokenId, model, verdict, status, words }: FailedAttempt, at: number): NewFailure {
  return {
    at,
    keyId: keyId ?? null,
    tokenId: tokenId ?? null,
    model: model === undefined ? null : plainModel(model),
    verdict: verdict.kind,
    status: status ?? null,
    message: words() ?? null,
  };
}

function plainModel(model: string): string {
  return MODEL.test(model) ? model : "other";
}
