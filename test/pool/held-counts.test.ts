import { describe, expect, it } from "vitest";
import { HeldCounts, type Count } from "../../src/pool/held-counts.ts";

const MINUTE = 60_000;

function held(names: number, usesEach = 1): HeldCounts<Count> {
  const counts = new HeldCounts<Count>(() => 0.5);
  for (let name = 0; name < names; name++) {
    for (let use = 0; use < usesEach; use++) counts.add(name, "uses", () => ({ uses: 0, errors: 0 }));
  }
  return counts;
}

const usesOf = (counts: readonly Count[]) => counts.reduce((sum, { uses }) => sum + uses, 0);

describe("counts that there are not enough rows for", () => {
  it("stay, and are exact when there are", () => {
    const counts = held(20, 3);
    expect(counts.take(0, 19)).toEqual([]);
    expect(counts.take(9 * MINUTE, 20)).toEqual(Array(20).fill({ uses: 3, errors: 0 }));
    expect(counts.size).toBe(0);
  });

  it("are thinned to those that there are after ten minutes, and stand for all", () => {
    const counts = held(20, 3);
    counts.take(0, 5);
    expect(counts.take(10 * MINUTE - 1, 5)).toEqual([]);
    const taken = counts.take(10 * MINUTE, 5);
    expect([taken.length, usesOf(taken), counts.size]).toEqual([5, 60, 0]);
  });

  it("are thinned at once if they are too many", () => {
    expect(held(500).take(0, 50)).toEqual([]);
    const taken = held(501).take(0, 50);
    expect(taken).toHaveLength(50);
    expect(usesOf(taken)).toBeGreaterThan(450);
  });

  it("are not lost where there is no row at all, however long they have waited", () => {
    const counts = held(20, 3);
    counts.take(0, 0);
    expect(counts.take(60 * MINUTE, 0)).toEqual([]);
    expect(usesOf(counts.take(61 * MINUTE, 4))).toBe(60);
  });

  it("begin to wait anew once they were taken", () => {
    const counts = held(20);
    counts.take(0, 5);
    counts.take(10 * MINUTE, 5);
    for (let name = 0; name < 6; name++) counts.add(name, "errors", () => ({ uses: 0, errors: 0 }));
    expect(counts.take(11 * MINUTE, 5)).toEqual([]);
    expect(counts.take(12 * MINUTE, 6)).toHaveLength(6);
  });

  it("may be passed over once, unless they are too many", () => {
    const counts = held(500);
    expect(counts.mayWait).toBe(true);
    counts.take(0, 0);
    expect(counts.mayWait).toBe(false);
    counts.take(0, 500);
    expect(counts.mayWait).toBe(true);
    expect(held(501).mayWait).toBe(false);
  });
});
