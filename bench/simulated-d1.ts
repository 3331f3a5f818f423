import type { Lease, LeaseRequest } from "../src/db/leases.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What a statement keeps D1's single writer busy for (shared/cloudflare.md 1.3). */
export const STATEMENT_MS = 1;

/** Read by one lease whatever its size, and again for each turn (measured by `pnpm bench` on the real statements). */
const ROWS_READ_A_LEASE = 11;
const ROWS_READ_A_TURN = 1;
const STATEMENTS_A_LEASE = 1;

/** Read for each row of counters that is written: of a key's own row 4, of its row for the model 1. */
const ROWS_READ_A_COUNTER = 2.5;

/** At or below this many keys a lease sees the whole ring (src/db/lease-statements.ts). */
const LEASE_WINDOW = 64;

export interface D1Load {
  leases: number;
  turns: number;
  statements: number;
  rowsRead: number;
  rowsWritten: number;
  busyMs: number;
  longestQueueMs: number;
}

const noLoad = (): D1Load => ({
  leases: 0,
  turns: 0,
  statements: 0,
  rowsRead: 0,
  rowsWritten: 0,
  busyMs: 0,
  longestQueueMs: 0,
});

/** D1 as the rotation sees it: a ring with an exact cursor behind a network and a queue before one writer. */
export class SimulatedD1 {
  #load = noLoad();
  readonly #time: VirtualTime;
  readonly #poolSize: number;
  readonly #roundTripMs: number;
  readonly #retired = new Set<number>();
  #cursor = 0;
  #freeAt = 0;

  constructor(time: VirtualTime, options: { poolSize: number; roundTripMs: number }) {
    this.#time = time;
    this.#poolSize = options.poolSize;
    this.#roundTripMs = options.roundTripMs;
  }

  /** Counts from nothing again, in the object that is returned. */
  restartLoad(): D1Load {
    this.#load = noLoad();
    return this.#load;
  }

  async lease({ count }: LeaseRequest): Promise<Lease> {
    await this.#time.sleep(this.#roundTripMs / 2);
    await this.#write(STATEMENTS_A_LEASE);
    const keys = this.#next(Math.min(count, LEASE_WINDOW));
    this.#load.leases += 1;
    this.#load.turns += keys.length;
    this.#load.rowsRead += ROWS_READ_A_LEASE + ROWS_READ_A_TURN * keys.length;
    this.#load.rowsWritten += 1;
    await this.#time.sleep(this.#roundTripMs / 2);
    const active = this.#poolSize - this.#retired.size;
    return { keys, sawWholeRing: active <= LEASE_WINDOW };
  }

  /** A caller's key, looked up. */
  async find(id: number): Promise<{ id: number; status: "active" }> {
    await this.#time.sleep(this.#roundTripMs / 2);
    await this.#write(1);
    this.#load.rowsRead += 1;
    await this.#time.sleep(this.#roundTripMs / 2);
    return { id, status: "active" };
  }

  /** Background writes, a row each, in one batch of so many statements. */
  async write(rows: number, statements: number): Promise<void> {
    await this.#time.sleep(this.#roundTripMs / 2);
    await this.#write(statements);
    this.#load.rowsRead += rows * ROWS_READ_A_COUNTER;
    this.#load.rowsWritten += rows;
  }

  async retire(id: number): Promise<void> {
    await this.write(1, 1);
    this.#retired.add(id);
  }

  /** Waits in the queue, then for the statements themselves. */
  async #write(statements: number): Promise<void> {
    const startsAt = Math.max(this.#time.now, this.#freeAt);
    const tookMs = statements * STATEMENT_MS;
    this.#freeAt = startsAt + tookMs;
    this.#load.statements += statements;
    this.#load.busyMs += tookMs;
    this.#load.longestQueueMs = Math.max(this.#load.longestQueueMs, startsAt - this.#time.now);
    await this.#time.sleep(this.#freeAt - this.#time.now);
  }

  #next(count: number): Lease["keys"] {
    const keys: Lease["keys"] = [];
    for (let looked = 0; keys.length < count && looked < this.#poolSize; looked++) {
      this.#cursor = (this.#cursor % this.#poolSize) + 1;
      const id = this.#cursor;
      if (!this.#retired.has(id)) keys.push({ id, fingerprint: "", ciphertext: String(id), blemished: false });
    }
    return keys;
  }
}
