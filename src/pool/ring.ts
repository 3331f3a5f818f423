import type { Clock } from "../clock.ts";
import type { Ring, RingTable } from "../db/ring.ts";

/** The look at the ring grows with the pool: who asks again at once gets what was seen. */
const RING_TTL_MS = 30_000;

/** Where the rotation stands, half a minute old at most. Throws if D1 does not answer. */
export function createRing(table: RingTable, clock: Clock) {
  let seen: { at: number; ring: Ring } | undefined;

  return async function ring(): Promise<Ring> {
    const now = clock();
    if (seen === undefined || now - seen.at >= RING_TTL_MS) seen = { at: now, ring: await table.read(now) };
    return seen.ring;
  };
}
