import type { AccessToken } from "../access-token.ts";
import type { Clock } from "../clock.ts";
import type { TokenRow, TokenTable } from "../db/tokens.ts";
import { causeOf, type Log } from "../log.ts";
import { hashToken } from "./token-hash.ts";
import type { Defer, Wait } from "./wait.ts";

/** How a token stands. `unknown`: never created, ended, or expired. */
export type TokenStanding = { kind: "good"; row: TokenRow } | { kind: "unknown" } | { kind: "unavailable" };

const UNKNOWN: TokenStanding = { kind: "unknown" };

/** Tokens that one isolate remembers, and as many that it knows to be none. */
const MAX_REMEMBERED = 2000;

/** How long a text that is no token is remembered as one. */
const UNKNOWN_TTL_MS = 30_000;

export interface TokenBookOptions {
  table: Pick<TokenTable, "find" | "findId">;
  wait: Wait;
  clock: Clock;
  log: Log;
  /** How long a token is believed to be good: another isolate may end it. */
  ttlMs: number;
}

interface Entry {
  row: TokenRow;
  readAt: number;
}

/** Which tokens are good: remembered for a while, and asked for again behind a request before that is over. */
export class TokenBook {
  readonly #options: TokenBookOptions;
  readonly #known = new Map<string, Entry>();
  readonly #unknown = new Map<string, number>();
  readonly #asking = new Set<string>();
  /** Counts what was forgotten: what was read before is out of date. */
  #forgotten = 0;

  constructor(options: TokenBookOptions) {
    this.#options = options;
  }

  /** How the token stands, without asking D1; undefined if this isolate does not know. */
  recall(token: AccessToken, defer: Defer): TokenStanding | undefined {
    const { clock, ttlMs } = this.#options;
    const now = clock();
    const text = token.reveal();
    if (!token.isWellFormed || (this.#unknown.get(text) ?? 0) > now) return UNKNOWN;
    const entry = this.#known.get(text);
    if (entry === undefined || now - entry.readAt >= ttlMs) return undefined;
    if (now - entry.readAt >= ttlMs / 2) this.#refresh(token, defer);
    return judge(entry.row, now);
  }

  /** How the token stands; one look-up. Never throws. */
  async recognise(token: AccessToken): Promise<TokenStanding> {
    const { table, wait, clock, log } = this.#options;
    try {
      const before = this.#forgotten;
      const row = await wait(() => table.find(hashToken(token)));
      // A token that was ended here meanwhile must not live on in this isolate's memory.
      if (this.#forgotten === before) this.#remember(token.reveal(), row);
      return row === undefined ? UNKNOWN : judge(row, clock());
    } catch (error) {
      log("warn", "access.recognise_failed", { cause: causeOf(error) });
      return { kind: "unavailable" };
    }
  }

  /** How the token with this id stands, where it is not shown itself. Throws if D1 does not answer. */
  async recogniseId(id: number): Promise<TokenStanding> {
    const { table, wait, clock, ttlMs } = this.#options;
    const entry = [...this.#known.values()].find(({ row }) => row.id === id);
    const isFresh = entry !== undefined && clock() - entry.readAt < ttlMs;
    const row = isFresh ? entry.row : await wait(() => table.findId(id));
    return row === undefined ? UNKNOWN : judge(row, clock());
  }

  /** The token was changed here, or ended: asked for again by its next use. */
  forgetId(id: number): void {
    this.#forgotten += 1;
    for (const [text, { row }] of this.#known) if (row.id === id) this.#known.delete(text);
  }

  #refresh(token: AccessToken, defer: Defer): void {
    const text = token.reveal();
    if (this.#asking.has(text)) return;
    this.#asking.add(text);
    defer(this.recognise(token).finally(() => this.#asking.delete(text)));
  }

  #remember(text: string, row: TokenRow | undefined): void {
    const now = this.#options.clock();
    this.#known.delete(text);
    if (row === undefined) put(this.#unknown, text, now + UNKNOWN_TTL_MS);
    else put(this.#known, text, { row, readAt: now });
  }
}

function judge(row: TokenRow, now: number): TokenStanding {
  const isOver = row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt <= now);
  return isOver ? UNKNOWN : { kind: "good", row };
}

function put<T>(map: Map<string, T>, text: string, value: T): void {
  map.delete(text);
  map.set(text, value);
  const oldest = map.size > MAX_REMEMBERED ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
}
