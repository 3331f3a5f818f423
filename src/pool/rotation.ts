import type { Clock } from "../clock.ts";
import type { Lease, LeaseTable } from "../db/leases.ts";
import { causeOf, type Log } from "../log.ts";
import { planDetour } from "./detour.ts";
import type { Outcasts } from "./outcasts.ts";
import type { Patience } from "./patience.ts";
import { Shelf, type LeasedKey } from "./shelf.ts";
import type { Vault } from "./vault.ts";

/** Hands work to the runtime that outlives the answer (`ctx.waitUntil`). */
export type Defer = (work: Promise<unknown>) => void;

/** How often one lease may look further along the ring before the request goes on without a pool key. */
const MAX_LOOKS = 4;

/** How often a request waits for a lease: others may take what came first. */
const MAX_WAITS = 4;

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
  readonly #blockedUntil = new Map<string, number>();

  constructor(options: RotationOptions) {
    this.#options = options;
  }

  /**
   * The next key for the model that is not among `excluded`; undefined if none is ready, or D1 does not answer.
   * Waits for D1 only when the shelf is empty.
   */
  async take(model: string, excluded: readonly number[], defer: Defer): Promise<LeasedKey | undefined> {
    const shelf = this.#shelf(model);
    for (let waits = 0; ; waits++) {
      const key = this.#takeFrom(shelf, model, excluded);
      if (key !== undefined) {
        if (shelf.wantsRefill()) defer(this.#fill(model, shelf, []).catch(this.#logFailure));
        return key;
      }
      if (waits === MAX_WAITS || this.blockedUntil(model) !== undefined) return undefined;
      if (!(await this.#waitForFill(model, shelf, excluded, defer))) return undefined;
    }
  }

  /** Until when no key is ready for the model, as far as this isolate knows. */
  blockedUntil(model: string): number | undefined {
    const until = this.#blockedUntil.get(model);
    if (until === undefined || until > this.#options.clock()) return until;
    this.#blockedUntil.delete(model);
    return undefined;
  }

  /** Drops a key from every shelf, or (a model given) from that model's. */
  drop(keyId: number, model?: string): void {
    if (model !== undefined) this.#shelves.get(model)?.drop(keyId);
    else for (const shelf of this.#shelves.values()) shelf.drop(keyId);
  }

  /** A key joined or came back: no model is known to be blocked any more. */
  unblock(): void {
    this.#blockedUntil.clear();
  }

  #takeFrom(shelf: Shelf, model: string, excluded: readonly number[]): LeasedKey | undefined {
    const now = this.#options.clock();
    return shelf.take(now, ({ id }) => !excluded.includes(id) && !this.#options.outcasts.has(id, model, now));
  }

  /** Waits until the shelf was filled, together with whoever waits for it already. False if nothing came. */
  async #waitForFill(model: string, shelf: Shelf, excluded: readonly number[], defer: Defer): Promise<boolean> {
    shelf.waiting += 1;
    try {
      const came = await this.#options.patience.wait(() => {
        // A request that tried keys already asks for others: what it gets would not serve those who wait.
        const underWay = excluded.length === 0 ? this.#filling.get(model) : undefined;
        if (underWay !== undefined) return underWay;
        const fill = this.#fill(model, shelf, excluded);
        if (excluded.length === 0) this.#share(model, fill);
        defer(fill.catch(() => undefined));
        return fill;
      });
      return came > 0;
    } catch (error) {
      this.#logFailure(error);
      return false;
    } finally {
      shelf.waiting -= 1;
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
  async #fill(model: string, shelf: Shelf, excluded: readonly number[]): Promise<number> {
    const { leaseTtlMs, clock } = this.#options;
    const count = leaseTtlMs === 0 || excluded.length > 0 ? 1 : shelf.nextCount;
    const endFill = shelf.beginFill(count);
    let keys: LeasedKey[] = [];
    try {
      keys = await this.#lease(model, count, excluded);
      return keys.length;
    } finally {
      // A turn lives for a moment at the least, or a TTL of 0 would lose it between the shelf and the request.
      endFill(keys, clock() + Math.max(leaseTtlMs, 1000));
    }
  }

  async #lease(model: string, count: number, excluded: readonly number[]): Promise<LeasedKey[]> {
    const { leases, clock } = this.#options;
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      const lease = await leases.lease({ model, now: clock(), count, excluded });
      if (lease.keys.length > 0) return this.#open(lease, count, excluded);
      if (!(await this.#detour(model, excluded))) return [];
    }
    return [];
  }

  /** Finds out why a lease came back empty; true if it is worth another. */
  async #detour(model: string, excluded: readonly number[]): Promise<boolean> {
    const { leases, clock, batch } = this.#options;
    const now = clock();
    const survey = await leases.survey(model, now);
    if (survey === undefined) return false;
    const detour = planDetour(survey, excluded, now);
    switch (detour.kind) {
      case "blocked":
        await this.#block(model, detour.until, now);
        return false;
      case "used_up":
        return false;
      case "look_again":
        return true;
      case "step_over": {
        const { from, to, until } = detour;
        await batch(leases.stepOver({ model, from, to, until }, survey.cursor, survey.position));
        return true;
      }
    }
  }

  /** Other isolates may admit or wake a key, so this one believes in a block for one lease's time at the most. */
  async #block(model: string, until: number, now: number): Promise<void> {
    const { leases, leaseTtlMs, batch } = this.#options;
    if (this.#blockedUntil.size >= MAX_SHELVES) this.#blockedUntil.clear();
    this.#blockedUntil.set(model, Math.min(until, now + leaseTtlMs));
    if (Number.isFinite(until)) await batch([leases.block(model, until)]);
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
