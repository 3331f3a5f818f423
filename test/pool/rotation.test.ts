import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { coolingTable } from "../../src/db/coolings.ts";
import { leaseTable } from "../../src/db/leases.ts";
import type { FaultyD1 } from "../support/faulty-d1.ts";
import { coolWhere, emptyPool, seedKeys } from "../support/pool-rows.ts";
import { MODEL, newRotation } from "../support/rotation.ts";
import { soon } from "../support/soon.ts";

beforeEach(emptyPool);

describe("turns", () => {
  it("go round the pool exactly, whatever the size of the blocks", async () => {
    await seedKeys(12);
    const { take, settle } = newRotation();
    const ids: (number | undefined)[] = [];
    for (let at = 0; at < 240; at++) {
      ids.push(await take());
      await settle();
    }
    for (let id = 1; id <= 12; id++) expect(ids.filter((taken) => taken === id)).toHaveLength(20);
  });

  it("of isolates at work at the same time are shared out evenly", async () => {
    await seedKeys(30);
    const isolates = Array.from({ length: 6 }, () => newRotation({ leaseMax: 4 }));
    const ids = await Promise.all(
      Array.from({ length: 300 }, (_, at) => isolates[at % isolates.length]?.take() ?? Promise.resolve(undefined)),
    );
    const counts = Array.from({ length: 30 }, (_, at) => ids.filter((id) => id === at + 1).length);
    expect(ids).not.toContain(undefined);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(5);
    expect(Math.max(...counts)).toBeLessThanOrEqual(2 * Math.min(...counts));
  });

  it("of a busy isolate cost D1 one trip for a block", async () => {
    await seedKeys(100);
    const { take, settle, d1 } = newRotation();
    for (let at = 0; at < 63; at++) {
      await take();
      await settle();
    }
    d1.takeTrips();
    for (let at = 0; at < 320; at++) {
      await take();
      await settle();
    }
    expect(d1.takeTrips().length).toBeLessThanOrEqual(11);
  });

  it("of a hundred requests at once are leased together", async () => {
    await seedKeys(200);
    const { take, settle, d1 } = newRotation();
    const ids = await Promise.all(Array.from({ length: 100 }, () => take()));
    await settle();
    expect(new Set(ids).size).toBe(100);
    expect(d1.takeTrips().length).toBeLessThanOrEqual(10);
  });

  it("that were not used in time are given up", async () => {
    await seedKeys(50);
    const { take, settle, state, d1 } = newRotation();
    for (let at = 0; at < 16; at++) {
      await take();
      await settle();
    }
    state.now += 30_000;
    d1.takeTrips();
    await take();
    expect(d1.takeTrips().length).toBeGreaterThan(0);
  });

  it("never fall to a key that this isolate saw fail, nor to one that the request tried", async () => {
    await seedKeys(4);
    const { take, settle, outcasts } = newRotation();
    outcasts.add(2, MODEL, Infinity);
    const ids: (number | undefined)[] = [];
    for (let at = 0; at < 20; at++) {
      ids.push(await take([3]));
      await settle();
    }
    expect(ids).not.toContain(2);
    expect(ids).not.toContain(3);
    expect(ids).not.toContain(undefined);
  });

  it("are leased one by one where blocks are switched off", async () => {
    await seedKeys(5);
    const { take, d1 } = newRotation({ leaseTtlMs: 0 });
    const ids: (number | undefined)[] = [];
    for (let at = 0; at < 10; at++) ids.push(await take());
    expect(ids).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
    expect(d1.takeTrips()).toHaveLength(10);
  });

  it("are still found for all who ask at once where blocks are switched off", async () => {
    await seedKeys(50);
    const { take } = newRotation({ leaseTtlMs: 0 });
    const ids = await Promise.all(Array.from({ length: 50 }, () => take()));
    expect(new Set(ids).size).toBe(50);
    expect(ids).not.toContain(undefined);
  });

  it("pass over a row that does not open", async () => {
    await seedKeys(3);
    const { take, settle } = newRotation({ locked: [2] });
    const ids: (number | undefined)[] = [];
    for (let at = 0; at < 12; at++) {
      ids.push(await take());
      await settle();
    }
    expect(ids).toContain(1);
    expect(ids).toContain(3);
    expect(ids).not.toContain(2);
  });
});

/** One more key, with this id. */
async function seedKey(id: number): Promise<void> {
  await env.DB.prepare(
    `insert into keys (id, fingerprint, ciphertext, last_four, status, status_changed_at, contributed_at, last_seen_at)
     values (?1, 'print-' || ?1, 'sealed', 'abcd', 'active', 0, 0, 0)`,
  )
    .bind(id)
    .run();
}

/** Answers D1's trips by hand, in any order. */
function gated(d1: FaultyD1) {
  const gates: (() => void)[] = [];
  const close = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gates.push(resolve);
    d1.gate = promise;
  };
  close();
  return { gates, close };
}

describe("those who wait", () => {
  it("all get a turn of their own when far more come at once than a lease brings", async () => {
    await seedKeys(1000);
    const { take, settle, d1 } = newRotation();
    const ids = await Promise.all(Array.from({ length: 500 }, () => take()));
    await settle();
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(500);
    expect(d1.takeTrips().length).toBeLessThanOrEqual(25);
  });

  it("are served by whichever lease comes first, in the order in which they came", async () => {
    await seedKeys(1000);
    const { take, settle, d1 } = newRotation();
    const { gates, close } = gated(d1);
    const first = take();
    close();
    const second = take();
    await soon(() => expect(d1.trips).toHaveLength(2));
    expect(gates).toHaveLength(2);
    gates[1]?.();
    expect(await first).toBe(1);
    gates[0]?.();
    expect(await second).toBe(2);
    await settle();
  });

  it("lose nothing to one lease that fails while another comes", async () => {
    await seedKeys(10);
    const { take, settle, d1 } = newRotation();
    const { gates, close } = gated(d1);
    const first = take();
    close();
    const second = take();
    await soon(() => expect(d1.trips).toHaveLength(2));
    d1.mood = "fails";
    gates[0]?.();
    await soon(() => expect(d1.trips[0]?.isBack).toBe(true));
    d1.mood = "works";
    d1.gate = undefined;
    gates[1]?.();
    expect(new Set([await first, await second])).toEqual(new Set([1, 2]));
    await settle();
  });

  it("all go without as soon as nothing more is coming", async () => {
    await seedKeys(10);
    const { take, settle, d1, log } = newRotation();
    d1.mood = "fails";
    expect(await Promise.all(Array.from({ length: 50 }, () => take()))).toEqual(Array(50).fill(undefined));
    await settle();
    expect(d1.takeTrips().length).toBeLessThanOrEqual(4);
    expect(log.map(({ event }) => event)).toContain("pool.lease_failed");
  });

  it("wait no more than a few leases for a key that this isolate may use", async () => {
    await seedKeys(3);
    const { take, settle, d1, outcasts } = newRotation();
    for (const id of [1, 2, 3]) outcasts.add(id, undefined, Infinity);
    expect(await Promise.all([take(), take(), take()])).toEqual([undefined, undefined, undefined]);
    await settle();
    expect(d1.takeTrips().length).toBeLessThanOrEqual(30);
  });
});

describe("settings that change while it runs", () => {
  it("apply to the next lease", async () => {
    await seedKeys(100);
    const { take, settle, d1, settings, state } = newRotation();
    for (let at = 0; at < 8; at++) {
      await take();
      await settle();
    }
    settings.leaseTtlMs = 0;
    state.now += 60_000;
    d1.takeTrips();
    for (let at = 0; at < 5; at++) {
      await take();
      await settle();
    }
    expect(d1.takeTrips()).toHaveLength(5);
  });
});

describe("keys that do not open", () => {
  const everyKey = Array.from({ length: 200 }, (_, at) => at + 1);

  it("cost a lease or two once in a while, not one a request, and a line in the log", async () => {
    await seedKeys(200);
    const { take, settle, d1, log, state } = newRotation({ locked: everyKey });
    for (let at = 0; at < 30; at++) {
      expect(await take()).toBeUndefined();
      await settle();
    }
    expect(d1.takeTrips().length).toBeLessThanOrEqual(2);
    expect(log.map(({ event }) => event)).toEqual(["pool.key_does_not_open"]);
    state.now += 61_000;
    await take();
    expect(log).toHaveLength(2);
  });

  it("do not keep the pool shut once a key that opens joins", async () => {
    await seedKeys(3);
    const { take, rotation } = newRotation({ locked: [1, 2, 3] });
    expect(await take()).toBeUndefined();
    await seedKey(4);
    rotation.unblock();
    expect(await take()).toBe(4);
  });

  it("are passed over where others open", async () => {
    await seedKeys(200);
    const { take, settle } = newRotation({ locked: everyKey.slice(0, 30) });
    const ids: (number | undefined)[] = [];
    for (let at = 0; at < 20; at++) {
      ids.push(await take());
      await settle();
    }
    expect(ids).not.toContain(undefined);
    expect(Math.min(...ids.map((id) => id ?? 0))).toBeGreaterThan(30);
  });
});

describe("when no key is ready", () => {
  it("it says so, remembers until when, and asks D1 no more before", async () => {
    await seedKeys(5);
    const { take, rotation, d1, state } = newRotation();
    await leaseTable(d1.binding).openCursor(MODEL).run();
    await coolWhere("1", MODEL, state.now + 10_000);
    expect(await take()).toBeUndefined();
    expect(rotation.blockedUntil(MODEL)).toBe(state.now + 10_000);
    d1.takeTrips();
    expect(await take()).toBeUndefined();
    expect(d1.takeTrips()).toEqual([]);
    state.now += 10_000;
    expect(rotation.blockedUntil(MODEL)).toBeUndefined();
    expect(await take()).toBe(1);
  });

  it("another model is not affected", async () => {
    await seedKeys(2);
    const { take, rotation, state } = newRotation();
    await coolWhere("1", MODEL, state.now + 10_000);
    expect(await take()).toBeUndefined();
    expect((await rotation.take("other", [], () => undefined))?.id).toBe(1);
  });

  it("an empty pool is looked at again once a key joined", async () => {
    const { take, rotation } = newRotation();
    expect(await take()).toBeUndefined();
    await seedKeys(1);
    rotation.unblock();
    expect(await take()).toBe(1);
  });

  it("but only for a request that tried them all, others still get their turn", async () => {
    await seedKeys(2);
    const { take } = newRotation();
    expect(await take([1, 2])).toBeUndefined();
    expect(await take()).toBeDefined();
  });

  it("a key whose cooling ends is found again, although the isolate did not see it", async () => {
    await seedKeys(3);
    const { take, d1, state } = newRotation();
    await coolWhere("1", MODEL, state.now + 3_600_000);
    expect(await take()).toBeUndefined();
    await coolingTable(d1.binding)
      .clear(2, MODEL, state.now + 3_600_000)
      .run();
    state.now += 30_000;
    expect(await take()).toBe(2);
  });
});

describe("when D1", () => {
  it("fails, there is no turn, and no error", async () => {
    await seedKeys(3);
    const { take, d1 } = newRotation();
    d1.mood = "fails";
    expect(await take()).toBeUndefined();
  });

  it("hangs, the request waits no longer than it must", async () => {
    await seedKeys(3);
    const { take, d1, settle } = newRotation({ timeoutMs: 20 });
    d1.mood = "hangs";
    expect(await take()).toBeUndefined();
    await settle();
  });

  it("recovers, so does the rotation", async () => {
    await seedKeys(3);
    const { take, d1, state } = newRotation();
    d1.mood = "fails";
    await take();
    d1.mood = "works";
    state.now += 1000;
    expect(await take()).toBe(1);
  });

  it("fails while turns are left, these are used up first", async () => {
    await seedKeys(50);
    const { take, d1, settle } = newRotation();
    for (let at = 0; at < 8; at++) {
      await take();
      await settle();
    }
    d1.mood = "fails";
    const ids: (number | undefined)[] = [];
    for (let at = 0; at < 5; at++) ids.push(await take());
    expect(ids).not.toContain(undefined);
  });
});
