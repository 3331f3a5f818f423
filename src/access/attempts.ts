import { createHmac, hkdfSync } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { FailureCount, SessionTable } from "../db/sessions.ts";
import { FAILURE_WINDOW_MS } from "./sessions.ts";

/** Nobody mistypes more often; a guess has 256 bits to find. */
const MAX_FAILURES = 10;
/** An address that the database says is fine is believed for so long. */
const BELIEVED_MS = 60_000;
const MAX_ADDRESSES = 5000;
/** One isolate tells the database of no more failures in a window: an attacker with many addresses writes no rows. */
const MAX_WRITES = 500;

export type Attempts = ReturnType<typeof createAttempts>;

export interface AttemptsOptions {
  table: Pick<SessionTable, "addFailure" | "failuresOf">;
  poolSecret: string;
  clock: Clock;
}

interface Known extends FailureCount {
  believedUntil: number;
}

/**
 * Failed tries of the operator's token, for each client address. The database counts over all isolates and knows
 * addresses by a keyed hash; each isolate remembers what it saw, so that an address over the limit costs no query.
 * When the database does not answer, the isolate's own count holds.
 */
export function createAttempts({ table, poolSecret, clock }: AttemptsOptions) {
  const secret = new Uint8Array(hkdfSync("sha256", poolSecret, "potluck", "client address/1", 32));
  const hashed = (address: string) => createHmac("sha256", secret).update(address).digest("base64url").slice(0, 22);
  const known = new Map<string, Known>();
  let writes = { windowStart: 0, count: 0 };

  const remember = (address: string, count: FailureCount, now: number) => {
    known.delete(address);
    known.set(address, { ...count, believedUntil: now + BELIEVED_MS });
    const oldest = known.size > MAX_ADDRESSES ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
  };

  const remembered = (address: string, now: number): Known | undefined => {
    const entry = known.get(address);
    return entry !== undefined && entry.windowStart > now - FAILURE_WINDOW_MS ? entry : undefined;
  };

  const mayWrite = (now: number) => {
    if (writes.windowStart <= now - FAILURE_WINDOW_MS) writes = { windowStart: now, count: 0 };
    writes.count += 1;
    return writes.count <= MAX_WRITES;
  };

  return {
    /** Milliseconds until the address may try again; 0 if it may. */
    async waitFor(address: string): Promise<number> {
      const now = clock();
      const entry = remembered(address, now);
      if (entry !== undefined && isOver(entry)) return waitOf(entry, now);
      if (entry !== undefined && entry.believedUntil > now) return 0;
      const count = await quietly(() => table.failuresOf(hashed(address), now - FAILURE_WINDOW_MS));
      // Tries that failed meanwhile count: else as many as are sent at once would all be compared.
      const meanwhile = remembered(address, now);
      const told = count ?? { windowStart: now, failures: 0 };
      const latest = meanwhile !== undefined && meanwhile.failures >= told.failures ? meanwhile : told;
      remember(address, latest, now);
      return isOver(latest) ? waitOf(latest, now) : 0;
    },

    /** Counts a failed try. */
    async failed(address: string): Promise<void> {
      const now = clock();
      const entry = remembered(address, now) ?? { windowStart: now, failures: 0 };
      const own = { windowStart: entry.windowStart, failures: entry.failures + 1 };
      // Before the database answers: tries that arrive at the same time count each other.
      remember(address, own, now);
      if (!mayWrite(now)) return;
      const count = await quietly(() => table.addFailure(hashed(address), now, now - FAILURE_WINDOW_MS));
      const latest = remembered(address, now) ?? own;
      if (count !== undefined && count.failures > latest.failures) remember(address, count, now);
    },
  };
}

function isOver({ failures }: FailureCount): boolean {
  return failures >= MAX_FAILURES;
}

function waitOf({ windowStart }: FailureCount, now: number): number {
  return windowStart + FAILURE_WINDOW_MS - now;
}

async function quietly<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}
