import type { ApiKey } from "../api-key.ts";
import type { Clock } from "../clock.ts";

/** A limiter of the runtime's: counts calls with the same key, per place, permissively. */
export interface Limiter {
  limit: (options: { key: string }) => Promise<{ success: boolean }>;
}

/** A key counts as new again when this isolate has not seen it for so long. */
const SEEN_TTL_MS = 600_000;
const MAX_SEEN = 20_000;

export interface FairShareOptions {
  /** Pooled requests of one contributor. */
  contributors: Limiter | undefined;
  /** Keys that one client address tries. */
  newKeys: Limiter | undefined;
  clock: Clock;
}

export type FairShare = ReturnType<typeof createFairShare>;

/** Brakes for abuse. Without a limiter, or when it fails, nothing is limited. */
export function createFairShare({ contributors, newKeys, clock }: FairShareOptions) {
  const seen = new Map<string, number>();

  const isNew = (key: ApiKey) => {
    const now = clock();
    const fresh = (seen.get(key.reveal()) ?? 0) <= now;
    seen.delete(key.reveal());
    seen.set(key.reveal(), now + SEEN_TTL_MS);
    const oldest = seen.size > MAX_SEEN ? seen.keys().next().value : undefined;
    if (oldest !== undefined) seen.delete(oldest);
    return fresh;
  };

  return {
    /** Whether the contributor has pooled requests left; over their share their own key serves them. */
    mayUsePool: (contributorId: number) => within(contributors, String(contributorId)),

    /**
     * Whether the address may try these keys: the Worker must not tell a thief which of a list of stolen keys work.
     * Keys seen before cost nothing, so an honest caller never gets there.
     */
    async mayTry(keys: readonly ApiKey[], address: string): Promise<boolean> {
      for (const key of keys) {
        if (isNew(key) && !(await within(newKeys, address))) {
          seen.delete(key.reveal());
          return false;
        }
      }
      return true;
    },
  };
}

async function within(limiter: Limiter | undefined, key: string): Promise<boolean> {
  if (limiter === undefined) return true;
  try {
    return (await limiter.limit({ key })).success;
  } catch {
    return true;
  }
}
