import type { Clock } from "../clock.ts";
import type { TokenRow, TokenTable } from "../db/tokens.ts";
import { causeOf, type Log } from "../log.ts";
import { periodOf } from "./token-period.ts";
import type { Defer, Wait } from "./wait.ts";

/** What came of asking for one request of a token's limit. */
export type Taken =
  | { kind: "granted" }
  /** `until`: when requests are counted anew; undefined for never. */
  | { kind: "used_up"; until: number | undefined }
  /** D1 does not answer. */
  | { kind: "unavailable" };

const GRANTED: Taken = { kind: "granted" };

/** Requests reserved at once: no more than this, and no more than a twentieth of what is left. */
const MAX_BLOCK = 32;
const SHARE_OF_REST = 20;

/** Tokens with a limit that one isolate serves at the same time. */
const MAX_PURSES = 500;

export interface AllowancesOptions {
  table: Pick<TokenTable, "reserve">;
  wait: Wait;
  clock: Clock;
  log: Log;
}

/** What an isolate has reserved of one token's limit in one period. */
interface Purse {
  period: number;
  limit: number;
  left: number;
  /** How many the next reservation asks for, as long as the limit is far. */
  size: number;
  waiting: number;
  usedUp: boolean;
  filling: Promise<void> | undefined;
}

/**
 * Requests of limited tokens. They are reserved in D1 before they are made, in blocks that grow while they are used
 * up: with the limit far away a busy isolate waits for nothing, near it each request is reserved by itself, so that a
 * limit is exact over all isolates. What an isolate reserved and never used stays counted.
 */
export class Allowances {
  readonly #options: AllowancesOptions;
  readonly #purses = new Map<number, Purse>();

  constructor(options: AllowancesOptions) {
    this.#options = options;
  }

  /** Takes one request. Never throws. */
  async take(row: TokenRow, defer: Defer): Promise<Taken> {
    if (row.requestLimit === null) return GRANTED;
    const period = periodOf(row.limitPeriod, this.#options.clock());
    const purse = this.#purse(row.id, period.start, row.requestLimit);
    purse.waiting += 1;
    try {
      while (purse.left === 0) {
        if (purse.usedUp) return { kind: "used_up", until: period.end };
        await this.#waitForFill(row.id, purse, defer);
      }
    } catch (error) {
      this.#logFailure(error);
      return { kind: "unavailable" };
    } finally {
      purse.waiting -= 1;
    }
    purse.left -= 1;
    if (purse.size >= 4 && purse.left <= purse.size / 4 && purse.filling === undefined && !purse.usedUp) {
      defer(this.#fill(row.id, purse).catch(this.#logFailure));
    }
    return GRANTED;
  }

  /** The request was not made after all: no key was ready for it. */
  giveBack(row: TokenRow): void {
    const purse = this.#purses.get(row.id);
    if (purse !== undefined && row.requestLimit !== null) purse.left += 1;
  }

  forget(id: number): void {
    this.#purses.delete(id);
  }

  async #waitForFill(id: number, purse: Purse, defer: Defer): Promise<void> {
    await this.#options.wait(() => {
      if (purse.filling !== undefined) return purse.filling;
      const filling = this.#fill(id, purse);
      // It goes on for those who wait with this request, should its caller hang up.
      defer(filling.catch(() => undefined));
      return filling;
    });
  }

  #fill(id: number, purse: Purse): Promise<void> {
    const filling = this.#reserve(id, purse).finally(() => {
      if (purse.filling === filling) purse.filling = undefined;
    });
    purse.filling = filling;
    return filling;
  }

  async #reserve(id: number, purse: Purse): Promise<void> {
    // Whoever waits uses theirs at once; only what lies in store must not bring a limit forward.
    const count = Math.max(1, purse.waiting, purse.size);
    const found = await this.#options.table.reserve(id, purse.period, count);
    if (found === undefined || found.requestLimit === null) {
      // Ended or without a limit since this isolate read it: what holds is for its next reading.
      purse.usedUp = found === undefined;
      purse.left += found === undefined ? 0 : count;
      return;
    }
    const rest = Math.max(0, found.requestLimit - found.used);
    const granted = Math.min(count, rest);
    purse.left += granted;
    purse.usedUp = granted < count;
    purse.size = Math.max(1, Math.min(MAX_BLOCK, Math.floor((rest - granted) / SHARE_OF_REST), count * 2));
  }

  #purse(id: number, period: number, limit: number): Purse {
    const known = this.#purses.get(id);
    if (known !== undefined && known.period === period && known.limit === limit) return known;
    if (this.#purses.size >= MAX_PURSES) this.#purses.clear();
    const purse = { period, limit, left: 0, size: 1, waiting: 0, usedUp: false, filling: undefined };
    this.#purses.set(id, purse);
    return purse;
  }

  readonly #logFailure = (error: unknown): void => {
    this.#options.log("warn", "access.reservation_failed", { cause: causeOf(error) });
  };
}
