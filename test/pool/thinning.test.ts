import { describe, expect, it } from "vitest";
import { thin, thinCount } from "../../src/pool/thinning.ts";

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
    expect(thin([3, 1], 2, () => 0.99)).toEqual({ kept: [3, 1], weight: 1 });
    expect(thin([], 0, Math.random)).toEqual({ kept: [], weight: 1 });
    expect(thinCount(7, 1, () => 0)).toBe(7);
  });

  it("never exceed the budget, each has the same chance, and their sum stays near the truth", () => {
    const random = seeded(7);
    const counters = Array.from({ length: 1000 }, (_, id) => ({ id, count: 1 + (id % 5) }));
    const truth = counters.reduce((sum, { count }) => sum + count, 0);
    const chosen = Array<number>(1000).fill(0);
    let sum = 0;
    const rounds = 3000;
    for (let round = 0; round < rounds; round++) {
      const { kept, weight } = thin(counters, 96, random);
      expect(kept.length).toBeLessThanOrEqual(96);
      for (const { id, count } of kept) {
        chosen[id] = (chosen[id] ?? 0) + 1;
        sum += thinCount(count, weight, random);
      }
    }
    expect(sum / rounds / truth).toBeGreaterThan(0.98);
    expect(sum / rounds / truth).toBeLessThan(1.02);
    expect(Math.min(...chosen) / rounds).toBeGreaterThan(0.06);
    expect(Math.max(...chosen) / rounds).toBeLessThan(0.13);
  });

  it("are whole numbers", () => {
    const random = seeded(1);
    const { kept, weight } = thin([1, 1, 1], 2, random);
    for (const count of kept) expect(Number.isInteger(thinCount(count, weight, random))).toBe(true);
  });

  it("vanish only where nothing at all may be written", () => {
    expect(thin([1, 2, 3], 0, () => 0.5)).toEqual({ kept: [], weight: 0 });
  });
});
