import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiKey } from "../../src/api-key.ts";
import { coolingTable } from "../../src/db/coolings.ts";
import { keyTable } from "../../src/db/keys.ts";
import { leaseTable } from "../../src/db/leases.ts";
import { createVault } from "../../src/pool/vault.ts";
import {
  countedTotals,
  coolWhere,
  emptyPool,
  seedKeys,
  storedCoolings,
  storedKeys,
  storedTotals,
} from "../support/pool-rows.ts";
import { newKey } from "../support/table.ts";

beforeEach(emptyPool);

/** Whatever a test did, the triggers kept count. */
afterEach(async () => {
  expect(await storedTotals()).toEqual(await countedTotals());
});

const NOW = 1_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MODEL = "gemini-2.5-flash";

const vault = createVault(env.POOL_SECRET);
const keys = keyTable(env.DB);
const coolings = coolingTable(env.DB);
const leases = leaseTable(env.DB);

const sealed = (text = newKey()) => vault.seal(new ApiKey(text));

async function onlyKey() {
  const [row, ...others] = await storedKeys();
  if (row === undefined || others.length > 0) throw new Error("expected one key");
  return row;
}

describe("admit", () => {
  it("takes a new key in, sealed", async () => {
    const key = newKey();
    const row = await keys.admit(sealed(key), NOW);
    expect(row).toMatchObject({ status: "active" });
    const stored = await onlyKey();
    expect(stored).toMatchObject({
      status: "active",
      contributed_at: NOW,
      last_seen_at: NOW,
      last_four: key.slice(-4),
    });
    expect(JSON.stringify(stored)).not.toContain(key);
  });

  it("raced by twenty first requests makes one row, and tells all of them its id", async () => {
    const key = newKey();
    const rows = await Promise.all(Array.from({ length: 20 }, () => keys.admit(sealed(key), NOW)));
    const { id } = await onlyKey();
    expect(rows).toEqual(Array(20).fill({ id, status: "active" }));
    expect(await storedTotals()).toEqual({ active: 1, retired: 0, withdrawn: 0 });
  });

  it("brings a retired key back as it was contributed, without its marks", async () => {
    const key = newKey();
    await keys.admit(sealed(key), NOW);
    const { id } = await onlyKey();
    await keys.strike(id, "CREDENTIALS_MISSING", NOW, NOW + 1).run();
    await keys.retire(id, "API_KEY_INVALID", NOW + 2).run();
    await keys.admit(sealed(key), NOW + 3);
    const marks = { status: "active", reason: null, strikes: 0, rest_step: 0, resting_until: null };
    expect(await onlyKey()).toMatchObject({ ...marks, id, contributed_at: NOW, last_seen_at: NOW + 3 });
  });

  it("leaves a withdrawn key out", async () => {
    const key = newKey();
    const seal = sealed(key);
    await keys.admit(seal, NOW);
    await keys.withdraw(seal.fingerprint, NOW + 1);
    expect(await keys.admit(sealed(key), NOW + 2)).toBeUndefined();
    expect(await onlyKey()).toMatchObject({ status: "withdrawn", ciphertext: null });
  });

  it("opens what hid the key: blocked models, and the stretch that it lies in", async () => {
    const seal = sealed();
    const row = await keys.admit(seal, NOW);
    const id = row?.id ?? 0;
    await leases.openCursor(MODEL).run();
    await leases.block(MODEL, NOW + HOUR).run();
    await env.DB.batch(leases.stepOver({ model: MODEL, from: id, to: id + 5, until: NOW + HOUR }, MODEL, 0));
    await env.DB.batch(leases.stepOver({ model: MODEL, from: id + 6, to: id + 9, until: NOW + HOUR }, MODEL, 0));
    await keys.retire(id, "x", NOW).run();
    await keys.admit(seal, NOW);
    const { keys: leased } = await leases.lease({ model: MODEL, now: NOW, count: 1, excluded: [] });
    expect(leased.map((key) => key.id)).toEqual([id]);
    const { results } = await env.DB.prepare("select from_id from stretches").all();
    expect(results).toEqual([{ from_id: id + 6 }]);
  });
});

describe("a strike", () => {
  beforeEach(() => seedKeys(1));
  const strike = (at: number) => keys.strike(1, "CREDENTIALS_MISSING", at, at + MINUTE).run();

  it("lets the key rest, and retires it if it is repeated after that rest", async () => {
    await strike(NOW);
    expect(await onlyKey()).toMatchObject({ status: "active", strikes: 1, resting_until: NOW + MINUTE, reason: null });
    await strike(NOW + MINUTE);
    expect(await onlyKey()).toMatchObject({ status: "retired", reason: "CREDENTIALS_MISSING", resting_until: null });
  });

  it("counts once, however many answers tell the same while the key rests", async () => {
    await strike(NOW);
    await strike(NOW + 1);
    await strike(NOW + MINUTE - 1);
    expect(await onlyKey()).toMatchObject({ status: "active", strikes: 1, resting_until: NOW + MINUTE });
  });

  it("is forgotten when the key serves", async () => {
    await strike(NOW);
    await keys.wipe(1).run();
    await strike(NOW + MINUTE);
    expect(await onlyKey()).toMatchObject({ status: "active", strikes: 1 });
  });
});

describe("a rest", () => {
  beforeEach(() => seedKeys(1));
  const rest = (at: number) => keys.rest(1, at, HOUR, 24 * HOUR).run();

  it("doubles each time in a row, up to its maximum", async () => {
    let now = NOW;
    for (const hours of [1, 2, 4, 8, 16, 24, 24]) {
      await rest(now);
      expect((await onlyKey()).resting_until).toBe(now + hours * HOUR);
      now += hours * HOUR;
    }
  });

  it("is not prolonged by answers that arrive during it", async () => {
    await rest(NOW);
    await rest(NOW + 1);
    expect(await onlyKey()).toMatchObject({ resting_until: NOW + HOUR, rest_step: 1 });
  });

  it("is short again after the key has served", async () => {
    await rest(NOW);
    await keys.wipe(1).run();
    await rest(NOW + HOUR);
    expect((await onlyKey()).resting_until).toBe(NOW + 2 * HOUR);
  });

  it("stays far from overflow after a hundred times in a row", async () => {
    await env.DB.prepare("update keys set rest_step = 100").run();
    await rest(NOW);
    expect((await onlyKey()).resting_until).toBe(NOW + 24 * HOUR);
  });
});

describe("wake", () => {
  it("ends the rests whose time has come, some at a time, the oldest first", async () => {
    await seedKeys(5);
    for (const id of [1, 2, 3, 4]) await keys.rest(id, NOW + id, HOUR, HOUR).run();
    await keys.wake(NOW + 3 + HOUR, 2);
    expect((await storedKeys()).map((key) => key.resting_until !== null)).toEqual([false, false, true, true, false]);
    await keys.wake(NOW + 3 + HOUR, 2);
    expect((await storedKeys()).map((key) => key.resting_until !== null)).toEqual([false, false, false, true, false]);
  });

  it("opens the stretches and the blocked models that would hide a woken key", async () => {
    await seedKeys(3);
    await leases.openCursor(MODEL).run();
    await keys.rest(2, NOW, HOUR, HOUR).run();
    await coolWhere("id <> 2", MODEL, NOW + 9 * HOUR);
    await env.DB.batch(leases.stepOver({ model: MODEL, from: 1, to: 3, until: NOW + 9 * HOUR }, MODEL, 0));
    await leases.block(MODEL, NOW + 9 * HOUR).run();
    await keys.wake(NOW + HOUR, 10);
    const { keys: leased } = await leases.lease({ model: MODEL, now: NOW + HOUR, count: 1, excluded: [] });
    expect(leased.map(({ id }) => id)).toEqual([2]);
  });

  it("changes nothing when nobody's rest has ended", async () => {
    await seedKeys(1);
    await leases.openCursor(MODEL).run();
    await leases.block(MODEL, NOW + HOUR).run();
    await keys.wake(NOW, 10);
    expect(await env.DB.prepare("select blocked_until from cursors where model = ?").bind(MODEL).first()).toEqual({
      blocked_until: NOW + HOUR,
    });
  });
});

describe("withdraw", () => {
  it("erases what could open or show the key, and its coolings", async () => {
    const key = newKey();
    const seal = sealed(key);
    const row = await keys.admit(seal, NOW);
    await coolings.cool(row?.id ?? 0, MODEL, NOW + HOUR, "quota_day").run();
    expect(await keys.withdraw(seal.fingerprint, NOW)).toBe(row?.id);
    expect(await onlyKey()).toMatchObject({ status: "withdrawn", ciphertext: null, last_four: "", reason: null });
    expect(await storedCoolings()).toEqual([]);
    expect(await storedTotals()).toEqual({ active: 0, retired: 0, withdrawn: 1 });
  });

  it("works for a retired and for a resting key, once", async () => {
    const [first, second] = [sealed(), sealed()];
    const retired = await keys.admit(first, NOW);
    await keys.retire(retired?.id ?? 0, "x", NOW).run();
    const resting = await keys.admit(second, NOW);
    await keys.rest(resting?.id ?? 0, NOW, HOUR, HOUR).run();
    expect(await keys.withdraw(first.fingerprint, NOW)).toBe(retired?.id);
    expect(await keys.withdraw(second.fingerprint, NOW)).toBe(resting?.id);
    expect(await keys.withdraw(second.fingerprint, NOW)).toBeUndefined();
    expect(await keys.withdraw("nobody's", NOW)).toBeUndefined();
    expect((await storedKeys()).map(({ resting_until }) => resting_until)).toEqual([null, null]);
  });

  it("is not undone by a retirement, a strike, a rest or a wipe that was under way", async () => {
    const seal = sealed();
    const id = (await keys.admit(seal, NOW))?.id ?? 0;
    await keys.withdraw(seal.fingerprint, NOW);
    await env.DB.batch([
      keys.retire(id, "x", NOW),
      keys.strike(id, "x", NOW, NOW + 1),
      keys.rest(id, NOW, HOUR, HOUR),
      keys.wipe(id),
    ]);
    expect(await onlyKey()).toMatchObject({ status: "withdrawn", resting_until: null, strikes: 0, reason: null });
  });
});

describe("rejoin", () => {
  it("lets a withdrawn key prove itself again, and only a withdrawn one", async () => {
    const seal = sealed();
    await keys.admit(seal, NOW);
    expect(await keys.rejoin(seal.fingerprint, NOW)).toBe(false);
    await keys.withdraw(seal.fingerprint, NOW);
    expect(await keys.rejoin(seal.fingerprint, NOW)).toBe(true);
    expect(await onlyKey()).toMatchObject({ status: "retired", ciphertext: null });
    expect(await keys.admit(seal, NOW)).toMatchObject({ status: "active" });
    expect((await onlyKey()).ciphertext).not.toBeNull();
  });
});

describe("totals", () => {
  it("follow every transition", async () => {
    await seedKeys(6);
    expect(await keys.totals()).toEqual({ active: 6, retired: 0, withdrawn: 0 });
    await keys.retire(1, "x", NOW).run();
    await keys.retire(1, "x", NOW).run();
    expect(await keys.totals()).toEqual({ active: 5, retired: 1, withdrawn: 0 });
    await keys.withdraw("print-1", NOW);
    await keys.withdraw("print-2", NOW);
    expect(await keys.totals()).toEqual({ active: 4, retired: 0, withdrawn: 2 });
    await keys.rejoin("print-2", NOW);
    expect(await keys.totals()).toEqual({ active: 4, retired: 1, withdrawn: 1 });
    await env.DB.prepare("delete from keys where id in (1, 2, 3)").run();
    expect(await keys.totals()).toEqual({ active: 3, retired: 0, withdrawn: 0 });
  });
});

describe("coolings", () => {
  const cool = (until: number) => coolings.cool(1, MODEL, until, "quota_day").run();
  const busy = (at: number) => coolings.coolBusy(1, MODEL, at, 5000, 5 * MINUTE).run();
  const until = async () => (await storedCoolings())[0]?.until;

  it("are not shortened by a later and shorter one", async () => {
    await cool(NOW + HOUR);
    await coolings.cool(1, MODEL, NOW + MINUTE, "quota_minute").run();
    expect(await storedCoolings()).toMatchObject([{ until: NOW + HOUR, kind: "quota_day" }]);
    await busy(NOW);
    expect(await storedCoolings()).toMatchObject([{ until: NOW + HOUR, kind: "quota_day" }]);
    await cool(NOW + 2 * HOUR);
    expect(await until()).toBe(NOW + 2 * HOUR);
  });

  it("of a busy pair double from 5 s to 5 min", async () => {
    let now = NOW;
    for (const seconds of [5, 10, 20, 40, 80, 160, 300, 300]) {
      await busy(now);
      expect(await until()).toBe(now + seconds * 1000);
      now += seconds * 1000;
    }
  });

  it("of a busy pair do not double for answers that arrive together", async () => {
    await busy(NOW);
    await busy(NOW + 1);
    await busy(NOW + 4999);
    expect(await until()).toBe(NOW + 5000);
  });

  it("of a busy pair are short again after a success", async () => {
    await busy(NOW);
    await busy(NOW + 5000);
    await coolings.clear(1, MODEL, NOW + 15_000).run();
    await busy(NOW + 15_000);
    expect(await until()).toBe(NOW + 20_000);
  });

  it("are not cleared by a success that began before them", async () => {
    await cool(NOW + HOUR);
    await coolings.clear(1, MODEL, NOW).run();
    expect(await until()).toBe(NOW + HOUR);
  });

  it("that ended are swept, some at a time; the others stay", async () => {
    await seedKeys(6);
    await coolWhere("id <= 4", MODEL, NOW);
    await coolWhere("id > 4", MODEL, NOW + 1);
    await coolings.sweep(NOW, 3).run();
    expect(await storedCoolings()).toHaveLength(3);
    await coolings.sweep(NOW, 3).run();
    expect((await storedCoolings()).map(({ key_id }) => key_id)).toEqual([5, 6]);
  });

  it("of one key are listed while they last", async () => {
    await cool(NOW + 2);
    await coolings.cool(1, "other", NOW + 1, "busy").run();
    await coolings.cool(1, "past", NOW, "busy").run();
    await coolings.cool(2, "another's", NOW + 9, "busy").run();
    expect((await coolings.of(1, NOW)).map(({ model }) => model)).toEqual(["other", MODEL]);
  });
});
