import { describe, expect, it } from "vitest";
import { ignore, makeFleet } from "../../bench/fleet.ts";
import { SimulatedD1 } from "../../bench/simulated-d1.ts";
import { seededRandom, VirtualTime } from "../../bench/virtual-time.ts";

const WARM_MS = 1000;
const END_MS = 4000;

/** So many callers on one isolate, each sending its next request as soon as it has its answer. 30 ms to D1 and back. */
async function closedLoop(callers: number, serviceMs: number) {
  const time = new VirtualTime();
  const d1 = new SimulatedD1(time, { poolSize: 50_000, roundTripMs: 30 });
  d1.restartLoad();
  const random = seededRandom(1);
  const [isolate] = makeFleet({ time, d1, random, isolates: 1, leaseMax: 32, leaseTtlMs: 30_000 });
  const seen = { requests: 0, waited: 0, without: 0 };
  const call = async () => {
    for (;;) {
      const askedAt = time.now;
      const key = await isolate?.rotation.take("gemini", [], ignore);
      if (askedAt >= WARM_MS) {
        seen.requests += 1;
        if (time.now > askedAt) seen.waited += 1;
      }
      if (key === undefined) seen.without += 1;
      await time.sleep(serviceMs * (0.5 + random()));
    }
  };
  for (let caller = 0; caller < callers; caller++) void call();
  await time.runUntil(END_MS);
  return seen;
}

describe("callers who send one request after the other", () => {
  it.each([
    [1, 1],
    [16, 5],
    [16, 20],
    [64, 20],
    [64, 100],
  ])(
    "%i of them, answered within %i ms, never wait for a lease once the isolate is warm",
    async (callers, serviceMs) => {
      const { requests, waited, without } = await closedLoop(callers, serviceMs);
      expect(requests).toBeGreaterThan(1000);
      expect(waited / requests).toBeLessThan(0.001);
      expect(without).toBe(0);
    },
  );

  it("who want more turns than D1 can bring wait for them, rather than go without", async () => {
    const { requests, waited, without } = await closedLoop(64, 2);
    expect(waited).toBeGreaterThan(0);
    expect(requests / ((END_MS - WARM_MS) / 1000)).toBeGreaterThan(3000);
    expect(without).toBe(0);
  });
});
