import { describe, expect, it } from "vitest";
import type { Carrier } from "../../src/ingress/caller.ts";
import { createTargetReader } from "../../src/ingress/known-targets.ts";
import { readTarget, type TargetReading } from "../../src/ingress/target.ts";

const ORIGIN = "https://potluck.example";
const GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent";
const STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
const KEY = `AIza${"x".repeat(35)}`;

const CASES: [method: string, path: string, carrier: Carrier | undefined][] = [
  ["POST", GENERATE, "header"],
  ["GET", GENERATE, "header"],
  ["POST", STREAM, "header"],
  ["POST", STREAM.replace("sse", "proto"), "header"],
  ["GET", "/v1/models", "header"],
  ["GET", "/v1/models", "bearer"],
  ["GET", "/v1/models", undefined],
  ["POST", "/v1/chat/completions", "bearer"],
  ["POST", "/v1/responses", "bearer"],
  ["POST", "/./v1beta//models/gemini-2.5-flash:generateContent", "header"],
];

describe("a target that is remembered", () => {
  it("is the one that the path says, whatever was asked for before", () => {
    const read = createTargetReader();
    for (const _ of [1, 2, 3]) {
      for (const [method, path, carrier] of CASES) {
        expect(read(method, ORIGIN + path, carrier)).toEqual(readTarget(method, new URL(ORIGIN + path), carrier));
      }
    }
  });

  it("is not read again", () => {
    const read = createTargetReader();
    expect(read("POST", ORIGIN + STREAM, "header")).toBe(read("POST", ORIGIN + STREAM, "header"));
  });

  it.each([
    `${GENERATE}?key=${KEY}`,
    `${STREAM}&key=${KEY}`,
    `${GENERATE}?alt=${KEY}`,
    `/v1beta/models/${KEY}:generateContent`,
    `/v1beta/models/${KEY}`,
    `/v1beta/${KEY}`,
    `/v1beta/files/${KEY}`,
    `/${KEY}/${GENERATE}`,
    `${GENERATE}#${KEY}`,
    `/v1beta/models?pageToken=${KEY}`,
    `/upload/v1beta/files?upload_id=${KEY}`,
    `/v1beta/openai/files/${KEY}`,
  ])("is none that holds what may be a caller's: %s", (path) => {
    const known = new Map<string, TargetReading>();
    const read = createTargetReader(known);
    for (const method of ["GET", "POST"]) read(method, ORIGIN + path, "header");
    expect([...known]).toEqual([]);
  });

  it("takes bounded room, whatever is invented", () => {
    const known = new Map<string, TargetReading>();
    const read = createTargetReader(known);
    for (let at = 0; at < 2000; at++) read("POST", `${ORIGIN}/v1beta/models/model-${at}:generateContent`, "header");
    read("POST", `${ORIGIN}${"/v1beta".repeat(100)}/models/gemini-2.5-flash:generateContent`, "header");
    expect(known.size).toBeGreaterThan(0);
    expect(known.size).toBeLessThanOrEqual(500);
    expect(Math.max(...[...known.keys()].map(({ length }) => length))).toBeLessThan(400);
  });
});
