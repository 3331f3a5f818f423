import { describe, expect, it } from "vitest";
import { thinCounters } from "../../src/pool/thinning.ts";

/** Mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("thinned counters", () => {
  it("are exact while they fit the budget", () => {
    const counters = new Map([
      [1, 3],
      [2, 1],
    ]);
    expect(thinCounters(counters, 2, () => 0.99)).toEqual(counters);
    expect(thinCounters(new Map(), 0, Math.random)).toEqual(new Map());
  });

  it("stay near the budget, and their sum near the truth, however many there are", () => {
    const random = seeded(7);
    const counters = new Map(Array.from({ length: 1000 }, (_, id) => [id, 1 + (id % 5)] as const));
    const truth = [...counters.values()].reduce((sum, count) => sum + count, 0);
    let sum = 0;
    let rows = 0;
    const rounds = 300;
    for (let round = 0; round < rounds; round++) {
      const thinned = thinCounters(counters, 100, random);
      rows += thinned.size;
      for (const count of thinned.values()) sum += count;
    }
    expect(rows / rounds).toBeGreaterThan(95);
    expect(rows / rounds).toBeLessThan(105);
    expect(sum / rounds / truth).toBeGreaterThan(0.98);
    expect(sum / rounds / truth).toBeLessThan(1.02);
  });

  it("are whole numbers", () => {
    const thinned = thinCounters(
      new Map([
        [1, 1],
        [2, 1],
        [3, 1],
      ]),
      2,
      seeded(1),
    );
    for (const count of thinned.values()) expect(Number.isInteger(count)).toBe(true);
  });
});
