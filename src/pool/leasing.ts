import type { Clock } from "../clock.ts";
import type { Lease, LeaseTable } from "../db/leases.ts";
import { causeOf, type Log } from "../log.ts";
import type { Outcasts } from "./outcasts.ts";
import type { Defer } from "./defer.ts";
import { Scout } from "./scout.ts";
import type { LeasedKey } from "./leased-key.ts";
import type { Vault } from "./vault.ts";

/** How long a key that does not open is left alone, and how often that is logged: the secret must be put right. */
const LOCKED_MS = 60_000;

/** How long nothing is leased after a whole block did not open. */
const LOCKED_POOL_MS = 5000;

export interface LeasingOptions {
  leases: LeaseTable;
  batch: (statements: D1PreparedStatement[]) => Promise<unknown>;
  vault: Vault;
  outcasts: Outcasts;
  clock: Clock;
  log: Log;
  /** Both are read at each use: they may change while the isolate runs. */
  readonly leaseMax: number;
  readonly leaseTtlMs: number;
}

/** Leases turns from D1 and opens their keys; finds the way where the next keys are cooling. */
export class Leasing {
  readonly #options: LeasingOptions;
  readonly #scout: Scout;
  #lockedUntil = 0;
  #lockLoggedAt = -Infinity;

  constructor(options: LeasingOptions) {
    this.#options = options;
    const { leases, batch, clock } = options;
    this.#scout = new Scout({
      leases,
      batch,
      clock,
      get beliefMs() {
        return options.leaseTtlMs;
      },
    });
  }

  /** Until when no key is ready for the model, as far as this isolate knows. */
  blockedUntil(model: string): number | undefined {
    return this.#scout.blockedUntil(model);
  }

  /** A key joined or came back: no model is known to be blocked any more. */
  unblock(): void {
    this.#scout.unblock();
    this.#lockedUntil = 0;
  }

  /**
   * The next turns, none if no key is ready. Three more round trips at the most where the lease found its window
   * cooling; a longer way is walked behind.
   */
  async lease(model: string, count: number, excluded: readonly number[], defer: Defer): Promise<LeasedKey[]> {
    const { clock, leaseMax, log } = this.#options;
    if (clock() < this.#lockedUntil) return [];
    const found = await this.#ask(model, count, excluded);
    if (found.keys.length > 0)
      return (await this.#open(found, count, excluded)) ?? this.#leaseBehind(model, leaseMax, excluded);
    const look = await this.#scout.look(model, excluded);
    switch (look) {
      case "ready":
        return (await this.#open(await this.#ask(model, count, excluded), count, excluded)) ?? [];
      case "further":
        defer(
          this.#scout
            .explore(model)
            .catch((error: unknown) => log("warn", "pool.lease_failed", { cause: causeOf(error) })),
        );
        return [];
      case "nothing":
        return [];
    }
  }

  #ask(model: string, count: number, excluded: readonly number[]): Promise<Lease> {
    const { leases, clock } = this.#options;
    return leases.lease({ model, now: clock(), count, excluded });
  }

  /** Nothing of a lease opened: one more, as large as may be. If nothing opens again, the secret is wrong. */
  async #leaseBehind(model: string, count: number, excluded: readonly number[]): Promise<LeasedKey[]> {
    const opened = await this.#open(await this.#ask(model, count, excluded), count, excluded);
    if (opened === undefined) this.#lockedUntil = this.#options.clock() + LOCKED_POOL_MS;
    return opened ?? [];
  }

  /**
   * The lease's keys, opened; undefined if none opens. A ring shorter than the block is handed out in whole laps, which
   * leave the cursor where it stands.
   */
  async #open(
    { keys, sawWholeRing }: Lease,
    count: number,
    excluded: readonly number[],
  ): Promise<LeasedKey[] | undefined> {
    const opened: LeasedKey[] = [];
    const locked: number[] = [];
    const opening = keys.map(async (sealed) => ({ ...sealed, key: await this.#options.vault.open(sealed) }));
    for (const { id, key, blemished } of await Promise.all(opening)) {
      if (key === undefined) locked.push(id);
      else opened.push({ id, key, blemished });
    }
    this.#noteLocked(locked);
    if (opened.length === 0 && locked.length > 0) return undefined;
    const laps = sawWholeRing && excluded.length === 0 ? Math.max(1, Math.floor(count / keys.length)) : 1;
    return Array.from({ length: laps }, () => opened).flat();
  }

  #noteLocked(ids: readonly number[]): void {
    const { outcasts, clock, log } = this.#options;
    const [first] = ids;
    if (first === undefined) return;
    const now = clock();
    for (const id of ids) outcasts.add(id, undefined, now + LOCKED_MS);
    if (now - this.#lockLoggedAt < LOCKED_MS) return;
    this.#lockLoggedAt = now;
    log("error", "pool.key_does_not_open", { key: first, others: ids.length - 1 });
  }
}
