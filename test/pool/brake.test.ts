import { describe, expect, it } from "vitest";
import { Brake, type Limiter } from "../../src/pool/brake.ts";

/** The runtime's limiter: lets `limit` calls of each name pass. */
function limiterOf(limit: number): Limiter & { asked: number } {
  const counts = new Map<string, number>();
  const limiter = {
    asked: 0,
    limit({ key }: { key: string }) {
      limiter.asked += 1;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return Promise.resolve({ success: (counts.get(key) ?? 0) <= limit });
    },
  };
  return limiter;
}

function brakeOf(allowed: number, limiter?: Limiter, random: () => number = () => 0.5) {
  let now = 0;
  const brake = new Brake({ limiter, limiterAllows: 100, allowed: () => allowed, clock: () => now, random });
  const passed = async (name: string, calls: number) => {
    let count = 0;
    for (let call = 0; call < calls; call++) count += Number(await brake.passes(name));
    return count;
  };
  return { brake, passed, advance: (ms: number) => (now += ms) };
}

describe("A brake", () => {
  it("below the limiter's number counts by itself, with or without a limiter, and anew each minute", async () => {
    for (const limiter of [undefined, limiterOf(100)]) {
      const { passed, advance } = brakeOf(10, limiter);
      expect(await passed("a", 30)).toBe(10);
      expect(await passed("b", 5)).toBe(5);
      advance(60_000);
      expect(await passed("a", 30)).toBe(10);
    }
  });

  it("at the limiter's number leaves the counting to it", async () => {
    const limiter = limiterOf(100);
    expect(await brakeOf(100, limiter).passed("a", 150)).toBe(100);
    expect(limiter.asked).toBe(150);
    expect(await brakeOf(100).passed("a", 150)).toBe(150);
  });

  it("above it asks the limiter about a fitting share, and believes its refusal for the rest of the minute", async () => {
    const limiter = limiterOf(100);
    let dice = 0;
    const { passed, advance } = brakeOf(400, limiter, () => ((dice += 1) % 4) / 4);
    const count = await passed("a", 1000);
    expect(count).toBeGreaterThanOrEqual(395);
    expect(count).toBeLessThanOrEqual(405);
    expect(limiter.asked).toBe(101);
    expect(await passed("b", 10)).toBe(10);
    advance(60_000);
    expect(await passed("a", 2)).toBeGreaterThan(0);
  });

  it("at 0 limits nothing, and asks nobody", async () => {
    const limiter = limiterOf(0);
    expect(await brakeOf(0, limiter).passed("a", 500)).toBe(500);
    expect(limiter.asked).toBe(0);
  });

  it("makes no promise where no limiter is asked", () => {
    expect(brakeOf(10).brake.passes("a")).toBe(true);
    expect(brakeOf(1000).brake.passes("a")).toBe(true);
    expect(brakeOf(1000, limiterOf(0), () => 0.9).brake.passes("a")).toBe(true);
    expect(brakeOf(1000, limiterOf(0), () => 0.01).brake.passes("a")).toBeInstanceOf(Promise);
  });

  it("does not become an outage when the limiter fails", async () => {
    expect(await brakeOf(100, { limit: () => Promise.reject(new Error("down")) }).passed("a", 5)).toBe(5);
  });

  it("counts so many names and no more", async () => {
    const { brake } = brakeOf(1);
    for (let name = 0; name < 20_000; name++) void brake.passes(String(name));
    expect(brake.passes("0")).toBe(false);
    expect(brake.passes("late")).toBe(true);
    expect(brake.passes("late")).toBe(true);
  });
});
