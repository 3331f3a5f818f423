import type { Clock } from "../clock.ts";
import { Brake, type Limiter } from "./brake.ts";

/** What the bindings of wrangler.jsonc allow a minute (compared by test/house/limiters.test.ts). */
export const LIMITERS_ALLOW = { contributors: 1000, newKeys: 300 } as const;

/** A credential counts as new again when this isolate has not seen it for so long. */
const SEEN_TTL_MS = 600_000;
const MAX_SEEN = 20_000;

/** A key or an access token. */
interface Credential {
  reveal(): string;
}

export interface FairShareOptions {
  /** Pooled requests of one contributor. */
  contributors: Limiter | undefined;
  /** Keys and tokens that one client address tries. */
  newKeys: Limiter | undefined;
  clock: Clock;
  random: () => number;
  /** Read at each use: the operator may change them while the isolate runs. */
  settings: { readonly FAIR_SHARE_PER_MINUTE: number; readonly NEW_KEYS_PER_MINUTE: number };
}

export type FairShare = ReturnType<typeof createFairShare>;

/** Brakes for abuse. */
export function createFairShare({ contributors, newKeys, clock, random, settings }: FairShareOptions) {
  const seen = new Map<string, number>();
  const shares = new Brake({
    limiter: contributors,
    limiterAllows: LIMITERS_ALLOW.contributors,
    allowed: () => settings.FAIR_SHARE_PER_MINUTE,
    clock,
    random,
  });
  const trials = new Brake({
    limiter: newKeys,
    limiterAllows: LIMITERS_ALLOW.newKeys,
    allowed: () => settings.NEW_KEYS_PER_MINUTE,
    clock,
    random,
  });

  const isNew = (credential: Credential) => {
    const now = clock();
    const text = credential.reveal();
    const fresh = (seen.get(text) ?? 0) <= now;
    seen.delete(text);
    seen.set(text, now + SEEN_TTL_MS);
    const oldest = seen.size > MAX_SEEN ? seen.keys().next().value : undefined;
    if (oldest !== undefined) seen.delete(oldest);
    return fresh;
  };

  async function mayTryNew(credentials: readonly Credential[], address: string): Promise<boolean> {
    for (const [index, credential] of credentials.entries()) {
      // The first is known to be new, and counts as seen.
      if (index > 0 && !isNew(credential)) continue;
      if (await trials.passes(address)) continue;
      seen.delete(credential.reveal());
      return false;
    }
    return true;
  }

  return {
    /** Whether the contributor has pooled requests left; over their share their own key serves them. */
    mayUsePool: (contributorId: number) => shares.passes(String(contributorId)),

    /**
     * Whether the address may try these credentials: the Worker must not tell a thief which of a list of stolen keys
     * work. Those seen before cost nothing (and no promise), so an honest caller never gets there.
     */
    mayTry(credentials: readonly Credential[], address: string): boolean | Promise<boolean> {
      const first = credentials.findIndex(isNew);
      return first === -1 || mayTryNew(credentials.slice(first), address);
    },
  };
}
