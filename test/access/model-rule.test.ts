import { describe, expect, it } from "vitest";
import { createModelRules, readModelRule } from "../../src/access/model-rule.ts";

const allows = (patterns: string, model: string) => readModelRule(patterns)?.allows(model) ?? true;

describe("A rule about models", () => {
  it.each([
    ["gemini-2.5-flash", "gemini-2.5-flash"],
    ["gemini-2.5-flash", "GEMINI-2.5-Flash"],
    ["Gemini-2.5-Flash", "models/gemini-2.5-flash"],
    ["models/gemini-2.5-flash", "gemini-2.5-flash"],
    ["gemini-2.5-*", "gemini-2.5-pro"],
    ["gemini-2.5-*", "gemini-2.5-"],
    ["*-flash", "gemini-3.8-flash"],
    ["gemini-*-flash*", "gemini-2.5-flash-lite"],
    ["gemini-*-*-lite", "gemini-2.5-flash-lite"],
    ["a, b ,c", "c"],
    ["*", "anything"],
    ["**", "anything"],
    ["", "anything"],
    [" , ,", "anything"],
  ])("%s allows %s", (patterns, model) => {
    expect(allows(patterns, model)).toBe(true);
  });

  it.each([
    ["gemini-2.5-flash", "gemini-2.5-flash-lite"],
    ["gemini-2.5-flash", "xgemini-2.5-flash"],
    ["gemini-2.5-flash", "gemini-2x5-flash"],
    ["gemini-2.5-*", "gemini-2.5"],
    ["*-flash", "gemini-3.8-flash-lite"],
    ["flash*flash", "flash"],
    ["a*b*c", "acb"],
    ["a, b", "a, b"],
    ["a", ""],
    ["a*", "models/models/a"],
    ["models/", "anything"],
    ["models/, a", "models/b"],
  ])("%s does not allow %s", (patterns, model) => {
    expect(allows(patterns, model)).toBe(false);
  });

  it("is judged in a moment, whatever the pattern and the name", () => {
    const rule = readModelRule(`${"a*".repeat(500)}b`);
    expect(rule?.allows("a".repeat(100_000))).toBe(false);
  });

  it("is told in plain words", () => {
    expect(readModelRule("gemini-2.5-pro, gemini-3*, *-lite")?.words).toBe(
      "gemini-2.5-pro, every name that begins with gemini-3, every name like *-lite",
    );
  });

  it("is read once for each list", () => {
    const ruleOf = createModelRules();
    expect(ruleOf("a,b")).toBe(ruleOf("a,b"));
    expect(ruleOf("")).toBeUndefined();
  });
});
