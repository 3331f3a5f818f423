import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { ActionReport } from "../../src/relay/desk.ts";
import type { DeskDetail, DeskKey } from "../../src/pool/desk.ts";
import {
  emptyPool,
  requireStoredKey,
  seedKeys,
  storedCoolings,
  storedKeys,
  storedTotals,
} from "../support/pool-rows.ts";
import { ApiKey } from "../../src/api-key.ts";
import { createServices } from "../../src/services.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { ADMIN_TOKEN, layOperatorTable, messageOf, type OperatorTable } from "../support/operator.ts";
import { MODEL, newKey, newKeys } from "../support/table.ts";

interface Page {
  keys: DeskKey[];
  next: string | null;
  previous: string | null;
  total: number;
}

beforeEach(emptyPool);

/** A table whose pool has these many working keys. */
async function withKeys(count: number): Promise<{ table: OperatorTable; keys: string[]; ids: number[] }> {
  const table = layOperatorTable();
  const keys = newKeys(count);
  await table.contribute(...keys);
  const ids = await Promise.all(keys.map(async (key) => (await requireStoredKey(key)).id));
  return { table, keys, ids };
}

const act = (table: OperatorTable, body: object) => table.post<ActionReport>("/keys/actions", body);

describe("the list", () => {
  it("tells of each key what the operator needs, and nothing that opens one", async () => {
    const { table, keys } = await withKeys(2);
    const { body } = await table.call("GET", "/keys");
    const page = body as Page;
    expect(page).toMatchObject({ total: 2, totalIsExact: true, next: null });
    expect(page.keys[0]).toMatchObject({
      id: 1,
      lastFour: keys[0]?.slice(-4),
      status: "active",
      origin: "contributed",
    });
    const told = JSON.stringify(body);
    for (const { fingerprint, ciphertext } of await storedKeys()) {
      expect(told).not.toContain(fingerprint);
      expect(told).not.toContain(ciphertext);
    }
    for (const key of keys) expect(told).not.toContain(key.slice(4, -4));
  });

  it("filters, searches and sorts together", async () => {
    await seedKeys(30);
    await env.DB.prepare(
      "update keys set status = 'retired', reason = 'API_KEY_INVALID', uses = id where id > 10",
    ).run();
    await env.DB.prepare("update keys set reason = 'CONSUMER_SUSPENDED', last_four = '0007' where id > 20").run();
    const table = layOperatorTable();
    const ids = async (query: string) => (await table.get<Page>(`/keys?${query}`)).keys.map(({ id }) => id);
    expect(await ids("status=retired&reason=API_KEY_INVALID&sort=uses&order=desc&limit=3")).toEqual([20, 19, 18]);
    expect(await ids("q=0007&limit=2")).toEqual([7, 21]);
    expect(await ids("q=0007&status=active")).toEqual([7]);
    expect(await ids("q=abcd&status=withdrawn")).toEqual([]);
  });

  it.each([
    ["limit=-1", "limit"],
    ["limit=0", "limit"],
    ["limit=501", "limit"],
    ["limit=5e1", "limit"],
    ["sort=id;drop table keys", "sort"],
    ["sort=fingerprint", "sort"],
    ["order=asc,ciphertext", "order"],
    ["status=deleted", "status"],
    ["reason=' or 1=1 --", "reason"],
    ["q=1 or 1=1", "q"],
    ["q=abc", "q"],
    ["cursor=", "cursor"],
    ["cursor=%00", "cursor"],
    [`cursor=${"x".repeat(501)}`, "cursor"],
    ["page=2", "page"],
    ["limit=1&limit=2", "twice"],
  ])("?%s is refused, and the message names it", async (query, name) => {
    const called = await layOperatorTable().call("GET", `/keys?${encodeURI(query)}`);
    expect(called.status).toBe(400);
    expect(messageOf(called)).toContain(name);
    expect(called.body).toMatchObject({ error: { code: 400, status: "INVALID_ARGUMENT" } });
  });

  it("quotes that are no SQL find nothing and harm nothing", async () => {
    await seedKeys(3);
    const table = layOperatorTable();
    for (const q of ["';--", "\"'\"'", "%%%%", "____"]) {
      expect(await table.get<Page>(`/keys?q=${encodeURIComponent(q)}`)).toMatchObject({ total: 0, keys: [] });
    }
    expect(await storedKeys()).toHaveLength(3);
  });

  it("a cursor is good for its own list only, and a forged one shows no more than a list would", async () => {
    await seedKeys(10);
    const table = layOperatorTable();
    const { next } = await table.get<Page>("/keys?limit=2");
    expect((await table.get<Page>(`/keys?limit=2&cursor=${next}`)).keys.map(({ id }) => id)).toEqual([3, 4]);
    for (const other of ["sort=uses", "order=desc", "status=active", "q=0001"]) {
      expect((await table.call("GET", `/keys?limit=2&${other}&cursor=${next}`)).status).toBe(400);
    }
    const { previous } = await table.get<Page>(`/keys?limit=2&cursor=${next}`);
    expect(await table.get<Page>(`/keys?limit=2&cursor=${previous}`)).toMatchObject({
      keys: [{ id: 1 }, { id: 2 }],
      previous: null,
      total: 10,
    });
    for (const other of ["sort=uses", "order=desc", "status=active", "q=0001"]) {
      expect((await table.call("GET", `/keys?limit=2&${other}&cursor=${previous}`)).status).toBe(400);
    }
    const forge = (...parts: unknown[]) => btoa(JSON.stringify(["keys id asc   ", ...parts])).replace(/=+$/, "");
    for (const parts of [
      [0, 0, 0, 0],
      [0, 0, -1, 0, 1],
      [0, 0, 1e300, 0, 1],
      [0, 0, "1", 0, 1],
      [0, 0, 3, 10, 1, 1],
    ]) {
      expect((await table.call("GET", `/keys?cursor=${forge(...parts)}`)).status).toBe(400);
    }
    const forged = await table.get<Page>(`/keys?cursor=${forge(0, 0, 8, 7, 1)}`);
    expect(forged.keys.map(({ id }) => id)).toEqual([9, 10]);
    expect((await table.get<Page>(`/keys?cursor=${forge(99, 0, 0, 0, 1)}`)).keys).toEqual([]);
  });

  it("a key in a query is refused without an echo or a line in the log", async () => {
    const { table, keys } = await withKeys(1);
    const [key = ""] = keys;
    for (const query of [
      `q=${key}`,
      `key=${key}`,
      `key=whatever`,
      `reason=${key}`,
      `${key}=1`,
      `q=x${encodeURIComponent(" ")}${key}`,
    ]) {
      const called = await table.call("GET", `/keys?${query}`);
      expect(called.status).toBe(400);
      expect(messageOf(called)).toContain("/api/admin/keys/find");
      expect(JSON.stringify(called.body)).not.toContain(key.slice(0, 20));
    }
    expect(JSON.stringify(table.log)).not.toContain(key);
  });
});

describe("one key", () => {
  it("shows its coolings with their ends, and its uses by model", async () => {
    const { table, ids } = await withKeys(1);
    await env.DB.batch([
      env.DB.prepare(
        "insert into coolings (key_id, model, until, kind) values (1, 'later', ?, 'quota_day'), (1, 'over', 1, 'busy')",
      ).bind(Date.UTC(2027, 0)),
      env.DB.prepare(
        "insert or replace into key_models (key_id, model, uses, errors, last_at) values (1, 'busy-model', 7, 2, 5)",
      ),
    ]);
    const detail = await table.get<DeskDetail>(`/keys/${ids[0]}`);
    expect(detail).toMatchObject({ id: 1, status: "active", cooling: 1 });
    expect(detail.coolings).toEqual([{ model: "later", until: Date.UTC(2027, 0), kind: "quota_day" }]);
    expect(detail.models).toContainEqual({ model: "busy-model", uses: 7, errors: 2, lastAt: 5 });
  });

  it.each(["0", "-1", "1.5", "abc", "1%20or%201=1", "99999999999999999999", "1e3"])("id %s is refused", async (id) => {
    const called = await layOperatorTable().call("GET", `/keys/${id}`);
    expect(called.status).toBe(400);
    expect(messageOf(called)).toMatch(/^id /);
  });

  it("an id that nobody has is not found", async () => {
    const table = layOperatorTable();
    expect((await table.call("GET", "/keys/12345")).status).toBe(404);
    expect((await table.call("PATCH", "/keys/12345", { note: "x" })).status).toBe(404);
  });

  it("is found by its text in a body, whatever surrounds it, and a stranger's is not", async () => {
    const { table, keys, ids } = await withKeys(2);
    const found = await table.post<DeskDetail>("/keys/find", { key: ` ${keys[1]}\n` });
    expect(found.id).toBe(ids[1]);
    const stranger = await table.call("POST", "/keys/find", { key: newKey() });
    expect(stranger.status).toBe(404);
    const malformed = await table.call("POST", "/keys/find", { key: "两个 字" });
    expect(malformed.status).toBe(400);
    expect(messageOf(malformed)).not.toContain("两");
  });

  it("is found under either secret while one takes the other's place", async () => {
    const { keys } = await withKeys(1);
    const during = layOperatorTable({ POOL_SECRET_NEXT: "the-next-secret-of-the-tests-of-40-chars" });
    expect((await during.post<DeskDetail>("/keys/find", { key: keys[0] })).id).toBe(1);
    await during.post("/reseal", {});
    expect((await during.post<DeskDetail>("/keys/find", { key: keys[0] })).id).toBe(1);
  });

  it("carries a note that stays the text that it is", async () => {
    const { table } = await withKeys(1);
    const note = `<script>alert(1)</script> "; drop table keys; -- 备注`;
    const noted = await table.call("PATCH", "/keys/1", { note });
    expect(noted.body).toMatchObject({ note });
    expect(noted.headers.get("content-type")).toBe("application/json");
    expect(noted.headers.get("x-content-type-options")).toBe("nosniff");
    expect((await table.get<DeskDetail>("/keys/1")).note).toBe(note);
    expect((await table.call("PATCH", "/keys/1", { note: "" })).body).toMatchObject({ note: null });
    expect(messageOf(await table.call("PATCH", "/keys/1", { note: "x".repeat(501) }))).toContain("note");
    expect(messageOf(await table.call("PATCH", "/keys/1", { note: "x", status: "active" }))).toContain("status");
  });
});

describe("work on keys", () => {
  it("retires keys at once: the next request is not theirs, and their next use does not bring them back", async () => {
    const { table, keys, ids } = await withKeys(3);
    const [retired = "", other = ""] = keys;
    // Busy enough to hold turns of every key.
    for (let at = 0; at < 9; at++) await table.send({ key: other });
    table.served();
    expect(await act(table, { action: "retire", ids: [ids[0]] })).toMatchObject({
      done: 1,
      skipped: 0,
      next: null,
      total: 1,
    });
    for (let at = 0; at < 6; at++) await table.send({ key: other });
    expect(table.served()).not.toContain(retired);

    const own = await table.send({ key: retired });
    expect(own.status).toBe(200);
    expect(own.headers.get("x-pool-served-by")).toBe("own");
    expect(own.headers.has("x-pool-contributed")).toBe(false);
    expect((await table.isolate()({ key: retired })).headers.has("x-pool-contributed")).toBe(false);
    expect(await requireStoredKey(retired)).toMatchObject({ status: "retired", reason: "operator" });
    expect(await storedTotals()).toMatchObject({ active: 2, retired: 1 });
  });

  it("a use that was under way when the operator retired the key does not bring it back", async () => {
    const { table, keys } = await withKeys(1);
    await act(table, { action: "retire", ids: [1] });
    const { pool } = createServices({ ...env, ADMIN_TOKEN }, { log: () => undefined });
    const work: Promise<unknown>[] = [];
    pool.admit(new ApiKey(keys[0] ?? ""), (promise) => work.push(promise));
    await Promise.all(work);
    expect(await requireStoredKey(keys[0] ?? "")).toMatchObject({ status: "retired", reason: "operator" });
  });

  it("nor does its owner, by leaving and rejoining", async () => {
    const { table, keys } = await withKeys(1);
    const [key = ""] = keys;
    await act(table, { action: "retire", ids: [1] });
    expect((await table.send({ key, method: "DELETE", path: "/key" })).status).toBe(200);
    expect((await table.send({ key, path: "/key", body: "" })).status).toBe(404);
    expect((await table.send({ key })).headers.has("x-pool-contributed")).toBe(false);
    expect(await requireStoredKey(key)).toMatchObject({ status: "withdrawn", ciphertext: null, reason: "operator" });
  });

  it("retired and restored in one isolate, a key has its turns again", async () => {
    const { table, keys } = await withKeys(2);
    await act(table, { action: "retire", ids: [1] });
    expect(await act(table, { action: "restore", ids: [1] })).toMatchObject({ done: 1 });
    table.served();
    for (let at = 0; at < 3; at++) await table.send({ key: keys[1] ?? "" });
    expect(table.served()).toContain(keys[0]);
  });

  it("cools keys for all models and as long as asked", async () => {
    const { table, keys, ids } = await withKeys(2);
    await act(table, { action: "cool", ids: [ids[0]], forMs: 120_000 });
    for (let at = 0; at < 3; at++) await table.send({ key: keys[1] ?? "" });
    expect(table.served()).not.toContain(keys[0]);
    table.advance(181_000);
    await table.send({ key: keys[1] ?? "" });
    for (let at = 0; at < 3; at++) await table.send({ key: keys[1] ?? "" });
    expect(table.served()).toContain(keys[0]);
  });

  it("cooled for a day here and restored in another isolate, a key has its turns here again", async () => {
    const { table, keys, ids } = await withKeys(2);
    const elsewhere = table.isolate();
    await act(table, { action: "cool", ids: [ids[0]], forMs: 86_400_000 });
    const body = { action: "restore", ids: [ids[0]] };
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    expect((await elsewhere({ path: "/api/admin/keys/actions", body, headers })).status).toBe(200);
    table.served();
    table.advance(120_000);
    for (let at = 0; at < 4; at++) await table.send({ key: keys[1] ?? "" });
    expect(table.served()).toContain(keys[0]);
  });

  it("restores keys with all their marks wiped, and hands them out at once", async () => {
    const { table, keys } = await withKeys(2);
    const [back = "", other = ""] = keys;
    await env.DB.batch([
      env.DB.prepare(
        "update keys set status = 'retired', reason = 'API_KEY_INVALID', words = 'x', strikes = 1, rest_step = 3, recheck_at = 5 where id = 1",
      ),
      env.DB.prepare("insert into coolings (key_id, model, until, kind) values (1, ?, ?, 'quota_day')").bind(
        MODEL,
        Date.UTC(2027, 0),
      ),
      env.DB.prepare("insert into stretches (model, from_id, to_id, until) values (?, 1, 1, ?)").bind(
        MODEL,
        Date.UTC(2027, 0),
      ),
    ]);
    expect(await act(table, { action: "restore", ids: [1] })).toMatchObject({ done: 1 });
    expect(await requireStoredKey(back)).toMatchObject({ status: "active", reason: null, strikes: 0, rest_step: 0 });
    expect(await storedCoolings()).toEqual([]);
    for (let at = 0; at < 2; at++) await table.send({ key: other });
    expect(table.served()).toContain(back);
  });

  it("nobody but its owner brings a withdrawn key back: no restore, no delete, no import", async () => {
    const { table, keys, ids } = await withKeys(2);
    const [gone = ""] = keys;
    await table.send({ key: gone, method: "DELETE", path: "/key" });
    for (const action of ["restore", "delete", "retire", "cool", "verify"]) {
      expect(await act(table, { action, ids: [ids[0]] })).toMatchObject({ done: 0, failed: 0, skipped: 1 });
      expect(await act(table, { action, filter: { status: "withdrawn" } })).toMatchObject({ done: 0, total: 1 });
    }
    expect(await table.post("/keys/import", { text: gone })).toMatchObject({ new: 0, withdrawn: 1 });
    expect(await requireStoredKey(gone)).toMatchObject({ status: "withdrawn", ciphertext: null });
  });

  it("deletes keys so that nothing of them is left but an empty row, and lets them join anew", async () => {
    const { table, keys } = await withKeys(2);
    const [gone = "", other = ""] = keys;
    const before = await requireStoredKey(gone);
    await table.call("PATCH", "/keys/1", { note: "a note" });
    await env.DB.batch([
      env.DB.prepare(
        "insert into coolings (key_id, model, until, kind) values (1, 'm', 9e12, 'busy'), (2, 'm', 9e12, 'busy')",
      ),
      env.DB.prepare("insert or replace into key_models (key_id, model, last_at) values (1, 'm', 1), (2, 'm', 1)"),
      env.DB.prepare(
        "insert into token_resources (token_id, resource, key_id, created_at) values (1, 'files/a', 1, 1), (1, 'files/b', 2, 1)",
      ),
      env.DB.prepare(
        "insert into tokens (hash, name, last_four, created_at, home_key_id) values ('h', 'n', 'abcd', 1, 1)",
      ),
    ]);
    expect(await act(table, { action: "delete", ids: [1] })).toMatchObject({ done: 1 });

    const { results } = await env.DB.prepare("select * from keys where id = 1").all();
    expect(results[0]).toMatchObject({
      status: "deleted",
      fingerprint: "deleted-1",
      ciphertext: null,
      last_four: "",
      note: null,
    });
    expect(JSON.stringify(results)).not.toContain(before.fingerprint);
    for (const name of ["coolings", "key_models", "token_resources"]) {
      const left = await env.DB.prepare(`select count(*) as n from ${name} where key_id = 1`).first("n");
      const others = await env.DB.prepare(`select count(*) as n from ${name} where key_id = 2`).first<number>("n");
      expect([name, left]).toEqual([name, 0]);
      expect(others).toBeGreaterThan(0);
    }
    expect(await env.DB.prepare("select home_key_id from tokens").first("home_key_id")).toBeNull();
    expect((await table.call("GET", "/keys/1")).status).toBe(404);
    expect(await table.get<Page>("/keys")).toMatchObject({ total: 1 });
    for (let at = 0; at < 3; at++) await table.send({ key: other });
    expect(table.served()).not.toContain(gone);
    for (const action of ["restore", "retire", "cool", "verify", "delete"]) {
      expect(await act(table, { action, ids: [1] })).toMatchObject({ done: 0, skipped: 1 });
    }

    expect((await table.send({ key: gone })).headers.get("x-pool-contributed")).toBe("yes");
    expect((await requireStoredKey(gone)).id).toBe(3);
    await env.DB.batch([
      env.DB.prepare("delete from tokens"),
      env.DB.prepare("delete from token_resources"),
      env.DB.prepare("delete from key_models"),
    ]);
  });

  it("verifies keys with the consequences of any answer, and says what it found for each", async () => {
    const { table, keys } = await withKeys(5);
    const [works = "", dead = "", spent = "", comesBack = "", stays = ""] = keys;
    await env.DB.prepare("update keys set status = 'retired', reason = 'CONSUMER_SUSPENDED' where id = 4").run();
    await act(table, { action: "retire", ids: [5] });
    table.google.script(dead, { kind: "error", fixture: "key-expired" });
    table.google.script(spent, { kind: "error", fixture: "quota-day" });
    const report = await act(table, { action: "verify", filter: {} });
    expect(report).toMatchObject({ done: 3, failed: 2, skipped: 0, total: 5 });
    expect(report.results).toEqual([
      { id: 1, finding: "works" },
      { id: 2, finding: "invalid" },
      { id: 3, finding: "out_of_quota" },
      { id: 4, finding: "works" },
      { id: 5, finding: "works" },
    ]);
    expect(await requireStoredKey(works)).toMatchObject({ status: "active" });
    expect(await requireStoredKey(dead)).toMatchObject({ status: "retired", reason: "API_KEY_INVALID" });
    expect(await storedCoolings()).toMatchObject([{ key_id: 3, kind: "quota_day" }]);
    expect(await requireStoredKey(comesBack)).toMatchObject({ status: "active" });
    expect(await requireStoredKey(stays)).toMatchObject({ status: "retired", reason: "operator" });
  });

  it("asks Google about no more than 40 keys a call", async () => {
    const { table } = await withKeys(43);
    table.served();
    const first = await act(table, { action: "verify", filter: {}, limit: 500 });
    expect(first).toMatchObject({ done: 40, total: 43 });
    expect(table.served()).toHaveLength(40);
    expect(await act(table, { action: "verify", filter: {}, after: first.next })).toMatchObject({
      done: 3,
      next: null,
      total: 43,
    });
  });

  it("of 40 dead keys makes few trips to D1", async () => {
    const d1 = new FaultyD1();
    const table = layOperatorTable({ DB: d1.binding });
    const keys = newKeys(40);
    await table.contribute(...keys);
    for (const key of keys) table.google.script(key, { kind: "error", fixture: "key-expired" });
    d1.takeTrips();
    expect(await act(table, { action: "verify", filter: {} })).toMatchObject({ failed: 40, next: null });
    const trips = d1.takeTrips();
    expect(trips.length).toBeLessThan(10);
    expect(await storedTotals()).toMatchObject({ active: 0, retired: 40 });
  });

  it("goes through a whole filter in steps, past what was done already", async () => {
    await seedKeys(25);
    const table = layOperatorTable();
    let after: string | null | undefined;
    const steps: ActionReport[] = [];
    do {
      const step = await act(table, {
        action: "retire",
        filter: { status: "active" },
        limit: 10,
        ...(after ? { after } : {}),
      });
      steps.push(step);
      after = step.next;
    } while (after !== null);
    expect(steps.map(({ done, total }) => [done, total])).toEqual([
      [10, 25],
      [10, 25],
      [5, 25],
    ]);
    expect(await act(table, { action: "retire", filter: { status: "active" } })).toMatchObject({
      done: 0,
      total: 0,
      next: null,
    });
  });

  it("begins without doing anything, and may repeat any step behind that", async () => {
    await seedKeys(25);
    const table = layOperatorTable();
    const work = { action: "delete", filter: {} };
    const { next: after, ...begun } = await act(table, { ...work, limit: 0 });
    expect(begun).toMatchObject({ done: 0, failed: 0, skipped: 0, total: 25 });
    expect(await storedTotals()).toMatchObject({ active: 25 });
    // Its answer is lost: the client sends it again, and by then others have joined.
    await act(table, { ...work, limit: 10, after });
    const late = newKey();
    await table.contribute(late);
    let done = 0;
    for (let next: string | null = after; next !== null;) {
      const step = await act(table, { ...work, limit: 10, after: next });
      expect(step.total).toBe(25);
      done += step.done;
      next = step.next;
    }
    expect(done).toBe(15);
    expect(await storedTotals()).toMatchObject({ active: 1 });
    expect(await requireStoredKey(late)).toMatchObject({ status: "active" });
  });

  it("a beginning of nothing is the end", async () => {
    const table = layOperatorTable();
    for (const action of ["verify", "retire"]) {
      expect(await act(table, { action, filter: {}, limit: 0 })).toMatchObject({ done: 0, total: 0, next: null });
    }
    expect(table.google.calls).toEqual([]);
  });

  it.each([
    [{ action: "explode", ids: [1] }, "action"],
    [{ action: "retire" }, "ids or filter"],
    [{ action: "retire", ids: [1], filter: {} }, "ids or filter"],
    [{ action: "retire", ids: [] }, "ids"],
    [{ action: "retire", ids: Array.from({ length: 501 }, (_one, at) => at + 1) }, "ids"],
    [{ action: "retire", ids: ["1"] }, "ids.0"],
    [{ action: "retire", ids: [1.5] }, "ids.0"],
    [{ action: "retire", ids: [-1] }, "ids.0"],
    [{ action: "retire", filter: { status: "all" } }, "filter.status"],
    [{ action: "retire", filter: { where: "1" } }, "filter.where"],
    [{ action: "retire", filter: {}, limit: -5 }, "limit"],
    [{ action: "retire", filter: {}, limit: 501 }, "limit"],
    [{ action: "retire", filter: {}, after: "1" }, "after"],
    [{ action: "cool", ids: [1], forMs: 1 }, "forMs"],
    [{ action: "cool", ids: [1], forMs: 1e15 }, "forMs"],
    [{ action: "retire", ids: [1], forMs: 60_000 }, "forMs"],
    [{ action: "retire", ids: [1], reason: "x" }, "reason"],
    ["text", "body"],
    [[], "action"],
    ["{", "body"],
  ])("%j is refused and nothing is done", async (body, name) => {
    await seedKeys(2);
    const called = await layOperatorTable().call("POST", "/keys/actions", body);
    expect(called.status).toBe(400);
    expect(messageOf(called)).toContain(name);
    expect(await storedTotals()).toMatchObject({ active: 2 });
  });

  it("a step of one work cannot go on as another", async () => {
    await seedKeys(5);
    const table = layOperatorTable();
    const { next: after } = await act(table, { action: "cool", filter: { status: "active" }, limit: 2 });
    for (const other of [
      { action: "delete", filter: { status: "active" } },
      { action: "cool", filter: {} },
      { action: "cool", ids: [1] },
    ]) {
      expect((await table.call("POST", "/keys/actions", { ...other, after })).status).toBe(400);
    }
  });
});
