import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { googleFixtures } from "../support/google-fixtures.ts";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, MODEL, newKey, newKeys, type Sent, type Table } from "../support/table.ts";

beforeEach(emptyPool);

/** The address that the simulated Google believes it was called from. */
const EGRESS_IP = "203.0.113.7";

async function wordsOf(response: Response): Promise<string> {
  return `${JSON.stringify([...response.headers])} ${await response.text()}`;
}

/** The pool's one other key, which will carry the caller's request, and its project. */
async function seat(table: Table, fixture: string) {
  const [victim = "", caller = ""] = newKeys(2);
  const project = String(700_000_000_000 + Math.floor(Math.random() * 1e9));
  table.google.issue(victim, { project });
  await table.contribute(victim, caller);
  for (const key of [victim, caller]) table.google.script(key, { kind: "error", fixture });
  return { victim, caller, project };
}

const WAYS: [string, Sent][] = [
  ["the native API", {}],
  ["a native stream", { path: `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse` }],
  ["OpenAI's API", { path: "/v1/chat/completions", body: { model: MODEL, messages: [] } }],
];

describe.each(WAYS)("an error on %s shows nothing of the key that provoked it:", (_, sent) => {
  it.each(Object.keys(googleFixtures))("%s", async (fixture) => {
    const table = layTable();
    const { victim, caller, project } = await seat(table, fixture);
    const words = await wordsOf(await table.send({ key: caller, ...sent }));
    expect(table.google.callsBy(victim).length).toBeGreaterThan(1);
    expect(words).not.toContain(victim);
    expect(words).not.toContain(project);
    // Of the caller's own attempts Google's words are theirs to read, the address too.
    if (words.includes('"x-pool-served-by","pool"')) expect(words).not.toContain(EGRESS_IP);
  });
});

describe("an error of the request itself, which reaches the caller from another's key,", () => {
  /** A Google that tells all it knows. */
  function talkative(table: Table, body: (key: string) => string): typeof fetch {
    return async (input, init) => {
      const request = new Request(input, init);
      const key = request.headers.get("x-goog-api-key") ?? request.headers.get("authorization")?.slice(7) ?? "";
      await table.google.fetch(request.clone());
      const headers = { "content-type": "application/json", "www-authenticate": `Bearer key=${key}` };
      return new Response(body(key), { status: 400, headers });
    };
  }

  const bodies: [string, (key: string) => string][] = [
    ["whole", (key) => JSON.stringify({ error: { code: 400, status: "INVALID_ARGUMENT", message: `No ${key} here` } })],
    [
      "as an array",
      (key) => JSON.stringify([{ error: { code: 400, status: "INVALID_ARGUMENT", message: `?key=${key}` } }]),
    ],
    [
      "with all about its owner",
      (key) =>
        JSON.stringify({
          error: {
            code: 400,
            status: "INVALID_ARGUMENT",
            message: `Consumer 'api_key:${key}' of projects/700700700700, IP address: ${EGRESS_IP}`,
            details: [{ metadata: { consumer: "projects/700700700700", containerInfo: "700700700700" } }],
          },
        }),
    ],
    ["broken off", (key) => `{"error": {"code": 400, "message": "No ${key.slice(0, 30)}`],
    [
      "broken off after the key",
      (key) => `{"error": {"code": 400, "message": "No ${key}", "x": "projects/700700700700`,
    ],
  ];

  it.each(WAYS.flatMap(([way, sent]) => bodies.map(([name, body]) => [`${name}, on ${way}`, sent, body] as const)))(
    "is redacted: %s",
    async (_, sent, body) => {
      const table = layTable();
      const [victim = "", caller = ""] = newKeys(2);
      await table.contribute(victim, caller);
      const elsewhere = layTable({}, { fetch: talkative(table, body) });
      const response = await elsewhere.send({ key: caller, ...sent });
      expect(table.served()).toEqual([victim]);
      expect(response.status).toBe(400);
      expect(response.headers.get("x-pool-served-by")).toBe("pool");
      const words = await wordsOf(response);
      expect(words).not.toContain(victim);
      expect(words).not.toContain(victim.slice(0, 20));
      expect(words).not.toContain("700700700700");
      expect(words).not.toContain(EGRESS_IP);
    },
  );
});

describe("a success", () => {
  it("names neither the key nor the project that served it", async () => {
    const table = layTable();
    const [victim = "", caller = ""] = newKeys(2);
    const project = table.google.issue(victim, { project: "777000777000" });
    await table.contribute(victim, caller);
    const response = await table.send({ key: caller });
    expect(table.served()).toEqual([victim]);
    const words = await wordsOf(response);
    expect(words).not.toContain(victim);
    expect(words).not.toContain(victim.slice(-4));
    expect(words).not.toContain(project);
  });

  it("brings no cookie and no server name of Google's", async () => {
    const table = layTable(
      {},
      { fetch: async () => Response.json({}, { headers: { "set-cookie": "NID=1", "alt-svc": "h3", server: "ESF" } }) },
    );
    const response = await table.send({ key: newKey() });
    for (const name of ["set-cookie", "alt-svc", "server"]) expect(response.headers.has(name)).toBe(false);
  });
});

describe("a contributed key", () => {
  it("lies nowhere in the database, not even a part of it beyond its last four", async () => {
    const table = layTable();
    const keys = newKeys(3);
    await table.contribute(...keys);
    for (const key of keys) await table.send({ key });
    const { results: tables } = await env.DB.prepare(
      "select name from sqlite_master where type = 'table' and name not like '\\_cf%' escape '\\'",
    ).all<{ name: string }>();
    expect(tables.map(({ name }) => name)).toContain("keys");
    const dumps = await Promise.all(tables.map(({ name }) => env.DB.prepare(`select * from "${name}"`).all()));
    const dump = JSON.stringify(dumps.map(({ results }) => results));
    for (const key of keys) {
      expect(dump).toContain(key.slice(-4));
      expect(dump).not.toContain(key);
      expect(dump).not.toContain(key.slice(4, 20));
      expect(dump).not.toContain(btoa(key).slice(4, 30));
    }
  });

  it("stands in no line of the log, whatever goes wrong", async () => {
    const table = layTable();
    const [victim = "", caller = ""] = newKeys(2);
    await table.contribute(victim, caller);
    table.google.script(victim, { kind: "error", fixture: "key-suspended" });
    await table.send({ key: caller });
    await table.send({ key: caller, path: `/v1beta/models/x:generateContent?key=${caller}` });
    await table.send({ key: victim });
    expect(table.log.length).toBeGreaterThan(0);
    const log = JSON.stringify(table.log);
    for (const key of [victim, caller]) expect(log).not.toContain(key);
  });

  it("stands in no log line when D1 fails as it is admitted or looked up", async () => {
    const { FaultyD1 } = await import("../support/faulty-d1.ts");
    const d1 = new FaultyD1();
    const table = layTable({ DB: d1.binding });
    d1.mood = "fails";
    const key = newKey();
    table.google.issue(key);
    await table.send({ key });
    await table.send({ key, path: "/key", method: "GET" });
    await table.send({ key, path: "/key", method: "DELETE" });
    expect(table.log.length).toBeGreaterThan(1);
    expect(JSON.stringify(table.log)).not.toContain(key);
    expect(JSON.stringify(table.log)).not.toMatch(/[A-Za-z0-9_-]{43}/);
  });

  it("can be asked about by its owner only", async () => {
    const table = layTable();
    const [theirs = "", mine = ""] = newKeys(2);
    await table.contribute(theirs, mine);
    for (const path of ["/key", "/keycount", "/badge", "/health", "/"]) {
      const words = await wordsOf(await table.send({ key: mine, path, method: "GET" }));
      expect(words).not.toContain(theirs);
      expect(words).not.toContain(theirs.slice(-4));
    }
  });
});
