import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ApiKey, toApiKey } from "../../src/api-key.ts";

describe("a key prints masked", () => {
  const text = "AIzaSyA-1234567890abcdefghijklmnopqrs";
  const key = new ApiKey(text);

  it.each([
    ["in a template", `${key.toString()}`],
    ["joined to a string", [key].join()],
    ["as JSON", JSON.stringify({ key })],
    ["in an inspector", inspect({ nested: { key } }, { depth: 9, showHidden: true })],
  ])("%s", (_, printed) => {
    expect(printed).toContain("…pqrs");
    expect(printed).not.toContain(text.slice(0, 8));
  });

  it("and shows its text to those who ask for it", () => {
    expect(key.reveal()).toBe(text);
  });
});

describe("a key can be", () => {
  it.each(["AIzaSyA-123", "AQ.Ab8RN6", "12345678", "x".repeat(512), "a!#$%&'*+-./:;<=>?@~"])("%j", (text) => {
    expect(toApiKey(text)?.reveal()).toBe(text);
  });

  it.each([
    "",
    "1234567",
    "x".repeat(513),
    "with space",
    "a,b,c,d,e,f",
    "tab\tkey12",
    "näötascii",
    "new\nline1",
    "\u007f1234567",
  ])("nothing like %j", (text) => {
    expect(toApiKey(text)).toBeUndefined();
  });
});
