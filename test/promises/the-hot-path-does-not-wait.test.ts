import { env } from "cloudflare:workers";
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { createServices } from "../../src/services.ts";
import type { Bindings } from "../../src/settings.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, MODEL, newKeys, PROMPT, type Table } from "../support/table.ts";

beforeEach(emptyPool);

/** A table whose D1 answers nothing from the moment that a request is sent until it has reached Google. */
function gatedTable(vars: Partial<Bindings> = {}) {
  const d1 = new FaultyD1();
  let open: () => void = () => undefined;
  const table: Table = layTable(
    { DB: d1.binding, D1_TIMEOUT_MS: "1000", ...vars },
    {
      fetch: (input, init) => {
        open();
        d1.gate = undefined;
        return table.google.fetch(input, init);
      },
    },
  );
  const sendGated = (key: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    open = resolve;
    d1.gate = promise;
    return table.send({ key });
  };
  return { table, d1, sendGated };
}

/** Enough requests for an isolate to know that it is busy. */
async function warmUp(table: Table): Promise<string> {
  const keys = newKeys(40);
  await table.contribute(...keys);
  const [key = ""] = keys;
  for (let at = 0; at < 70; at++) await table.send({ key });
  table.served();
  table.log.length = 0;
  return key;
}

const gaveUpOnD1 = ({ event }: { event: string }) => /(?:lease|recognise)_failed$/.test(event);

describe("in steady state", () => {
  it("a request waits for no answer of D1's before it goes upstream", async () => {
    const { table, sendGated } = gatedTable();
    const key = await warmUp(table);
    for (let at = 0; at < 200; at++) expect((await sendGated(key)).status).toBe(200);
    expect(table.log.filter(gaveUpOnD1)).toEqual([]);
    expect(new Set(table.served()).size).toBe(40);
  });

  it("(whereas a first request does wait: the gate can tell)", async () => {
    const { table, sendGated } = gatedTable({ D1_TIMEOUT_MS: "20" });
    const [key = ""] = newKeys(1);
    table.google.issue(key);
    await sendGated(key);
    expect(table.log.filter(gaveUpOnD1)).not.toEqual([]);
  });

  it("a hundred requests cost D1 a handful of leases, whatever the pool's size", async () => {
    const { table, d1 } = gatedTable();
    const key = await warmUp(table);
    d1.takeTrips();
    for (let at = 0; at < 128; at++) await table.send({ key });
    const leases = d1.takeTrips().filter(({ sql }) => sql.some((text) => text.includes("insert into leases")));
    expect(leases.length).toBeGreaterThan(0);
    expect(leases.length).toBeLessThanOrEqual(6);
  });

  it("a request goes upstream while D1 hangs", async () => {
    const { table, d1 } = gatedTable();
    const key = await warmUp(table);
    d1.mood = "hangs";
    expect((await table.send({ key })).status).toBe(200);
    expect(table.log.filter(gaveUpOnD1)).toEqual([]);
    expect(table.served()).not.toEqual([key]);
  });
});

/** Fresh turns on the isolate's shelf: they are given up after 30 s. */
async function after(table: Table, ms: number, key: string): Promise<void> {
  table.advance(ms);
  for (let at = 0; at < 10; at++) await table.send({ key });
  table.served();
  table.log.length = 0;
}

describe("a caller who stays", () => {
  it("waits for no look-up, minute after minute", async () => {
    const { table, sendGated } = gatedTable();
    const key = await warmUp(table);
    for (let minute = 0; minute < 3; minute++) {
      await after(table, 40_000, key);
      table.advance(25_000);
      for (let at = 0; at < 3; at++) expect((await sendGated(key)).status).toBe(200);
      expect(table.log.filter(gaveUpOnD1)).toEqual([]);
      expect(new Set(table.served()).size).toBe(3);
    }
  });

  it("(whereas one who comes back after a minute does wait)", async () => {
    const { table, sendGated } = gatedTable({ D1_TIMEOUT_MS: "20" });
    const key = await warmUp(table);
    table.advance(65_000);
    await sendGated(key);
    expect(table.log.map(({ event }) => event)).toContain("pool.recognise_failed");
  });

  it("and was withdrawn elsewhere meanwhile is out within CONTRIBUTOR_TTL_MS", async () => {
    const { table } = gatedTable();
    const key = await warmUp(table);
    expect((await table.isolate()({ path: "/key", method: "DELETE", key })).status).toBe(200);
    for (let seconds = 0; seconds < 60; seconds += 10) {
      expect((await table.send({ key })).status).toBe(200);
      table.advance(10_000);
    }
    table.served();
    for (let at = 0; at < 5; at++) await table.send({ key });
    expect(table.served()).toEqual([key, key, key, key, key]);
  });

  it("notices nothing of a D1 that fails as they are asked about", async () => {
    const { table, d1, sendGated } = gatedTable({ CONTRIBUTOR_TTL_MS: "40000" });
    const key = await warmUp(table);
    await after(table, 31_000, key);
    table.advance(25_000);
    d1.mood = "fails";
    for (let at = 0; at < 5; at++) expect((await table.send({ key })).status).toBe(200);
    expect(new Set(table.served()).size).toBe(5);
    expect(table.log.filter(({ event }) => event === "pool.recognise_failed")).toHaveLength(1);
    d1.mood = "works";
    await after(table, 6000, key);
    table.advance(10_000);
    for (let at = 0; at < 5; at++) expect((await sendGated(key)).status).toBe(200);
    expect(new Set(table.served()).size).toBe(5);
    expect(table.log.filter(gaveUpOnD1)).toEqual([]);
  });
});

describe("the numbers", () => {
  it("240 requests in a row over 12 keys: each serves 20, give or take one", async () => {
    const table = layTable();
    const keys = newKeys(12);
    await table.contribute(...keys);
    for (let at = 0; at < 240; at++) {
      const response = await table.send({ key: keys[at % 12] ?? "" });
      expect(response.status).toBe(200);
    }
    const served = table.served();
    for (const key of keys) {
      const count = served.filter((other) => other === key).length;
      expect(count).toBeGreaterThanOrEqual(19);
      expect(count).toBeLessThanOrEqual(21);
    }
  });

  it("300 requests, 30 at a time, over 30 keys: every key serves, none twice as often as another", async () => {
    const table = layTable();
    const keys = newKeys(30);
    await table.contribute(...keys);
    for (let round = 0; round < 10; round++) {
      const responses = await Promise.all(keys.map((key) => table.send({ key })));
      for (const response of responses) expect(response.status).toBe(200);
    }
    const served = table.served();
    const counts = keys.map((key) => served.filter((other) => other === key).length);
    expect(served).toHaveLength(300);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThanOrEqual(2);
  });
});

it("what the Worker does in the background is handed to the runtime", async () => {
  const table = layTable();
  const [key = ""] = newKeys(1);
  await table.contribute(key);
  const services = createServices(
    { ...env, FLUSH_AFTER_MS: "0", EGRESS: "direct", FAIR_SHARE: undefined, NEW_KEYS: undefined },
    { fetch: table.google.fetch },
  );
  const context = createExecutionContext();
  const request = new Request(`https://potluck.example/v1beta/models/${MODEL}:generateContent`, {
    method: "POST",
    headers: { "x-goog-api-key": key, "content-type": "application/json" },
    body: JSON.stringify(PROMPT),
  });
  const response = await createApp(services).fetch(request, env, context);
  expect(response.status).toBe(200);
  await waitOnExecutionContext(context);
  const uses = await env.DB.prepare("select sum(uses) as uses from keys").first<number>("uses");
  expect(uses).toBeGreaterThan(0);
});
