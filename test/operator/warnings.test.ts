import { describe, expect, it } from "vitest";
import { warningsOf, type KeyCounts } from "../../src/surfaces/operator/desk/overview-warnings.ts";

const QUIET = { requests: 0, callerFaults: 0, successRate: null };

function keys(counts: Partial<KeyCounts>): KeyCounts {
  return { active: 0, resting: 0, cooling: 0, retired: 0, withdrawn: 0, ...counts };
}

describe("what the overview warns of", () => {
  it("nothing while most keys are ready and most requests are served", () => {
    const busy = { requests: 1000, callerFaults: 100, successRate: 0.95 };
    expect(warningsOf(keys({ active: 80, resting: 20, cooling: 30, retired: 90 }), busy)).toEqual([]);
  });

  it("an empty pool, and then nothing else", () => {
    expect(warningsOf(keys({ retired: 50 }), { requests: 100, callerFaults: 0, successRate: 0 })).toEqual(["empty"]);
  });

  it("a pool whose keys mostly rest or cool", () => {
    expect(warningsOf(keys({ active: 4, resting: 6 }), QUIET)).toEqual(["dry"]);
    expect(warningsOf(keys({ active: 10, cooling: 6 }), QUIET)).toEqual(["dry"]);
    expect(warningsOf(keys({ active: 10, cooling: 5 }), QUIET)).toEqual([]);
  });

  it("requests that fail, but not from a few, nor through their callers' faults", () => {
    const pool = keys({ active: 10 });
    expect(warningsOf(pool, { requests: 100, callerFaults: 0, successRate: 0.89 })).toEqual(["failing"]);
    expect(warningsOf(pool, { requests: 19, callerFaults: 0, successRate: 0 })).toEqual([]);
    expect(warningsOf(pool, { requests: 100, callerFaults: 90, successRate: 0.1 })).toEqual([]);
  });

  it("more keys retired than in use", () => {
    expect(warningsOf(keys({ active: 10, retired: 11 }), QUIET)).toEqual(["dying"]);
  });
});
