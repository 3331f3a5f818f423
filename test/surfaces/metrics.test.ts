import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { toPrometheus } from "../../src/surfaces/prometheus.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { readExposition, type ReadMetric } from "../support/exposition.ts";
import { emptyPool, seedKeys } from "../support/pool-rows.ts";
import { emptyRecords } from "../support/records-table.ts";
import { layTable, MODEL, newKey, newKeys, type Table } from "../support/table.ts";

const ADMIN_TOKEN = "the-operators-token-for-metrics";
const OPERATOR = { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } };

beforeEach(async () => {
  await emptyPool();
  await emptyRecords();
});

const scrape = (send: Table["send"], path = "/metrics") => send({ path, method: "GET", ...OPERATOR });

async function read(send: Table["send"]): Promise<Map<string, ReadMetric>> {
  const response = await scrape(send);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return readExposition(await response.text());
}

const valueOf = (metrics: Map<string, ReadMetric>, metric: string, labels: Record<string, string>) =>
  metrics
    .get(metric)
    ?.samples.find((sample) => Object.entries(labels).every(([name, value]) => sample.labels[name] === value))?.value;

describe("GET /metrics", () => {
  it("is in Prometheus' format, before and after the first request", async () => {
    const table = layTable({ ADMIN_TOKEN });
    const empty = await read(table.send);
    expect([...empty].map(([name, { type, samples }]) => [name, type, samples.length])).toEqual([
      ["potluck_requests_total", "counter", 0],
      ["potluck_retries_total", "counter", 0],
      ["potluck_request_duration_seconds", "histogram", 0],
      ["potluck_keys", "gauge", 3],
    ]);
    const [caller = "", dead = "", other = ""] = newKeys(3);
    await table.contribute(dead, other, caller);
    table.google.script(dead, { kind: "error", fixture: "key-expired" });
    for (let at = 0; at < 3; at++) expect((await table.send({ key: caller })).status).toBe(200);
    const byPool = table.served().filter((key) => key === other).length;
    expect(byPool).toBeGreaterThan(0);
    await table.send({ key: caller, headers: { "x-pool-mode": "nonsense" } });
    await table.send({ key: newKey() });
    table.advance(5000);
    const metrics = await read(table.send);
    const requests = (outcome: string) => valueOf(metrics, "potluck_requests_total", { model: MODEL, outcome });
    expect([requests("own"), requests("pool"), requests("failed")]).toEqual([6 - byPool, byPool, 0]);
    expect(requests("caller_fault")).toBe(2);
    expect(valueOf(metrics, "potluck_retries_total", { model: MODEL })).toBe(1);
    expect(valueOf(metrics, "potluck_request_duration_seconds", { model: MODEL, le: "0.5" })).toBe(8);
    expect(valueOf(metrics, "potluck_keys", { state: "active" })).toBe(2);
    expect(valueOf(metrics, "potluck_keys", { state: "retired" })).toBe(1);
  });

  it("never goes back, whichever isolate answers", async () => {
    const table = layTable({ ADMIN_TOKEN });
    const isolates = [table.isolate(), table.isolate(), table.send];
    await table.contribute(newKey());
    let last = 0;
    for (let at = 0; at < 9; at++) {
      await table.send({ key: newKey() });
      const metrics = await read(isolates[at % 3] ?? table.send);
      const count = valueOf(metrics, "potluck_request_duration_seconds", { model: MODEL, le: "+Inf" }) ?? 0;
      expect(count).toBe(last === 0 ? 2 : last + 1);
      last = count;
    }
  });

  it("tells neither keys nor what belongs to them", async () => {
    const table = layTable({ ADMIN_TOKEN });
    const keys = newKeys(3);
    await table.contribute(...keys);
    await table.send({ key: keys[0] ?? "", path: "/v1beta/models/AIzaSyKeyWhereAModelShouldBe:generateContent" });
    for (const path of ["/metrics", "/rotation-status"]) {
      const text = await (await scrape(table.send, path)).text();
      expect(text).not.toMatch(/AIza/);
      for (const key of keys) expect(text).not.toContain(key.slice(-4));
    }
  });

  it.each(["/metrics", "/rotation-status"])("is for the operator alone: %s", async (path) => {
    const table = layTable({ ADMIN_TOKEN });
    for (const headers of [{}, { authorization: "Bearer wrong" }, { "x-goog-api-key": ADMIN_TOKEN }]) {
      const response = await table.send({ path, method: "GET", headers });
      expect(response.status).toBe(401);
      expect(await response.text()).not.toContain("potluck_");
    }
    const preflight = await table.send({ path, method: "OPTIONS" });
    expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
    expect((await layTable().send({ path, method: "GET", ...OPERATOR })).status).toBe(404);
    expect((await scrape(table.send, path)).headers.get("cache-control")).toBe("no-store");
  });

  it.each(["/metrics", "/rotation-status"])("says so when D1 does not answer: %s", async (path) => {
    const d1 = new FaultyD1();
    const table = layTable({ ADMIN_TOKEN, DB: d1.binding });
    d1.only = /activity|totals|cursors/;
    d1.mood = "fails";
    const response = await scrape(table.send, path);
    expect(response.status).toBe(503);
    expect(await response.text()).not.toMatch(/D1_ERROR|simulated/);
  });
});

describe("Prometheus' format", () => {
  it("escapes what a label or a help text may hold", () => {
    const hostile = 'a\\b"c\nd{e="f"} 1\n# TYPE x counter';
    const text = toPrometheus([
      { name: "x_total", help: hostile, type: "counter", samples: [{ labels: { model: hostile }, value: 1 }] },
    ]);
    expect(readExposition(text)).toEqual(
      new Map([
        [
          "x_total",
          { type: "counter", help: hostile, samples: [{ name: "x_total", labels: { model: hostile }, value: 1 }] },
        ],
      ]),
    );
  });

  it.each([
    "potluck 1\n",
    '# HELP x y\n# TYPE x counter\nx{a="b} 1\n',
    "# HELP x y\n# TYPE x counter\nx{} one\n",
    "# HELP x y\n# TYPE x counter\nx 1",
    "# HELP x y\n# TYPE x counter\nx 1\nx 2\n",
    '# HELP x y\n# TYPE x histogram\nx_bucket{le="1"} 2\nx_bucket{le="+Inf"} 1\nx_sum 1\nx_count 1\n',
  ])("is refused by the tests' reader where it is broken: %j", (text) => {
    expect(() => readExposition(text)).toThrow(/./);
  });
});

describe("GET /rotation-status", () => {
  it("tells where each cursor stands and which keys of the ring are ready", async () => {
    const table = layTable({ ADMIN_TOKEN, LEASE_MAX: "1", LEASE_TTL_MS: "0" });
    const keys = newKeys(5);
    await table.contribute(...keys);
    const [member = "", , exhausted = "", dead = ""] = keys;
    await env.DB.prepare("update keys set resting_until = ? where id = 5")
      .bind(Date.UTC(2027, 0, 1))
      .run();
    table.google.script(exhausted, { kind: "error", fixture: "quota-day" });
    table.google.script(dead, { kind: "error", fixture: "key-leaked" });
    await env.DB.prepare("update cursors set position = 0").run();
    for (let turn = 0; turn < 3; turn++) expect((await table.send({ key: member })).status).toBe(200);
    expect(table.served()).toEqual([keys[0], keys[1], exhausted, dead, keys[0]]);
    const status = await (await scrape(table.send, "/rotation-status")).json<Record<string, unknown>>();
    expect(status).toMatchObject({
      keys: { active: 4, retired: 1, withdrawn: 0, resting: 1 },
      ring: { size: 3, states: ["ready", "ready", "cooling"] },
      cursors: [
        // The first turn was taken off the shared cursor: Google had not served the model yet.
        { model: "*", index: 0, blockedUntil: null },
        { model: MODEL, index: 0, blockedUntil: null },
      ],
    });
  });

  it("tells a thousand keys one by one, and how many there are", async () => {
    await seedKeys(2500);
    await openCursorAt(MODEL, 2000);
    await openCursorAt("gemini-2.5-pro", 7);
    await openCursorAt("gemini-3-pro", 2000);
    const d1 = new FaultyD1();
    const table = layTable({ ADMIN_TOKEN, DB: d1.binding });
    const read = async () => (await scrape(table.send, "/rotation-status")).json<Status>();
    const { ring, cursors } = await read();
    expect(ring.size).toBe(2500);
    expect(ring.states).toHaveLength(1000);
    expect(cursors.map(({ model, index }) => [model, index])).toEqual([
      ["*", null],
      ["gemini-2.5-pro", 6],
      [MODEL, 1999],
      ["gemini-3-pro", 1999],
    ]);
    const cost = d1.takeTrips().reduce((sum, { rowsRead }) => sum + rowsRead, 0);
    expect(cost).toBeLessThan(1000 * 3 + 2500);
    await read();
    expect(d1.takeTrips().filter(({ sql }) => sql.some((text) => text.includes("lag(")))).toEqual([]);
  });
});

interface Status {
  ring: { size: number; states: string[] };
  cursors: { model: string; index: number | null }[];
}

async function openCursorAt(model: string, position: number): Promise<void> {
  await env.DB.prepare("insert into cursors (model, position) values (?, ?)").bind(model, position).run();
}
