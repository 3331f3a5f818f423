import { expect, it } from "vitest";
import { Outcasts } from "../../src/pool/outcasts.ts";

it("a key cast out for one model is out for that model, until its time", () => {
  const outcasts = new Outcasts();
  outcasts.add(1, "flash", 100);
  expect(outcasts.has(1, "flash", 99)).toBe(true);
  expect(outcasts.has(1, "pro", 99)).toBe(false);
  expect(outcasts.has(2, "flash", 99)).toBe(false);
  expect(outcasts.has(1, "flash", 100)).toBe(false);
});

it("a key cast out for all is out for each", () => {
  const outcasts = new Outcasts();
  outcasts.add(1, undefined, 100);
  expect(outcasts.has(1, "flash", 50)).toBe(true);
  expect(outcasts.has(1, "pro", 50)).toBe(true);
  expect(outcasts.has(11, "pro", 50)).toBe(false);
});

it("a shorter time does not shorten a longer one", () => {
  const outcasts = new Outcasts();
  outcasts.add(1, "flash", 100);
  outcasts.add(1, "flash", 50);
  expect(outcasts.has(1, "flash", 99)).toBe(true);
});

it("a forgiven key may serve again, except for a model that it still cools for", () => {
  const outcasts = new Outcasts();
  outcasts.add(1, undefined, Infinity);
  outcasts.add(1, "flash", 100);
  outcasts.forgive(1);
  expect(outcasts.has(1, "pro", 50)).toBe(false);
  expect(outcasts.has(1, "flash", 50)).toBe(true);
});

it("the oldest entries make room", () => {
  const outcasts = new Outcasts(3);
  for (const id of [1, 2, 3, 4]) outcasts.add(id, undefined, 100);
  expect([1, 2, 3, 4].map((id) => outcasts.has(id, "flash", 50))).toEqual([false, true, true, true]);
});
