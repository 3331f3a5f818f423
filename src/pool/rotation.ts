import type { Clock } from "../clock.ts";
import type { Lease, LeaseTable } from "../db/leases.ts";
import { causeOf, type Log } from "../log.ts";
import type { Outcasts } from "./outcasts.ts";
import type { Patience } from "./patience.ts";
import { Scout } from "./scout.ts";
import { Shelf, type LeasedKey } from "./shelf.ts";
import type { Vault } from "./vault.ts";

/** Hands work to the runtime that outlives the answer (`ctx.waitUntil`). */
export type Defer = (work: Promise<unknown>) => void;

/** How often a request waits for a lease: others may take what came first. */
const MAX_WAITS = 8;

/** Models with turns on the shelf at the same time; more would only be invented names. */
const MAX_SHELVES = 64;

export interface RotationOptions {
  leases: LeaseTable;
  batch: (statements: D1PreparedStatement[]) => Promise<unknown>;
  vault: Vault;
  outcasts: Outcasts;
  patience: Patience;
  clock: Clock;
  log: Log;
  leaseMax: number;
  leaseTtlMs: number;
}

/** Hands out the pool's keys, turn by turn, from blocks leased off the SQL cursor. */
export class Rotation {
  readonly #options: RotationOptions;
  readonly #shelves = new Map<string, Shelf>();
  readonly #filling = new Map<string, Promise<number>>();
  readonly #scout: Scout;

  constructor(options: RotationOptions) {
    this.#options = options;
    const { leases, batch, clock, leaseTtlMs } = options;
    this.#scout = new Scout({ leases, batch, clock, beliefMs: leaseTtlMs });
  }

  /**
   * The next key for the model that is not among `excluded`; undefined if none is ready, or D1 does not answer.
   * Waits for D1 only when the shelf is empty.
   */
  async take(model: string, excluded: readonly number[], defer: Defer): Promise<LeasedKey | undefined> {
    const shelf = this.#shelf(model);
    // Counted until it has its turn, through every wait: the next block must be large enough for all who wait.
    shelf.waiting += 1;
    try {
      for (let waits = 0; ; waits++) {
        const key = this.#takeFrom(shelf, model, excluded);
        if (key !== undefined) {
          this.#refill(model, shelf, defer);
          return key;
        }
        if (waits === MAX_WAITS || this.blockedUntil(model) !== undefined) return undefined;
        if (!(await this.#waitForFill(model, shelf, excluded, defer))) return undefined;
      }
    } finally {
      shelf.waiting -= 1;
    }
  }

  /** Fetches the next block before it is needed; never where turns are leased one by one. */
  #refill(model: string, shelf: Shelf, defer: Defer): void {
    if (this.#options.leaseTtlMs === 0 || !shelf.wantsRefill()) return;
    defer(this.#fill(model, shelf, [], defer).catch(this.#logFailure));
  }

  /** Until when no key is ready for the model, as far as this isolate knows. */
  blockedUntil(model: string): number | undefined {
    return this.#scout.blockedUntil(model);
  }

  /** Drops a key from every shelf, or (a model given) from that model's. */
  drop(keyId: number, model?: string): void {
    if (model !== undefined) this.#shelves.get(model)?.drop(keyId);
    else for (const shelf of this.#shelves.values()) shelf.drop(keyId);
  }

  /** A key joined or came back: no model is known to be blocked any more. */
  unblock(): void {
    this.#scout.unblock();
  }

  #takeFrom(shelf: Shelf, model: string, excluded: readonly number[]): LeasedKey | undefined {
    const now = this.#options.clock();
    return shelf.take(now, ({ id }) => !excluded.includes(id) && !this.#options.outcasts.has(id, model, now));
  }

  /** Waits until the shelf was filled, together with whoever waits for it already. False if nothing came. */
  async #waitForFill(model: string, shelf: Shelf, excluded: readonly number[], defer: Defer): Promise<boolean> {
    try {
      const came = await this.#options.patience.wait(() => {
        // A request that tried keys already asks for others: what it gets would not serve those who wait.
        const underWay = excluded.length === 0 ? this.#filling.get(model) : undefined;
        if (underWay !== undefined) return underWay;
        const fill = this.#fill(model, shelf, excluded, defer);
        if (excluded.length === 0) this.#share(model, fill);
        defer(fill.catch(() => undefined));
        return fill;
      });
      return came > 0;
    } catch (error) {
      this.#logFailure(error);
      return false;
    }
  }

  #share(model: string, fill: Promise<number>): void {
    this.#filling.set(model, fill);
    const forget = () => {
      if (this.#filling.get(model) === fill) this.#filling.delete(model);
    };
    fill.then(forget, forget);
  }

  /** Leases once; resolves to how many turns came. */
  async #fill(model: string, shelf: Shelf, excluded: readonly number[], defer: Defer): Promise<number> {
    const { leaseTtlMs, leaseMax, clock } = this.#options;
    // Without blocks a lease is for the requests that wait for it now.
    const most = leaseTtlMs === 0 ? Math.min(shelf.waiting, leaseMax) : shelf.nextCount;
    const count = excluded.length > 0 ? 1 : most;
    const endFill = shelf.beginFill(count, excluded.length === 0);
    let keys: LeasedKey[] = [];
    try {
      keys = await this.#lease(model, count, excluded, defer);
      return keys.length;
    } finally {
      // A turn lives for a moment at the least, or a TTL of 0 would lose it between the shelf and the request.
      endFill(keys, clock() + Math.max(leaseTtlMs, 1000));
    }
  }

  /** Three more round trips at the most where the lease found its window cooling; a longer way is walked behind. */
  async #lease(model: string, count: number, excluded: readonly number[], defer: Defer): Promise<LeasedKey[]> {
    const { leases, clock } = this.#options;
    const lease = async () => {
      const found = await leases.lease({ model, now: clock(), count, excluded });
      return this.#open(found, count, excluded);
    };
    const keys = await lease();
    if (keys.length > 0) return keys;
    const look = await this.#scout.look(model, excluded);
    switch (look) {
      case "ready":
        return lease();
      case "further":
        defer(this.#scout.explore(model).catch(this.#logFailure));
        return [];
      case "nothing":
        return [];
    }
  }

  /** A ring shorter than the block is handed out in whole laps, which leave the cursor where it stands. */
  #open(lease: Lease, count: number, excluded: readonly number[]): LeasedKey[] {
    const { vault, log } = this.#options;
    const opened = lease.keys.flatMap(({ id, blemished, ...sealed }) => {
      const key = vault.open(sealed);
      if (key === undefined) log("error", "pool.key_does_not_open", { key: id });
      return key === undefined ? [] : [{ id, key, blemished }];
    });
    const laps = lease.sawWholeRing && excluded.length === 0 ? Math.max(1, Math.floor(count / lease.keys.length)) : 1;
    return Array.from({ length: laps }, () => opened).flat();
  }

  #shelf(model: string): Shelf {
    const known = this.#shelves.get(model);
    if (known !== undefined) return known;
    if (this.#shelves.size >= MAX_SHELVES) this.#dropIdleShelf();
    const shelf = new Shelf(this.#options.leaseMax);
    this.#shelves.set(model, shelf);
    return shelf;
  }

  #dropIdleShelf(): void {
    const models = [...this.#shelves.entries()];
    const [model] = models.find(([, shelf]) => shelf.isIdle) ?? models[0] ?? [];
    if (model !== undefined) this.#shelves.delete(model);
  }

  readonly #logFailure = (error: unknown): void => {
    this.#options.log("warn", "pool.lease_failed", { cause: causeOf(error) });
  };
}
