import { describe, expect, it } from "vitest";
import { findKeys } from "../../src/ingress/pasted-keys.ts";

const OLD = `AIza${"SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q".slice(0, 35)}`;
const NEW = "AQ.Ab8RN6L-kq0_3vTzPqYhWm2Xs7Dn4Jc9Fb1Gt5Uo8Ie6Ra";
const OPAQUE = "Zk9XhP2mQ7vB4nT8wL1sD6yR3cF5gJ0aEuK";

const found = (text: string) => findKeys(text).keys.map((key) => key.reveal());

describe("keys are found", () => {
  it.each([
    ["alone", OLD, [OLD]],
    ["one a line, with CRLF", `${OLD}\r\n${NEW}\r\n`, [OLD, NEW]],
    ["in a .env file", `GEMINI_API_KEY=${OLD}\nexport GOOGLE_API_KEY='${NEW}' # mine`, [OLD, NEW]],
    ["in JSON", JSON.stringify({ keys: [{ key: OLD }, NEW], note: "x" }), [OLD, NEW]],
    ["in CSV", `name,key,date\nAnna,${OLD},2026-11-21\n"Bo, Jr.","${NEW}",`, [OLD, NEW]],
    ["in a URL", `https://x.example/v1beta/models?key=${OLD}&alt=sse`, [OLD]],
    ["in chat", `hi! mine is ${OLD}. And (${NEW}), thanks`, [OLD, NEW]],
    ["between Chinese characters", `我的密钥是${OLD}，另一个：「${NEW}」。谢谢`, [OLD, NEW]],
    ["in full-width letters", `密钥：${OLD.replaceAll("A", "Ａ")}；${NEW.replace(".", "．")}！`, [OLD, NEW]],
    ["cut or grown, on a line of its own: whoever pasted it learns that it is refused", `${OLD}x`, [`${OLD}x`]],
    ["of no known form, on a line of its own", `- ${OPAQUE}\n2. "${OPAQUE}x",\n`, [OPAQUE, `${OPAQUE}x`]],
  ])("%s", (_where, text, keys) => {
    expect(found(text)).toEqual(keys);
  });

  it("once each, with how often they stood there again", () => {
    const { keys, duplicates } = findKeys(`${OLD},${OLD}\n${NEW} ${OLD}`);
    expect(keys.map((key) => key.reveal())).toEqual([OLD, NEW]);
    expect(duplicates).toBe(2);
  });
});

describe("what is no key is left alone", () => {
  it.each([
    ["nothing", ""],
    ["prose", "Please add my keys to the pool as soon as you can, thank you very much"],
    ["a key that was cut, in a sentence", `mine is ${OLD.slice(0, -1)}, thanks`],
    ["a longer word that begins like a key", `mine is ${OLD}x`],
    ["a word that ends like a key", `mine is x${OLD}`],
    ["AQ. and a short word", "AQ.short"],
    ["a UUID", "550e8400-e29b-41d4-a716-446655440000"],
    ["a hash", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ["a project", "gen-lang-client-0123456789"],
    ["an unknown word among others", `token ${OPAQUE}`],
    ["another service's secret in a .env file", `OPENAI_API_KEY=sk-proj-${OPAQUE}`],
    ["another service's secret on a line of its own", `sk-proj-${OPAQUE}`],
    ["GitHub's", `ghp_${OPAQUE}`],
    ["a JWT", `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${OPAQUE}`],
    ["a token of ours", `potluck-${OPAQUE}12345678`],
  ])("%s", (_what, text) => {
    expect(found(text)).toEqual([]);
  });

  it("a megabyte of the worst text is read in linear work", () => {
    for (const unit of ["AQ.", "AIza", "AQ.aaaaaaaaaaaaaaaaaaaaaaaa.", `AQ.${"a".repeat(401)}`, "ﷺ", "-"]) {
      expect(found(unit.repeat(Math.floor(1_000_000 / unit.length))).length).toBeLessThan(2);
    }
  });
});
