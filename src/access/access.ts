import type { AccessToken } from "../access-token.ts";
import type { Clock } from "../clock.ts";
import { tokenResourceTable } from "../db/token-resources.ts";
import { tokenTable, type TokenRow, type TokenTerms } from "../db/tokens.ts";
import type { Log } from "../log.ts";
import { Allowances } from "./allowances.ts";
import { createBelongings } from "./belongings.ts";
import { createModelRules, type ModelRule } from "./model-rule.ts";
import { TokenBook } from "./token-book.ts";
import { hashToken, newAccessToken } from "./token-hash.ts";
import { periodOf } from "./token-period.ts";
import { TokenUses } from "./token-uses.ts";
import type { Defer, Wait } from "./wait.ts";

export interface AccessOptions {
  d1: D1Database;
  /** Waits for D1, and writes counters together with its own. */
  pool: { wait: Wait; scheduleFlush: (defer: Defer) => void };
  clock: Clock;
  random: () => number;
  log: Log;
  settings: {
    readonly CONTRIBUTOR_TTL_MS: number;
    readonly CONTRIBUTION: "open" | "closed";
    readonly MODELS: string;
  };
}

export type Access = ReturnType<typeof createAccess>;

/** Access tokens: who may call without a key, for what, how often, and what they made. Knows D1, not Google. */
export function createAccess({ d1, pool, clock, random, log, settings }: AccessOptions) {
  const { wait, scheduleFlush } = pool;
  const table = tokenTable(d1);
  const book = new TokenBook({ table, wait, clock, log, ttlMs: settings.CONTRIBUTOR_TTL_MS });
  const allowances = new Allowances({ table, wait, clock, log });
  const uses = new TokenUses(table);
  const belongings = createBelongings({ table: tokenResourceTable(d1), wait, clock, random, settings });
  const ruleOf = createModelRules();

  const letGo = (id: number) => {
    book.forgetId(id);
    allowances.forget(id);
  };

  /** What was counted in a period that is over counts no more. */
  const current = (row: TokenRow): TokenRow =>
    row.periodStart < periodOf(row.limitPeriod, clock()).start ? { ...row, used: 0 } : row;

  return {
    /** A new token, shown this once. Throws if D1 does not answer. */
    async create(terms: TokenTerms): Promise<{ token: AccessToken; row: TokenRow }> {
      const token = newAccessToken();
      const row = await table.create(hashToken(token), token.lastFour, terms, clock());
      if (row === undefined) throw new Error("the token was not stored");
      return { token, row };
    },

    /** All tokens, the newest first. Throws if D1 does not answer. */
    async list(): Promise<TokenRow[]> {
      return (await table.list()).map(current);
    },

    /** Other terms for a token, here at once; undefined if there is none. Throws if D1 does not answer. */
    async change(id: number, terms: Partial<TokenTerms>): Promise<TokenRow | undefined> {
      const row = await table.change(id, terms);
      letGo(id);
      return row && current(row);
    },

    /** Ends a token, here at once; false if there is none to end. Throws if D1 does not answer. */
    async revoke(id: number): Promise<boolean> {
      const revoked = await table.revoke(id, clock());
      letGo(id);
      belongings.forgetToken(id);
      return revoked;
    },

    /** How a token stands, without asking D1; undefined if this isolate does not know. */
    recall: (token: AccessToken, defer: Defer) => book.recall(token, defer),

    /** How a token stands; one look-up. Never throws. */
    recognise: (token: AccessToken) => book.recognise(token),

    /** How the token with this id stands. Throws if D1 does not answer. */
    recogniseId: (id: number) => book.recogniseId(id),

    /** Takes one request of the token's limit. Never throws. */
    take: (row: TokenRow, defer: Defer) => allowances.take(row, defer),

    /** The request was not made after all. */
    giveBack: (row: TokenRow) => allowances.giveBack(row),

    /** A request was made with the token. */
    countUse(row: TokenRow, defer: Defer): void {
      uses.count(row.id);
      scheduleFlush(defer);
    },

    /** Counters that are written together with the pool's. */
    uses,

    /** The models that the operator allows everybody; undefined for all. */
    modelRule: (): ModelRule | undefined => ruleOf(settings.MODELS),

    /** The rules that a token's requests must keep. */
    modelRulesOf: ({ models }: TokenRow): ModelRule[] =>
      [ruleOf(settings.MODELS), ruleOf(models ?? "")].filter((rule) => rule !== undefined),

    belongings,

    /** Forgets what tokens made long ago, and what keys held that are gone. */
    sweep: (now: number) => belongings.sweep(now),
  };
}
