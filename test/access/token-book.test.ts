import { beforeEach, describe, expect, it } from "vitest";
import { TokenBook } from "../../src/access/token-book.ts";
import { newAccessToken } from "../../src/access/token-hash.ts";
import type { TokenRow } from "../../src/db/tokens.ts";

const ROW: TokenRow = {
  id: 7,
  name: "team",
  lastFour: "abcd",
  createdAt: 0,
  expiresAt: null,
  revokedAt: null,
  models: null,
  requestLimit: null,
  limitPeriod: "total",
  used: 0,
  periodStart: 0,
  uses: 0,
  lastUsedAt: null,
  homeKeyId: null,
};

const later = () => undefined;
const token = newAccessToken();

/** Answers a look-up that is under way. */
let answer: (row: TokenRow | undefined) => void;
let book: TokenBook;

beforeEach(() => {
  const find = () => new Promise<TokenRow | undefined>((resolve) => (answer = resolve));
  book = new TokenBook({
    table: { find, findId: async () => undefined },
    wait: (ask) => ask(),
    clock: () => 0,
    log: later,
    ttlMs: 60_000,
  });
});

describe("A token that D1 said is good", () => {
  it("is remembered", async () => {
    const asked = book.recognise(token);
    answer(ROW);
    expect(await asked).toMatchObject({ kind: "good" });
    expect(book.recall(token, later)).toMatchObject({ kind: "good" });
  });

  it("is not remembered if it was ended here while D1 was asked", async () => {
    const asked = book.recognise(token);
    book.forgetId(ROW.id);
    answer(ROW);
    await asked;
    expect(book.recall(token, later)).toBeUndefined();
  });
});
