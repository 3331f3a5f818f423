import { describe, expect, it } from "vitest";
import { readCaller } from "../../src/ingress/caller.ts";

const KEY = "AIzaSyA-first-key-0001";
const OTHER = "AQ.Ab8RN6-other-key-0002";

/** The reading, its keys in the open. */
function read(headers: Record<string, string>, query = "") {
  const reading = readCaller(new Headers(headers), query);
  if (reading.kind !== "caller") return reading.kind;
  return { keys: reading.keys.map((key) => key.reveal()), carrier: reading.carrier };
}

describe("the caller's keys are read from", () => {
  it.each([
    ["x-goog-api-key", { "x-goog-api-key": KEY }, "", "header"],
    ["?key=", {}, `?key=${KEY}`, "query"],
    ["?key= among others", {}, `?alt=sse&key=${KEY}&x=1`, "query"],
    ["?key= with an escaped name", {}, `?%6Bey=${KEY}`, "query"],
    ["?key= with an escaped value", {}, `?key=${KEY.replace("A", "%41")}`, "query"],
    ["Authorization: Bearer", { authorization: `Bearer ${KEY}` }, "", "bearer"],
    ["Authorization: bearer, with more spaces", { authorization: `bearer   ${KEY} ` }, "", "bearer"],
  ])("%s", (_, headers, query, carrier) => {
    expect(read(headers, query)).toEqual({ keys: [KEY], carrier });
  });

  it("the header before the query, the query before the Bearer", () => {
    const bearer = { authorization: `Bearer ${OTHER}` };
    expect(read({ "x-goog-api-key": KEY, ...bearer }, `?key=${OTHER}`)).toMatchObject({ keys: [KEY] });
    expect(read(bearer, `?key=${KEY}`)).toMatchObject({ keys: [KEY], carrier: "query" });
  });

  it("an empty header is none", () => {
    expect(read({ "x-goog-api-key": "", authorization: `Bearer ${KEY}` })).toMatchObject({ keys: [KEY] });
    expect(read({ authorization: `Bearer ${KEY}` }, "?key=")).toMatchObject({ keys: [KEY] });
  });
});

describe("a list of keys", () => {
  it("is separated by commas, with or without spaces, each key once", () => {
    expect(read({ "x-goog-api-key": `${KEY},${OTHER}` })).toMatchObject({ keys: [KEY, OTHER] });
    expect(read({ "x-goog-api-key": ` ${KEY} , ${OTHER}, ,${KEY},` })).toMatchObject({ keys: [KEY, OTHER] });
    expect(read({ authorization: `Bearer ${KEY}, ${OTHER}` })).toMatchObject({ keys: [KEY, OTHER] });
    expect(read({}, `?key=${KEY}%2C${OTHER}`)).toMatchObject({ keys: [KEY, OTHER] });
  });

  it("loses what cannot be a key", () => {
    expect(read({ "x-goog-api-key": `short,${KEY},with space in it` })).toMatchObject({ keys: [KEY] });
  });

  it("is cut off at a hundred", () => {
    const keys = Array.from({ length: 150 }, (_, at) => `AIza-key-${at}-0000`);
    expect(read({ "x-goog-api-key": keys.join(",") })).toMatchObject({ keys: keys.slice(0, 100) });
  });
});

describe("nobody calls with", () => {
  it.each([
    ["nothing", {}, ""],
    ["another scheme", { authorization: "Basic dXNlcjpwYXNz" }, ""],
    ["a Bearer without a token", { authorization: "Bearer" }, ""],
    ["commas alone", { "x-goog-api-key": ", ,," }, ""],
    ["a query without key", {}, "?alt=sse&monkey=AIzaSyA-first-key"],
  ])("%s", (_, headers, query) => {
    expect(read(headers, query)).toBe("nobody");
  });
});

describe("malformed is", () => {
  it.each([
    ["a word too short", { "x-goog-api-key": "abc" }, ""],
    ["a text too long", { "x-goog-api-key": "x".repeat(513) }, ""],
    ["a sentence", { "x-goog-api-key": "please give me a key" }, ""],
    ["what is no ASCII", {}, "?key=%C3%A4%C3%B6%C3%BC%C3%A4%C3%B6%C3%BC%C3%A4"],
    ["a line break, which could end a header", {}, `?key=${KEY}%0D%0Ax-evil:1`],
    ["a NUL", {}, `?key=${KEY}%00`],
  ])("%s", (_, headers, query) => {
    expect(read(headers, query)).toBe("malformed");
  });
});
