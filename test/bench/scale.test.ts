import { expect, test } from "vitest";
import { simulate } from "../../bench/simulation.ts";

const QUIET = { isolates: 1, requestsPerSecond: 1, poolSize: 20, seconds: 300, warmSeconds: 30 };
const BUSY = { isolates: 4, requestsPerSecond: 200, poolSize: 100, seconds: 10, warmSeconds: 5 };

test("the simulation gives the same numbers on every run", async () => {
  expect(await simulate(BUSY)).toEqual(await simulate(BUSY));
});

test("a busy fleet uses every key about as often", async () => {
  const { leastUses, mostUses, withoutTurn } = await simulate(BUSY);
  expect(withoutTurn).toBe(0);
  // What stands on the shelves of four isolates at the end is up to 128 turns more, of 100 keys.
  expect(mostUses - leastUses).toBeLessThanOrEqual(4);
});

test("a busy fleet leases large blocks, a quiet one small ones", async () => {
  // Longer than it takes to write the rows that young isolates may write at once.
  const busy = await simulate({ ...BUSY, seconds: 60, warmSeconds: 30 });
  const quiet = await simulate(QUIET);
  expect(busy.turnsPerLease).toBeGreaterThan(quiet.turnsPerLease);
  expect(busy.rowsWrittenPerRequest).toBeLessThan(0.25);
});

test("a key that one isolate saw refused is gone from the others within a block's life", async () => {
  const { staleMs } = await simulate({ ...BUSY, isolates: 50, requestsPerSecond: 100, seconds: 60, retirements: 5 });
  expect(staleMs).toBeGreaterThan(0);
  expect(staleMs).toBeLessThan(30_000 + 100);
});

test("more than one writer can do makes requests travel on their own keys instead of waiting for ever", async () => {
  const overload = { ...BUSY, isolates: 200, requestsPerSecond: 10_000, poolSize: 50_000, seconds: 4 };
  const { writerBusy, waitP95Ms, withoutTurn } = await simulate(overload);
  expect(writerBusy).toBeGreaterThan(1);
  expect(withoutTurn).toBeGreaterThan(0);
  expect(waitP95Ms).toBeLessThan(5000);
});
