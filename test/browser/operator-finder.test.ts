import { expect, test } from "vitest";
import { findKeys, KEY_PATTERNS } from "../../src/ingress/pasted-keys.ts";

/* The page finds the keys before it sends any, and the Worker finds them in what it is sent: both must see the same. */

interface FinderModule {
  createFinder: (patterns: typeof KEY_PATTERNS) => (text: string) => { keys: string[]; duplicates: number };
}

const SCRIPT = new URL("../../public/assets/desk-find-keys.js", import.meta.url).href;
const { createFinder } = (await import(SCRIPT)) as FinderModule;
/** As the page gets them: by JSON. */
const find = createFinder(JSON.parse(JSON.stringify(KEY_PATTERNS)) as typeof KEY_PATTERNS);

const OLD = `AIza${"SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q".slice(0, 35)}`;
const NEW = "AQ.Ab8RN6L-kq0_3vTzPqYhWm2Xs7Dn4Jc9Fb1Gt5Uo8Ie6Ra";
const OPAQUE = "Zk9XhP2mQ7vB4nT8wL1sD6yR3cF5gJ0aEuK";

const KEYS = [OLD, NEW, OPAQUE, `${OLD}x`, OLD.slice(1), `${NEW}.${OPAQUE}`, OLD.replaceAll("A", "Ａ")];
const OTHERS = [`sk-proj-${OPAQUE}`, `ghp_${OPAQUE}`, `potluck-${OPAQUE}12345678`, `eyJ0.${OPAQUE}`, "AIza", "AQ."];
const MARKS = '\n|\r|\u2028| |,|;|"|=|.|．|-|_|a|\u0301|ﷺ|`|\r\n|- |• |12) |密钥：'.split("|");
const PIECES = [KEYS, OTHERS, MARKS].flat();

const told = (text: string) => {
  const { keys, duplicates } = findKeys(text);
  return { keys: keys.map((key) => key.reveal()), duplicates };
};

test("the page and the Worker find the same keys in any text", () => {
  let seed = 42;
  const next = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let found = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: 1 + next(12) }, () => PIECES[next(PIECES.length)]).join("");
    const here = find(text);
    expect([text, here]).toEqual([text, told(text)]);
    found += here.keys.length;
  }
  expect(found).toBeGreaterThan(10_000);
});

test("what the page sends of them, one a line, the Worker finds again, in that order", () => {
  const { keys } = find(PIECES.join("\n"));
  expect(keys.length).toBeGreaterThan(4);
  expect(told(keys.join("\n"))).toEqual({ keys, duplicates: 0 });
});

test("a word that is too long for a key is none, for both", () => {
  const long = `AQ.${"a".repeat(400)}${`.${"b".repeat(100)}`.repeat(2)}`;
  expect([find(long).keys, told(long).keys]).toEqual([[], []]);
});
