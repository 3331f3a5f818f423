import { beforeEach, describe, expect, it } from "vitest";
import { emptyPool, seedKeys } from "../support/pool-rows.ts";
import { newRotation } from "../support/rotation.ts";

const TTL_MS = 30_000;

type Isolate = ReturnType<typeof newRotation>;

beforeEach(emptyPool);

/** An isolate that holds a block and leases ahead. */
async function busyRotation(): Promise<Isolate> {
  await seedKeys(1000);
  const isolate = newRotation({ leaseTtlMs: TTL_MS });
  await takeSome(isolate, 40);
  isolate.d1.takeTrips();
  return isolate;
}

async function takeSome({ take, settle }: Isolate, count: number): Promise<(number | undefined)[]> {
  const ids: (number | undefined)[] = [];
  for (let at = 0; at < count; at++) {
    ids.push(await take());
    await settle();
  }
  return ids;
}

/** How many times one more turn makes the isolate ask D1. */
async function tripsOfOneTake(isolate: Isolate): Promise<number> {
  isolate.d1.takeTrips();
  await takeSome(isolate, 1);
  return isolate.d1.takeTrips().length;
}

describe("a block that D1 hands out late", () => {
  const LATE_MS = 20_000;

  /** An isolate with a block that came so long after it was asked for. */
  async function withLateBlock(): Promise<Isolate> {
    const isolate = await busyRotation();
    const { d1, state, take, settle } = isolate;
    const { promise, resolve } = Promise.withResolvers<void>();
    d1.gate = promise;
    while (d1.trips.length === 0) await take();
    state.now += LATE_MS;
    d1.gate = undefined;
    resolve();
    await settle();
    return isolate;
  }

  it("is given up as long after the question as any other, for what D1 read may be as old", async () => {
    const isolate = await withLateBlock();
    isolate.state.now += TTL_MS - LATE_MS;
    expect(await tripsOfOneTake(isolate)).toBe(1);
  });

  it("is used up to then", async () => {
    const isolate = await withLateBlock();
    isolate.state.now += TTL_MS - LATE_MS - 1;
    expect(await tripsOfOneTake(isolate)).toBe(0);
  });

  it("serves who waits for it where turns are leased one by one, however late", async () => {
    await seedKeys(10);
    const { d1, state, take, settle } = newRotation({ leaseTtlMs: 0 });
    const { promise, resolve } = Promise.withResolvers<void>();
    d1.gate = promise;
    const turn = take();
    state.now += LATE_MS;
    resolve();
    expect(await turn).toBe(1);
    await settle();
  });
});

describe("while D1 is left alone after a failure", () => {
  it("nothing is leased ahead, what is held is used up, and two lines in the log tell it", async () => {
    const isolate = await busyRotation();
    isolate.d1.mood = "fails";
    const ids = await takeSome(isolate, 60);
    expect(ids.filter((id) => id !== undefined).length).toBeGreaterThan(8);
    expect(ids.at(-1)).toBeUndefined();
    expect(isolate.d1.takeTrips()).toHaveLength(1);
    expect(isolate.log.map(({ event }) => event)).toEqual(["pool.lease_failed", "pool.lease_failed"]);
  });

  it("a refill that fails again makes the next pause longer, and each pause is told once", async () => {
    const isolate = await busyRotation();
    const { d1, state, log } = isolate;
    d1.mood = "fails";
    await takeSome(isolate, 60);
    state.now += 1000;
    expect(await tripsOfOneTake(isolate)).toBe(1);
    state.now += 1999;
    await takeSome(isolate, 5);
    expect(d1.takeTrips()).toEqual([]);
    expect(log).toHaveLength(4);
    state.now += 1;
    expect(await tripsOfOneTake(isolate)).toBe(1);
  });

  it("who has a turn asks D1 again once the pause is over, and nobody waits if it is back", async () => {
    const isolate = await busyRotation();
    const { d1, state, settle, take } = isolate;
    d1.mood = "fails";
    while (d1.trips.length === 0) await take();
    await settle();
    d1.mood = "works";
    expect(await tripsOfOneTake(isolate)).toBe(0);
    state.now += 1000;
    expect(await tripsOfOneTake(isolate)).toBe(1);
    expect(await takeSome(isolate, 100)).not.toContain(undefined);
  });

  it("fifty that waited for the same lease are one line in the log", async () => {
    await seedKeys(10);
    const { take, settle, d1, log } = newRotation();
    const { promise, resolve } = Promise.withResolvers<void>();
    d1.gate = promise;
    d1.mood = "fails";
    const turns = Array.from({ length: 50 }, () => take());
    resolve();
    expect(await Promise.all(turns)).toEqual(Array(50).fill(undefined));
    await settle();
    expect(log.length).toBeLessThanOrEqual(d1.trips.length);
  });
});

describe("turns past their time", () => {
  it("are forgotten with their keys although nobody asks for their model any more", async () => {
    const isolate = await busyRotation();
    const { rotation, state } = isolate;
    state.now += TTL_MS;
    rotation.dropExpired();
    // Back in time, a turn that is still held would be handed out.
    state.now -= TTL_MS;
    expect(await tripsOfOneTake(isolate)).toBe(1);
  });

  it("alone are forgotten", async () => {
    const isolate = await busyRotation();
    isolate.state.now += TTL_MS - 1;
    isolate.rotation.dropExpired();
    expect(await tripsOfOneTake(isolate)).toBe(0);
  });
});
