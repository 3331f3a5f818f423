import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiKey } from "../../src/api-key.ts";
import { keyTable, type KeyTable } from "../../src/db/keys.ts";
import { Contributors } from "../../src/pool/contributors.ts";
import { Patience } from "../../src/pool/patience.ts";
import { createVault } from "../../src/pool/vault.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { emptyPool } from "../support/pool-rows.ts";
import { newKey } from "../support/table.ts";

const TTL_MS = 60_000;

beforeEach(emptyPool);

const ignore = () => undefined;

function openContributors() {
  const d1 = new FaultyD1();
  /** `late` holds up what D1 has answered already. */
  const state = { now: 1_000_000, late: Promise.resolve() };
  const clock = () => state.now;
  const table = keyTable(d1.binding);
  const held = async <T>(answering: Promise<T>): Promise<T> => {
    const { late } = state;
    const answer = await answering;
    await late;
    return answer;
  };
  const keys: KeyTable = {
    ...table,
    find: (fingerprint) => held(table.find(fingerprint)),
    admit: (sealed, at) => held(table.admit(sealed, at)),
  };
  const vault = createVault(env.POOL_SECRET);
  const patience = new Patience({ timeoutMs: 5000, clock, sleep: (ms) => scheduler.wait(ms) });
  const contributors = new Contributors({
    keys,
    vault,
    resealing: { follow: () => Promise.resolve() },
    patience,
    clock,
    log: () => undefined,
    ttlMs: TTL_MS,
  });
  const deferred: Promise<unknown>[] = [];
  const defer = (work: Promise<unknown>) => void deferred.push(work);
  const settle = () => Promise.all(deferred.splice(0));
  /** As `DELETE /key` does it, from wherever it is sent. */
  const withdraw = (key: ApiKey) => table.withdraw(vault.fingerprint(key), state.now);
  return { contributors, d1, keys, vault, state, defer, settle, withdraw };
}

const someKey = () => new ApiKey(newKey());
const texts = (candidates: { key: ApiKey }[]) => candidates.map(({ key }) => key.reveal());

describe("a caller's key", () => {
  it("that nobody knows is a candidate", async () => {
    const { contributors } = openContributors();
    const key = someKey();
    const { member, candidates } = await contributors.sortOut([key], ignore);
    expect(member).toBeUndefined();
    expect(candidates).toEqual([{ key, mayJoin: true, isNew: true }]);
  });

  it("that was admitted makes a member, without a look-up", async () => {
    const { contributors, d1 } = openContributors();
    const key = someKey();
    await contributors.admit(key);
    d1.takeTrips();
    expect((await contributors.sortOut([key], ignore)).member?.key).toBe(key);
    expect(d1.takeTrips()).toEqual([]);
  });

  it("is remembered for a while, and then looked up once more", async () => {
    const { contributors, d1, state } = openContributors();
    const key = someKey();
    await contributors.admit(key);
    state.now += TTL_MS / 2 - 1;
    d1.takeTrips();
    await contributors.sortOut([key], ignore);
    expect(d1.takeTrips()).toHaveLength(0);
    state.now += TTL_MS / 2 + 1;
    await contributors.sortOut([key], ignore);
    await contributors.sortOut([key], ignore);
    expect(d1.takeTrips()).toHaveLength(1);
  });

  it("that is retired may prove itself again", async () => {
    const { contributors, keys } = openContributors();
    const key = someKey();
    const standing = await contributors.admit(key);
    const id = standing.kind === "active" ? standing.id : 0;
    await keys.retire(id, "x", 0).run();
    contributors.forgetId(id);
    expect(await contributors.sortOut([key], ignore)).toEqual({
      member: undefined,
      candidates: [{ key, mayJoin: true, isNew: true }],
    });
  });

  it("that is withdrawn is served, but may not join", async () => {
    const { contributors, keys, vault } = openContributors();
    const key = someKey();
    await contributors.admit(key);
    await keys.withdraw(vault.fingerprint(key), 0);
    contributors.forget(key);
    expect((await contributors.sortOut([key], ignore)).candidates).toEqual([{ key, mayJoin: false, isNew: false }]);
    expect(await contributors.admit(key)).toEqual({ kind: "withdrawn" });
  });

  it("is tried on its own while D1 does not answer", async () => {
    const { contributors, d1 } = openContributors();
    d1.mood = "fails";
    const key = someKey();
    expect((await contributors.sortOut([key], ignore)).candidates).toEqual([{ key, mayJoin: true, isNew: false }]);
    expect(await contributors.admit(key)).toEqual({ kind: "unavailable" });
  });
});

/** A caller in the pool whose standing is half as old as it may be. */
async function openHalfway() {
  const opened = openContributors();
  const key = someKey();
  const standing = await opened.contributors.admit(key);
  opened.state.now += TTL_MS / 2;
  opened.d1.takeTrips();
  /** What the caller is without waiting for anything; undefined if they would wait. */
  const sortNow = (...keys: ApiKey[]) => {
    const sorted = opened.contributors.sortOut(keys.length === 0 ? [key] : keys, opened.defer);
    return sorted instanceof Promise ? undefined : sorted;
  };
  return { ...opened, key, id: standing.kind === "active" ? standing.id : 0, sortNow };
}

describe("a steady caller's key", () => {
  it("is asked about behind a request, once for many, and nobody waits", async () => {
    const { sortNow, settle, state, d1 } = await openHalfway();
    for (let round = 0; round < 10; round++) {
      for (let request = 0; request < 5; request++) expect(sortNow()?.member).toBeDefined();
      await settle();
      expect(sortNow()?.member).toBeDefined();
      expect(d1.takeTrips()).toHaveLength(1);
      state.now += TTL_MS / 2;
    }
  });

  it("that was withdrawn elsewhere is out as soon as the answer is there, and joins no more", async () => {
    const { sortNow, settle, withdraw, key, contributors } = await openHalfway();
    await withdraw(key);
    expect(sortNow()?.member).toBeDefined();
    await settle();
    expect(sortNow()).toEqual({ member: undefined, candidates: [{ key, mayJoin: false, isNew: false }] });
    expect(await contributors.admit(key)).toEqual({ kind: "withdrawn" });
  });

  it("that was retired elsewhere must prove itself as soon as the answer is there", async () => {
    const { sortNow, settle, keys, id, key, contributors } = await openHalfway();
    await keys.retire(id, "x", 0).run();
    sortNow();
    await settle();
    const sorted = await contributors.sortOut([key], ignore);
    expect(sorted).toEqual({ member: undefined, candidates: [{ key, mayJoin: true, isNew: true }] });
  });

  it("is not brought back by an answer that its own withdrawal overtook", async () => {
    const { sortNow, settle, withdraw, state, key, contributors } = await openHalfway();
    const { promise, resolve } = Promise.withResolvers<void>();
    state.late = promise;
    sortNow();
    await withdraw(key);
    contributors.forget(key);
    resolve();
    await settle();
    expect(contributors.recall(key)).toBeUndefined();
    expect((await contributors.sortOut([key], ignore)).member).toBeUndefined();
  });

  it("is not brought back by an answer that its retirement overtook, known by its id alone", async () => {
    const { settle, state, key, id, contributors, defer } = await openHalfway();
    state.now += TTL_MS / 2;
    const { promise, resolve } = Promise.withResolvers<void>();
    state.late = promise;
    const asking = contributors.sortOut([key], defer);
    contributors.forgetId(id);
    resolve();
    await Promise.all([settle(), asking]);
    expect(contributors.recall(key)).toBeUndefined();
  });

  it("is not brought back by an admission that its withdrawal overtook", async () => {
    const { contributors, state, withdraw } = openContributors();
    const key = someKey();
    await contributors.admit(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    state.late = promise;
    const admission = contributors.admit(key);
    await vi.waitUntil(async () => (await withdraw(key)) !== undefined);
    contributors.forget(key);
    resolve();
    expect((await admission).kind).not.toBe("active");
    expect(contributors.recall(key)).toBeUndefined();
  });

  it("stays remembered, however many strangers withdraw keys that nobody knows meanwhile", async () => {
    const { sortNow, settle, state, contributors } = await openHalfway();
    sortNow();
    for (let stranger = 0; stranger < 100; stranger++) contributors.forget(someKey());
    await settle();
    state.now += TTL_MS - 1;
    expect(sortNow()?.member).toBeDefined();
  });

  it("is known for as long as ever while D1 fails, which is not asked by every request", async () => {
    const { sortNow, settle, state, d1, key, contributors } = await openHalfway();
    d1.mood = "fails";
    for (let at = 0; at < TTL_MS / 2; at += 1000) {
      expect(sortNow()?.member).toBeDefined();
      await settle();
      state.now += 1000;
    }
    expect(d1.takeTrips().length).toBeLessThanOrEqual(4);
    expect(sortNow()).toBeUndefined();
    expect((await contributors.sortOut([key], ignore)).candidates).toEqual([{ key, mayJoin: true, isNew: false }]);
  });

  it("is asked about again in time once D1 works", async () => {
    const { sortNow, settle, state, d1 } = await openHalfway();
    d1.mood = "fails";
    sortNow();
    await settle();
    d1.mood = "works";
    for (let at = 0; at < 4; at++) {
      state.now += TTL_MS / 8;
      expect(sortNow()?.member).toBeDefined();
      await settle();
    }
  });

  it("whose answer comes late is believed no longer for that", async () => {
    const { sortNow, settle, state } = await openHalfway();
    const { promise, resolve } = Promise.withResolvers<void>();
    state.late = promise;
    sortNow();
    state.now += TTL_MS / 4;
    resolve();
    await settle();
    state.now += (TTL_MS / 4) * 3 - 1;
    expect(sortNow()?.member).toBeDefined();
    state.now += 1;
    expect(sortNow()).toBeUndefined();
  });
});

describe("a list of keys", () => {
  it("costs one look-up behind a request, however many of it are due", async () => {
    const { contributors, sortNow, settle, state, d1 } = await openHalfway();
    const keys = Array.from({ length: 5 }, someKey);
    for (const key of keys) await contributors.admit(key);
    state.now += TTL_MS / 2;
    d1.takeTrips();
    for (let request = 1; request <= 8; request++) {
      expect(sortNow(...keys)?.member?.key).toBe(keys[0]);
      await settle();
      expect(d1.takeTrips()).toHaveLength(request <= 5 ? 1 : 0);
    }
  });

  it("costs one look-up, however long it is", async () => {
    const { contributors, d1 } = openContributors();
    const keys = Array.from({ length: 50 }, someKey);
    d1.takeTrips();
    await contributors.sortOut(keys, ignore);
    expect(d1.takeTrips()).toHaveLength(1);
  });

  it("is sorted out a key a request, until all are known", async () => {
    const { contributors, d1 } = openContributors();
    const keys = [someKey(), someKey(), someKey()];
    for (const key of keys) {
      const { candidates } = await contributors.sortOut(keys, ignore);
      expect(candidates[0]?.key).toBe(key);
      await contributors.admit(key);
    }
    d1.takeTrips();
    const { member, candidates } = await contributors.sortOut(keys, ignore);
    expect(member?.key).toBe(keys[0]);
    expect(candidates).toEqual([]);
    expect(d1.takeTrips()).toEqual([]);
  });

  it("with a member among it tries only keys that are new, not those refused a moment ago", async () => {
    const { contributors } = openContributors();
    const [member, refused, unknown] = [someKey(), someKey(), someKey()];
    await contributors.admit(member);
    contributors.noteRefusal(refused);
    const sorted = await contributors.sortOut([refused, member, unknown], ignore);
    expect(sorted.member?.key).toBe(member);
    expect(texts(sorted.candidates)).toEqual([unknown.reveal()]);
  });

  it("without a member falls back on what it has: the unasked first, the refused last", async () => {
    const { contributors } = openContributors();
    const [refused, unknown, unasked] = [someKey(), someKey(), someKey()];
    contributors.noteRefusal(refused);
    const { candidates } = await contributors.sortOut([refused, unknown, unasked], ignore);
    expect(texts(candidates)).toEqual([unknown, unasked, refused].map((key) => key.reveal()));
  });
});

it("ten thousand callers are remembered, the oldest forgotten first", async () => {
  const { contributors } = openContributors();
  const keys = Array.from({ length: 10_001 }, (_, at) => new ApiKey(`AIza-${at}`));
  for (const key of keys) contributors.noteRefusal(key);
  const [first, second] = keys;
  if (first === undefined || second === undefined) throw new Error("no keys");
  expect(contributors.recall(first)).toBeUndefined();
  expect(contributors.recall(second)).toEqual({ kind: "refused" });
});
