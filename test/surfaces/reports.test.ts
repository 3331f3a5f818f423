import { beforeEach, describe, expect, it } from "vitest";
import { FaultyD1, type Trip } from "../support/faulty-d1.ts";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, newKey, newKeys, type Table } from "../support/table.ts";

beforeEach(emptyPool);

const get = (table: Table, path: string, key?: string) =>
  table.send({ path, method: "GET", ...(key === undefined ? {} : { key }) });

describe("GET /keycount", () => {
  it("tells how many keys are active, for anybody and for a short while", async () => {
    const table = layTable();
    const keys = newKeys(3);
    await table.contribute(...keys);
    const response = await get(table, "/keycount");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ keyCount: 3, message: "success" });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    const maxAge = /max-age=(\d+)/.exec(response.headers.get("cache-control") ?? "")?.[1];
    expect(Number(maxAge)).toBeLessThanOrEqual(60);
  });

  it("of an empty pool is 0", async () => {
    expect(await (await get(layTable(), "/keycount")).json()).toEqual({ keyCount: 0, message: "success" });
  });

  it("follows admissions, retirements and withdrawals within five seconds", async () => {
    const table = layTable();
    const count = async () => {
      table.advance(5000);
      return (await (await get(table, "/keycount")).json<{ keyCount: number }>()).keyCount;
    };
    const [first = "", second = "", third = ""] = newKeys(3);
    await table.contribute(first, second);
    expect(await count()).toBe(2);
    await table.contribute(third);
    expect(await count()).toBe(3);
    table.google.script(first, { kind: "error", fixture: "key-suspended" });
    for (let at = 0; at < 3; at++) await table.send({ key: second });
    expect(await count()).toBe(2);
    await table.send({ key: third, path: "/key", method: "DELETE" });
    expect(await count()).toBe(1);
  });

  it("asked again and again costs D1 one row every few seconds", async () => {
    const d1 = new FaultyD1();
    const table = layTable({ DB: d1.binding });
    d1.takeTrips();
    for (let at = 0; at < 20; at++) await get(table, "/keycount");
    const settings = ({ sql }: Trip) => sql.some((text) => text.includes("settings_overrides"));
    expect(d1.takeTrips().filter((trip) => !settings(trip))).toHaveLength(1);
  });
});

describe("GET /badge", () => {
  it.each([
    [0, "lightgrey"],
    [2, "yellow"],
    [10, "brightgreen"],
  ])("of %i keys is shields.io's endpoint schema, in %s", async (count, color) => {
    const table = layTable();
    await table.contribute(...newKeys(count));
    const badge = await (await get(table, "/badge")).json<Record<string, unknown>>();
    expect(badge).toEqual({
      schemaVersion: 1,
      label: expect.any(String),
      message: String(count),
      color,
      cacheSeconds: expect.any(Number),
    });
  });
});

describe("GET /health", () => {
  it("is 200 while the pool can be used", async () => {
    const table = layTable();
    await table.contribute(newKey());
    const response = await get(table, "/health");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok", database: "ok", keyCount: 1 });
  });
});

describe("while D1 does not answer", () => {
  it.each(["fails", "hangs"] as const)("(it %s) every report says so clearly", async (mood) => {
    const d1 = new FaultyD1();
    d1.mood = mood;
    const key = newKey();
    for (const path of ["/keycount", "/badge", "/health", "/key"]) {
      const table = layTable({ DB: d1.binding, D1_TIMEOUT_MS: "20" });
      const response = await get(table, path, key);
      expect(response.status).toBe(503);
      const text = await response.text();
      expect(text).toMatch(/UNAVAILABLE|unavailable/);
      expect(text).not.toMatch(/D1_ERROR|simulated|select/i);
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(response.headers.get("cache-control")).toBe("no-store");
    }
  });

  it("a withdrawal is not claimed to have happened", async () => {
    const d1 = new FaultyD1();
    const table = layTable({ DB: d1.binding });
    const key = newKey();
    await table.contribute(key);
    d1.mood = "fails";
    for (const method of ["DELETE", "POST"]) {
      const response = await table.send({ key, path: "/key", method, ...(method === "POST" ? { body: "" } : {}) });
      expect(response.status).toBe(503);
    }
    d1.mood = "works";
    table.advance(5000);
    expect(await (await get(table, "/key", key)).json()).toMatchObject({ status: "active" });
  });
});

describe("GET /", () => {
  it("tells a person what they have found, and under which address", async () => {
    const response = await get(layTable(), "/");
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toContain("https://potluck.example/v1");
    expect(text).toContain("another contributor's Google project");
  });
});
