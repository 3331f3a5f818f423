import type { ApiKey } from "../api-key.ts";
import type { Clock, Sleep } from "../clock.ts";
import type { FairShare } from "../pool/fair-share.ts";
import type { Pool } from "../pool/pool.ts";
import type { Defer } from "../pool/rotation.ts";
import type { Answer, Forward, Outgoing } from "../upstream/forward.ts";
import type { NoteFailure } from "./failure.ts";

/** A request, read: who calls, what it looks like to Google, and how it may be served. */
export interface Call {
  /** The caller's own keys, in the order given. */
  keys: [ApiKey, ...ApiKey[]];
  outgoing: Outgoing;
  /** `pinned`: by the caller's first key alone; the pool is neither asked nor told. */
  route: "pooled" | "pinned";
  /** A 2xx proves the key that was used. */
  proves: boolean;
  arrivedAt: number;
  defer: Defer;
  /** The access token that the caller brought instead of a key, by its id. */
  tokenId?: number;
}

/** A request whose caller brings no key: the pool's serve it. */
export type GuestCall = Omit<Call, "keys" | "route">;

/** The answer for the caller, and how it came about. */
export interface Relayed {
  answer: Answer;
  servedBy: "pool" | "own";
  /** The key that was used, if one was. Its text must not reach the caller unless it is their own. */
  key: ApiKey | undefined;
  attempts: number;
  /** This answer admitted the caller's key. */
  contributed: boolean;
  /** No pool key is ready for the model before then (epoch ms). */
  poolBlockedUntil?: number | undefined;
}

export interface RelayOptions {
  pool: Pool;
  fairShare: FairShare;
  /** Sends with a key of the caller's. */
  forward: Forward;
  /** The same, and asks Google not to store the prompt. */
  forwardUnstored: Forward;
  /** Keeps a failed attempt for the operator. */
  noteFailure: NoteFailure;
  clock: Clock;
  sleep: Sleep;
  random: () => number;
  /** Read at each use: the operator may change them while the isolate runs. */
  settings: {
    readonly MAX_RETRIES: number;
    readonly RETRY_BUDGET_MS: number;
    readonly PROMPT_STORE: "never" | "leave";
    readonly CONTRIBUTION: "open" | "closed";
  };
}
