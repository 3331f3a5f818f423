import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { ApiKey } from "../../src/api-key.ts";
import { keyTable } from "../../src/db/keys.ts";
import { Contributors } from "../../src/pool/contributors.ts";
import { Patience } from "../../src/pool/patience.ts";
import { createVault } from "../../src/pool/vault.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { emptyPool } from "../support/pool-rows.ts";
import { newKey } from "../support/table.ts";

const TTL_MS = 60_000;

beforeEach(emptyPool);

function openContributors() {
  const d1 = new FaultyD1();
  const state = { now: 1_000_000 };
  const clock = () => state.now;
  const keys = keyTable(d1.binding);
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
  return { contributors, d1, keys, vault, state };
}

const someKey = () => new ApiKey(newKey());
const texts = (candidates: { key: ApiKey }[]) => candidates.map(({ key }) => key.reveal());

describe("a caller's key", () => {
  it("that nobody knows is a candidate", async () => {
    const { contributors } = openContributors();
    const key = someKey();
    const { member, candidates } = await contributors.sortOut([key]);
    expect(member).toBeUndefined();
    expect(candidates).toEqual([{ key, mayJoin: true, isNew: true }]);
  });

  it("that was admitted makes a member, without a look-up", async () => {
    const { contributors, d1 } = openContributors();
    const key = someKey();
    await contributors.admit(key);
    d1.takeTrips();
    expect((await contributors.sortOut([key])).member?.key).toBe(key);
    expect(d1.takeTrips()).toEqual([]);
  });

  it("is remembered for a while, and then looked up once more", async () => {
    const { contributors, d1, state } = openContributors();
    const key = someKey();
    await contributors.admit(key);
    state.now += TTL_MS - 1;
    d1.takeTrips();
    await contributors.sortOut([key]);
    expect(d1.takeTrips()).toHaveLength(0);
    state.now += 1;
    await contributors.sortOut([key]);
    await contributors.sortOut([key]);
    expect(d1.takeTrips()).toHaveLength(1);
  });

  it("that is retired may prove itself again", async () => {
    const { contributors, keys } = openContributors();
    const key = someKey();
    const standing = await contributors.admit(key);
    const id = standing.kind === "active" ? standing.id : 0;
    await keys.retire(id, "x", 0).run();
    contributors.forgetId(id);
    expect(await contributors.sortOut([key])).toEqual({
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
    expect((await contributors.sortOut([key])).candidates).toEqual([{ key, mayJoin: false, isNew: false }]);
    expect(await contributors.admit(key)).toEqual({ kind: "withdrawn" });
  });

  it("is tried on its own while D1 does not answer", async () => {
    const { contributors, d1 } = openContributors();
    d1.mood = "fails";
    const key = someKey();
    expect((await contributors.sortOut([key])).candidates).toEqual([{ key, mayJoin: true, isNew: false }]);
    expect(await contributors.admit(key)).toEqual({ kind: "unavailable" });
  });
});

describe("a list of keys", () => {
  it("costs one look-up, however long it is", async () => {
    const { contributors, d1 } = openContributors();
    const keys = Array.from({ length: 50 }, someKey);
    d1.takeTrips();
    await contributors.sortOut(keys);
    expect(d1.takeTrips()).toHaveLength(1);
  });

  it("is sorted out a key a request, until all are known", async () => {
    const { contributors, d1 } = openContributors();
    const keys = [someKey(), someKey(), someKey()];
    for (const key of keys) {
      const { candidates } = await contributors.sortOut(keys);
      expect(candidates[0]?.key).toBe(key);
      await contributors.admit(key);
    }
    d1.takeTrips();
    const { member, candidates } = await contributors.sortOut(keys);
    expect(member?.key).toBe(keys[0]);
    expect(candidates).toEqual([]);
    expect(d1.takeTrips()).toEqual([]);
  });

  it("with a member among it tries only keys that are new, not those refused a moment ago", async () => {
    const { contributors } = openContributors();
    const [member, refused, unknown] = [someKey(), someKey(), someKey()];
    await contributors.admit(member);
    contributors.noteRefusal(refused);
    const sorted = await contributors.sortOut([refused, member, unknown]);
    expect(sorted.member?.key).toBe(member);
    expect(texts(sorted.candidates)).toEqual([unknown.reveal()]);
  });

  it("without a member falls back on what it has: the unasked first, the refused last", async () => {
    const { contributors } = openContributors();
    const [refused, unknown, unasked] = [someKey(), someKey(), someKey()];
    contributors.noteRefusal(refused);
    const { candidates } = await contributors.sortOut([refused, unknown, unasked]);
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
