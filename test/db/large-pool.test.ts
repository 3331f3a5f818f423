import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiKey } from "../../src/api-key.ts";
import { leaseTable } from "../../src/db/leases.ts";
import { Outcasts } from "../../src/pool/outcasts.ts";
import { Patience } from "../../src/pool/patience.ts";
import { Rotation } from "../../src/pool/rotation.ts";
import { createVault } from "../../src/pool/vault.ts";
import { FaultyD1, type Trip } from "../support/faulty-d1.ts";
import { coolWhere, emptyPool, seedKeys } from "../support/pool-rows.ts";

const LARGE = 100_000;
const SMALL = 100;
const NOW = 1_000_000;
const UNTIL = NOW + 3_600_000;

/** A turn in a healthy pool reads 11 rows, behind a known stretch 19: the "small constant". */
const ROWS_OF_A_LEASE = 25;

/** Where nine keys in ten cool here and there, a turn looks at some ten. */
const ROWS_AMONG_COOLINGS = 100;

/** One turn that finds its window cooling, and the walk behind it: 21 surveys of 256 keys at the most. */
const ROWS_OF_THE_WORST_TURN = 20_000;

/** What learning a run costs, each of its keys counted, over all turns and isolates: measured at 3.4. */
const ROWS_PER_LEARNED_KEY = 5;

/** The seeded ciphertexts open for nobody: here a key is its own fingerprint. */
const vault = {
  ...createVault(env.POOL_SECRET),
  open: (sealed: { fingerprint: string }) => Promise.resolve(new ApiKey(sealed.fingerprint)),
};

/** A rotation that asks D1 for each turn, as a quiet isolate does, and the trips that it makes. */
function quietRotation() {
  const d1 = new FaultyD1();
  const clock = () => NOW;
  const rotation = new Rotation({
    leases: leaseTable(d1.binding),
    batch: (statements) => d1.binding.batch(statements),
    vault,
    outcasts: new Outcasts(),
    patience: new Patience({ timeoutMs: 60_000, clock, sleep: (ms) => scheduler.wait(ms) }),
    clock,
    log: () => undefined,
    leaseMax: 1,
    leaseTtlMs: 0,
  });
  const take = async (model: string) => {
    const behind: Promise<unknown>[] = [];
    const key = await rotation.take(model, [], (work) => behind.push(work));
    await Promise.all(behind);
    return { id: key?.id, trips: d1.takeTrips() };
  };
  return { take };
}

async function openCursor(model: string): Promise<void> {
  await leaseTable(env.DB).openCursor(model).run();
}

const rowsRead = (trips: Trip[]) => trips.reduce((sum, trip) => sum + trip.rowsRead, 0);
const rowsWritten = (trips: Trip[]) => trips.reduce((sum, trip) => sum + trip.rowsWritten, 0);

describe("in a pool of 100,000 keys", () => {
  beforeAll(async () => {
    await emptyPool();
    await seedKeys(LARGE);
  }, 60_000);

  afterAll(emptyPool, 60_000);

  it("all ready, a turn costs one trip and few rows", async () => {
    const { take } = quietRotation();
    for (let at = 1; at <= 20; at++) {
      const { id, trips } = await take("ready");
      expect(id).toBe(at);
      expect(trips).toHaveLength(1);
      expect(rowsRead(trips)).toBeLessThan(ROWS_OF_A_LEASE);
      expect(rowsWritten(trips)).toBeLessThanOrEqual(1);
    }
  });

  it("90 % of them cooling here and there, a turn costs few rows and skips them all", async () => {
    const model = "scattered";
    await openCursor(model);
    await coolWhere("(id * 7919) % 10 <> 3", model, UNTIL);
    const { take } = quietRotation();
    for (let at = 0; at < 100; at++) {
      const { id, trips } = await take(model);
      expect(((id ?? 0) * 7919) % 10).toBe(3);
      expect(rowsRead(trips)).toBeLessThan(ROWS_AMONG_COOLINGS);
    }
  });

  it("90 % of them cooling in one run, a turn is cheap again once the run was walked through", async () => {
    const model = "one-run";
    await openCursor(model);
    await coolWhere(`id > 5000 and id <= ${5000 + LARGE * 0.9}`, model, UNTIL);
    await env.DB.prepare("update cursors set position = 4990 where model = ?").bind(model).run();
    const { take } = quietRotation();
    for (let at = 4991; at <= 5000; at++) expect((await take(model)).id).toBe(at);

    // Each turn looks along the ring a few times at the most, and none finds the run's end by chance.
    let worst = 0;
    let landed: number | undefined;
    let turns = 0;
    let spent = 0;
    for (; landed === undefined && turns < 500; turns++) {
      const { id, trips } = await take(model);
      worst = Math.max(worst, rowsRead(trips));
      spent += rowsRead(trips);
      landed = id;
    }
    expect(landed).toBe(95_001);
    expect(turns).toBeLessThan(100);
    expect(worst).toBeLessThan(ROWS_OF_THE_WORST_TURN);
    // Every cooling key is looked at a few times, once for all isolates and callers.
    expect(spent).toBeLessThan(ROWS_PER_LEARNED_KEY * LARGE);

    // The next lap steps over the run in one jump.
    await env.DB.prepare("update cursors set position = 4999 where model = ?").bind(model).run();
    const { take: another } = quietRotation();
    for (const expected of [5000, 95_001, 95_002]) {
      const { id, trips } = await another(model);
      expect(id).toBe(expected);
      expect(trips).toHaveLength(1);
      expect(rowsRead(trips)).toBeLessThan(ROWS_OF_A_LEASE);
    }
  });

  it("all of them cooling, it learns so at a bounded cost, and then few rows tell", async () => {
    const model = "all-cooling";
    await openCursor(model);
    await coolWhere("1", model, UNTIL);
    const { take } = quietRotation();
    let spent = 0;
    let worst = 0;
    for (let turns = 0; turns < 300; turns++) {
      const { id, trips } = await take(model);
      expect(id).toBeUndefined();
      spent += rowsRead(trips);
      worst = Math.max(worst, rowsRead(trips));
    }
    expect(worst).toBeLessThan(ROWS_OF_THE_WORST_TURN);
    expect(spent).toBeLessThan(ROWS_PER_LEARNED_KEY * LARGE);
    const { trips } = await quietRotation().take(model);
    expect(rowsRead(trips)).toBeLessThan(2 * ROWS_OF_A_LEASE);
    expect(rowsWritten(trips)).toBeLessThanOrEqual(1);
    const blocked = env.DB.prepare("select blocked_until from cursors where model = ?").bind(model);
    expect(await blocked.first("blocked_until")).toBe(UNTIL);
  });

  it("a run whose coolings end is walked again", async () => {
    const model = "one-run";
    const later = leaseTable(env.DB);
    await env.DB.prepare("update cursors set position = 5000 where model = ?").bind(model).run();
    const { keys } = await later.lease({ model, now: UNTIL, count: 1, excluded: [] });
    expect(keys.map(({ id }) => id)).toEqual([5001]);
  });

  it("90 % of them retired, a turn costs one trip and few rows", async () => {
    await env.DB.prepare("update keys set status = 'retired' where id % 10 <> 3 or id between 20000 and 60000").run();
    await env.DB.prepare("update cursors set position = 19983 where model = '*'").run();
    const { take } = quietRotation();
    for (const expected of [19_993, 60_003, 60_013]) {
      const { id, trips } = await take("ready");
      expect(id).toBe(expected);
      expect(trips).toHaveLength(1);
      expect(rowsRead(trips)).toBeLessThan(ROWS_OF_A_LEASE);
    }
  });
});

describe("in a pool of 100 keys", () => {
  beforeAll(async () => {
    await emptyPool();
    await seedKeys(SMALL);
  });

  it("a turn reads as many rows: the constant does not hide a growth", async () => {
    const { trips } = await quietRotation().take("ready");
    expect(rowsRead(trips)).toBeGreaterThan(ROWS_OF_A_LEASE / 3);
    expect(rowsRead(trips)).toBeLessThan(ROWS_OF_A_LEASE);
  });

  it("the few that are ready are found behind the many that cool", async () => {
    await openCursor("small");
    await coolWhere("id <= 90", "small", UNTIL);
    const { take } = quietRotation();
    const ids = [];
    for (let at = 0; at < 20; at++) ids.push((await take("small")).id);
    expect(ids).toEqual([...Array(20).keys()].map((at) => 91 + (at % 10)));
  });
});
