import { describe, expect, it } from "vitest";
import type { Survey } from "../../src/db/leases.ts";
import { planDetour } from "../../src/pool/detour.ts";

const NOW = 1000;

function survey(seen: Partial<Survey>): Survey {
  return {
    cursor: "model",
    position: 0,
    blockedUntil: undefined,
    adjoining: [],
    keys: [],
    stretchesEnd: undefined,
    sawWholeRing: false,
    ...seen,
  };
}

const cooling = (id: number, until: number, lap = 1) => ({ id, lap, until });
const ready = (id: number, lap = 1) => ({ id, lap, until: undefined });

describe("the plan after a lease found nothing", () => {
  it("is to stay away while the model is known to be blocked, and no longer", () => {
    expect(planDetour(survey({ blockedUntil: NOW + 1 }), [], NOW)).toEqual({ kind: "blocked", until: NOW + 1 });
    expect(planDetour(survey({ blockedUntil: NOW, keys: [ready(1)] }), [], NOW)).toEqual({ kind: "look_again" });
  });

  it("is to wait for ever in an empty pool", () => {
    expect(planDetour(survey({ sawWholeRing: true }), [], NOW)).toEqual({ kind: "blocked", until: Infinity });
  });

  it("is to wait for the first key, if the whole ring is cooling", () => {
    const keys = [cooling(1, 5000), cooling(2, 4000), cooling(3, 6000, 2)];
    expect(planDetour(survey({ sawWholeRing: true, keys }), [], NOW)).toEqual({ kind: "blocked", until: 4000 });
    expect(planDetour(survey({ sawWholeRing: true, keys, stretchesEnd: 3000 }), [], NOW)).toEqual({
      kind: "blocked",
      until: 3000,
    });
  });

  it("is to give up, if this request has tried every key that is ready", () => {
    const keys = [ready(1), cooling(2, 5000)];
    expect(planDetour(survey({ sawWholeRing: true, keys }), [1], NOW)).toEqual({ kind: "used_up" });
    expect(planDetour(survey({ sawWholeRing: true, keys }), [2], NOW)).toEqual({ kind: "look_again" });
  });

  it("is to step over the cooling keys ahead, until the first of them ends", () => {
    const keys = [cooling(11, 5000), cooling(12, 4000), ready(13), cooling(14, 2000)];
    expect(planDetour(survey({ keys }), [], NOW)).toEqual({
      kind: "step_over",
      from: 11,
      to: 12,
      until: 4000,
      readyBehind: true,
    });
  });

  it("lets a known stretch grow that ends just before them", () => {
    const keys = [cooling(11, 5000), cooling(12, 4000)];
    const adjoining = [{ lap: 1, from: 1, until: 3000 }];
    expect(planDetour(survey({ keys, adjoining }), [], NOW)).toEqual({
      kind: "step_over",
      from: 1,
      to: 12,
      until: 3000,
      readyBehind: false,
    });
    const ofTheOtherLap = [{ lap: 2, from: 1, until: 3000 }];
    expect(planDetour(survey({ keys, adjoining: ofTheOtherLap }), [], NOW)).toMatchObject({ from: 11 });
  });

  it("never joins keys of two laps: the keys between them were not seen", () => {
    const keys = [cooling(90, 5000), cooling(91, 5000), cooling(1, 2000, 2), cooling(2, 2000, 2)];
    expect(planDetour(survey({ keys }), [], NOW)).toEqual({
      kind: "step_over",
      from: 90,
      to: 91,
      until: 5000,
      readyBehind: false,
    });
  });
});
