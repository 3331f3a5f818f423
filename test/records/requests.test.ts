import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { googleFixtures } from "../support/google-fixtures.ts";
import { emptyPool, storedKey } from "../support/pool-rows.ts";
import { emptyRecords, storedActivity, storedFailures } from "../support/records-table.ts";
import { soon } from "../support/soon.ts";
import { layTable, MODEL, newKey, newKeys } from "../support/table.ts";
import { issueToken } from "../support/tokens.ts";

beforeEach(async () => {
  await emptyPool();
  await emptyRecords();
});

/** Every row of the tables that records and pages read, as text. */
async function everythingWritten(): Promise<string> {
  const tables = ["activity", "failures", "key_counts", "key_models", "keys", "coolings", "cursors"];
  const results = await env.DB.batch(tables.map((table) => env.DB.prepare(`select * from ${table}`)));
  return JSON.stringify(results.map(({ results: rows }) => rows));
}

async function sums() {
  const rows = await storedActivity();
  const sum = (name: "requests" | "served" | "served_by_pool" | "caller_faults" | "retries") =>
    rows.reduce((all, row) => all + row[name], 0);
  return {
    requests: sum("requests"),
    served: sum("served"),
    byPool: sum("served_by_pool"),
    faults: sum("caller_faults"),
    retries: sum("retries"),
  };
}

describe("requests for the API", () => {
  it("are counted once each, with whose key served and how often was tried", async () => {
    const table = layTable();
    const [member = "", other = "", dead = ""] = newKeys(3);
    await table.contribute(dead, other, member);
    await emptyRecords();
    table.google.script(dead, { kind: "error", fixture: "key-leaked" });
    for (let turn = 0; turn < 4; turn++) expect((await table.send({ key: member })).status).toBe(200);
    const used = table.served();
    expect(used).toHaveLength(5);
    const byPool = used.filter((key) => key === other).length;
    expect(await sums()).toEqual({ requests: 4, served: 4, byPool, faults: 0, retries: 1 });
  });

  it("are counted and logged, too, where a percent sign in the path makes them go round by the pages", async () => {
    const table = layTable({ LOG_SAMPLE: "100" });
    const key = newKey();
    table.google.issue(key);
    await (await table.send({ key, path: "/files:regist%65r" })).body?.cancel();
    expect(table.google.calls).toHaveLength(1);
    expect((await sums()).requests).toBe(1);
    expect(table.log.filter(({ event }) => event === "request.answered")).toHaveLength(1);
    await (await table.send({ key, path: "/wp-log%69n.php" })).body?.cancel();
    expect((await sums()).requests).toBe(1);
  });

  it("of others than the API are not: pages, reports, preflights, what scanners look for", async () => {
    const table = layTable();
    for (const path of ["/", "/keycount", "/badge", "/health", "/key", "/wp-login.php", "/.env", "/metrics"]) {
      await (await table.send({ path, method: "GET", key: newKey() })).body?.cancel();
    }
    await table.send({ method: "OPTIONS" });
    expect(await storedActivity()).toEqual([]);
  });

  it("that fail through the caller are told from those that fail through us or Google", async () => {
    const table = layTable();
    const [member = "", bankrupt = ""] = newKeys(2);
    await table.contribute(member);
    await emptyRecords();
    const faults = [
      await table.send({}),
      await table.send({ key: newKey() }),
      await table.send({ key: member, headers: { "x-pool-mode": "nonsense" } }),
      await table.send({ key: member, path: "/v1beta/models/not-there:generateContent" }),
      await table.send({ key: member, method: "GET", path: "/v1beta/files/of-somebody-else" }),
    ];
    for (const { status } of faults) expect(status).toBeGreaterThanOrEqual(400);
    expect(await sums()).toMatchObject({ requests: 5, served: 0, faults: 5 });
    table.google.script(bankrupt, { kind: "error", fixture: "quota-minute" });
    table.google.script(member, { kind: "error", fixture: "overloaded" });
    const failures = [await table.send({ key: bankrupt }), await table.send({ key: member })];
    expect(failures.map(({ status }) => status)).toEqual([429, 503]);
    expect(await sums()).toMatchObject({ requests: 7, served: 0, faults: 5 });
  });

  it("of a token's bearer: what is nowhere is their fault, a dry pool is ours", async () => {
    const table = layTable();
    const key = newKey();
    await table.contribute(key);
    await emptyRecords();
    const { token } = await issueToken();
    const lost = await table.send({ key: token, path: "/v1beta/models/not-there:generateContent" });
    expect(lost.status).toBe(404);
    expect(await sums()).toMatchObject({ requests: 1, served: 0, faults: 1 });
    table.google.script(key, { kind: "error", fixture: "quota-day" });
    const dry = [await table.send({ key: token }), await table.send({ key: token })];
    expect(dry.map(({ status }) => status)).toEqual([429, 429]);
    expect(await sums()).toMatchObject({ requests: 3, served: 0, faults: 1 });
  });

  it("cannot fill the tables with models, verdicts or words of a caller's", async () => {
    const table = layTable();
    const member = newKey();
    await table.contribute(member);
    await emptyRecords();
    const names = ["nobodys-model", "AIzaSyNotAModelButAKey0000000000000000000", "<img src=x>", "'; drop table keys--"];
    for (const name of names) {
      await table.send({ key: member, path: `/v1beta/models/${encodeURIComponent(name)}:generateContent` });
      await table.send({ key: member, path: "/v1/chat/completions", body: { model: name, messages: [] } });
    }
    expect((await storedActivity()).map(({ model }) => model)).toEqual(["other"]);
    const written = await everythingWritten();
    expect(written).not.toMatch(/AIzaSyNot|img src|drop table/);
  });

  it("go on, and are counted later, while D1 fails", async () => {
    const d1 = new FaultyD1();
    const table = layTable({ DB: d1.binding, D1_TIMEOUT_MS: "50" });
    const member = newKey();
    await table.contribute(member);
    d1.only = /activity|failures/;
    d1.mood = "fails";
    for (let turn = 0; turn < 3; turn++) expect((await table.send({ key: member })).status).toBe(200);
    d1.mood = "works";
    expect((await table.send({ key: member })).status).toBe(200);
    await table.send({ key: member });
    expect((await sums()).requests).toBeGreaterThanOrEqual(5);
  });
});

describe("failed attempts", () => {
  it("are kept with key, model, verdict, status and Google's words, and the request goes on", async () => {
    const table = layTable();
    const [member = "", suspended = ""] = newKeys(2);
    await table.contribute(suspended, member);
    table.google.script(suspended, { kind: "error", fixture: "key-suspended" });
    while ((await storedKey(suspended))?.status === "active") await table.send({ key: member });
    expect(await storedFailures()).toMatchObject([
      {
        key_id: 1,
        model: MODEL,
        verdict: "key_dead",
        status: 403,
        message: "Permission denied: Consumer 'api_key:[redacted]' has been suspended.",
      },
    ]);
  });

  it("of keys that are not in the pool, or not used by it, name no key", async () => {
    const table = layTable();
    const member = newKey();
    await table.contribute(member);
    table.google.script(member, { kind: "error", fixture: "unavailable" });
    await table.send({ key: member, headers: { "x-pool-mode": "own" } });
    expect(await storedFailures()).toMatchObject([
      {
        key_id: null,
        model: MODEL,
        verdict: "upstream_down",
        status: 503,
        message: "The service is currently unavailable.",
      },
    ]);
    await emptyRecords();
    await table.send({ key: newKey() });
    expect(await storedFailures()).toMatchObject([
      { key_id: null, verdict: "key_dead", status: 400, message: "API key not valid. Please pass a valid API key." },
    ]);
  });

  it("never hold a prompt that Google repeats, nor a key, nor a project's number", async () => {
    const table = layTable();
    const [member = "", other = ""] = newKeys(2);
    await table.contribute(other, member);
    const prompt = "the pudding was poisoned by the butler";
    const fixtures = Object.keys(googleFixtures);
    for (const fixture of fixtures) {
      table.google.script(other, { kind: "error", fixture });
      table.google.script(member, { kind: "error", fixture });
      await (await table.send({ key: member, body: { contents: [{ parts: [{ text: prompt }] }] } })).body?.cancel();
      table.advance(3_600_000);
    }
    expect((await storedFailures()).length).toBeGreaterThan(50);
    const written = await everythingWritten();
    for (const secret of [prompt, "pudding", member, other, member.slice(4, 24), "100000000001"]) {
      expect(written).not.toContain(secret);
    }
  });

  it("that broke off because the caller hung up are none", async () => {
    const table = layTable();
    const member = newKey();
    await table.contribute(member);
    await emptyRecords();
    table.google.script(member, { kind: "hang" });
    const hangUp = new AbortController();
    const calls = table.google.callsBy(member).length;
    const answer = table.send({ key: member, signal: hangUp.signal });
    await soon(() => expect(table.google.callsBy(member)).toHaveLength(calls + 1));
    hangUp.abort();
    await (await answer).body?.cancel();
    expect(await storedFailures()).toEqual([]);
    expect(await sums()).toMatchObject({ requests: 1, served: 0, faults: 1 });
  });

  it("are told even where Google did not answer", async () => {
    const table = layTable();
    const member = newKey();
    await table.contribute(member);
    table.google.script(member, { kind: "reset" });
    await table.send({ key: member });
    expect((await storedFailures())[0]).toMatchObject({
      verdict: "upstream_down",
      status: null,
      message: "network",
      key_id: 1,
    });
  });
});

describe("a retirement", () => {
  it("leaves Google's words with the key, and when it is asked again; its owner's next use takes both away", async () => {
    const table = layTable();
    const [member = "", dead = ""] = newKeys(2);
    await table.contribute(dead, member);
    table.google.script(dead, { kind: "error", fixture: "key-suspended" });
    while ((await storedKey(dead))?.status === "active") await table.send({ key: member });
    const row = await storedKey(dead);
    expect(row).toMatchObject({
      words: "Permission denied: Consumer 'api_key:[redacted]' has been suspended.",
      rechecks: 0,
      recheck_at: (row?.status_changed_at ?? 0) + 3_600_000,
    });
    table.google.script(dead, { kind: "good" });
    await table.send({ key: dead });
    expect(await storedKey(dead)).toMatchObject({ status: "active", words: null, recheck_at: null });
  });

  it("on the second hit has the words of the second", async () => {
    const table = layTable();
    const [member = "", dead = ""] = newKeys(2);
    await table.contribute(dead, member);
    table.google.script(dead, { kind: "error", fixture: "auth-key-unusable-object" });
    for (let turn = 0; turn < 2; turn++) await table.send({ key: member });
    expect(await storedKey(dead)).toMatchObject({ status: "active", strikes: 1, words: null, recheck_at: null });
    table.advance(120_000);
    await env.DB.prepare("update keys set resting_until = null").run();
    for (let turn = 0; turn < 4; turn++) await table.send({ key: member });
    const row = await storedKey(dead);
    expect(row).toMatchObject({ status: "retired", recheck_at: (row?.status_changed_at ?? 0) + 3_600_000 });
    expect(row?.words).toMatch(/^Request had invalid authentication credentials/);
  });
});
