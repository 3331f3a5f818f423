import { beforeEach, describe, expect, it } from "vitest";
import { emptyPool, requireStoredKey } from "../support/pool-rows.ts";
import { layTable, MODEL, newKey, newKeys } from "../support/table.ts";

beforeEach(emptyPool);

const show = { path: "/key", method: "GET" };
const withdraw = { path: "/key", method: "DELETE" };
const rejoin = { path: "/key", method: "POST", body: "" };

describe("GET /key", () => {
  it("shows a contributor how their key stands", async () => {
    const table = layTable();
    const [key = "", other = ""] = newKeys(2);
    await table.contribute(key, other);
    for (let at = 0; at < 4; at++) await table.send({ key: other });
    const response = await table.send({ key, ...show });
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({
      status: "active",
      reason: null,
      endsWith: key.slice(-4),
      uses: 2,
      contributedAt: "2026-11-21T18:00:00.000Z",
      lastUsedAt: "2026-11-21T18:00:00.000Z",
      restingForSeconds: 0,
      coolings: [],
    });
  });

  it("shows what it is cooling for, and how long", async () => {
    const table = layTable();
    const [key = "", other = ""] = newKeys(2);
    await table.contribute(key, other);
    table.google.script(key, { kind: "error", fixture: "quota-day" });
    await table.send({ key: other });
    const shown = await (await table.send({ key, ...show })).json();
    expect(shown).toMatchObject({ coolings: [{ model: MODEL, kind: "quota_day", secondsLeft: 14 * 3600 }] });
  });

  it("shows why it was retired", async () => {
    const table = layTable();
    const [key = "", other = ""] = newKeys(2);
    await table.contribute(key, other);
    table.google.script(key, { kind: "error", fixture: "key-leaked" });
    await table.send({ key: other });
    expect(await (await table.send({ key, ...show })).json()).toMatchObject({
      status: "retired",
      reason: "reported_as_leaked",
    });
  });

  it("takes the key from any place where clients put it, but never from a path", async () => {
    const table = layTable();
    const key = newKey();
    await table.contribute(key);
    expect((await table.send({ ...show, headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
    expect((await table.send({ ...show, path: `/key?key=${key}` })).status).toBe(200);
    expect((await table.send({ ...show, path: `/key/${key}` })).status).not.toBe(200);
  });

  it("of a stranger is 404; without a key 403; of junk 400", async () => {
    const table = layTable();
    expect((await table.send({ key: newKey(), ...show })).status).toBe(404);
    expect((await table.send(show)).status).toBe(403);
    expect((await table.send({ key: "junk", ...show })).status).toBe(400);
    expect(table.google.calls).toEqual([]);
  });
});

describe("DELETE /key", () => {
  it("takes the key out at once, and erases what was stored of it", async () => {
    const table = layTable();
    const [key = "", other = ""] = newKeys(2);
    await table.contribute(key, other);
    const before = await requireStoredKey(key);
    const response = await table.send({ key, ...withdraw });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: "withdrawn" });
    expect(await requireStoredKey(key)).toMatchObject({ id: before.id, ciphertext: null, last_four: "" });
    table.served();
    for (let at = 0; at < 6; at++) await table.send({ key: other });
    expect(table.served()).not.toContain(key);
  });

  it("shows afterwards that nothing is left, not even how it ends", async () => {
    const table = layTable();
    const key = newKey();
    await table.contribute(key);
    await table.send({ key, ...withdraw });
    expect(await (await table.send({ key, ...show })).json()).toMatchObject({ status: "withdrawn", endsWith: null });
  });

  it("of a key that is not in the pool, or no longer, is 404", async () => {
    const table = layTable();
    const key = newKey();
    expect((await table.send({ key, ...withdraw })).status).toBe(404);
    await table.contribute(key);
    expect((await table.send({ key, ...withdraw })).status).toBe(200);
    expect((await table.send({ key, ...withdraw })).status).toBe(404);
  });
});

describe("POST /key", () => {
  it("lets a withdrawn key join again with its next success", async () => {
    const table = layTable();
    const [key = "", other = ""] = newKeys(2);
    await table.contribute(key, other);
    await table.send({ key, ...withdraw });
    const response = await table.send({ key, ...rejoin });
    expect(await response.json()).toMatchObject({ status: "rejoining" });
    expect((await table.send({ key })).headers.get("x-pool-contributed")).toBe("yes");
    table.served();
    for (let at = 0; at < 8; at++) await table.send({ key: other });
    expect(table.served()).toContain(key);
  });

  it("of a key that was not withdrawn is 404", async () => {
    const table = layTable();
    const key = newKey();
    await table.contribute(key);
    expect((await table.send({ key, ...rejoin })).status).toBe(404);
  });
});

describe("x-pool-mode", () => {
  it("own: a contributor's request stays on their own key", async () => {
    const table = layTable();
    const [other = "", key = ""] = newKeys(2);
    await table.contribute(other, key);
    for (let at = 0; at < 3; at++) await table.send({ key, headers: { "x-pool-mode": "own" } });
    expect(table.served()).toEqual([key, key, key]);
  });

  it("is refused if it is anything else: a misspelt wish for privacy must not send a prompt to a stranger", async () => {
    const table = layTable();
    for (const path of [`/v1beta/models/${MODEL}:generateContent`, "/v1/chat/completions"]) {
      const response = await table.send({ key: newKey(), path, headers: { "x-pool-mode": "Own " + "key" } });
      expect(response.status).toBe(400);
    }
    expect(table.google.calls).toEqual([]);
  });
});
