import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { ApiKey } from "../../src/api-key.ts";
import type { ImportReport } from "../../src/relay/desk-import.ts";
import { createServices } from "../../src/services.ts";
import { ADMIN_TOKEN, layOperatorTable, messageOf, type OperatorTable } from "../support/operator.ts";
import { emptyPool, requireStoredKey, storedKey, storedKeys } from "../support/pool-rows.ts";
import { newKey, newKeys } from "../support/table.ts";

beforeEach(emptyPool);

const importText = (table: OperatorTable, text: string, more: object = {}) =>
  table.post<ImportReport>("/keys/import", { text, ...more });

async function columnsOf(key: string) {
  const { id } = await requireStoredKey(key);
  return env.DB.prepare("select status, reason, origin, note, recheck_at, words from keys where id = ?")
    .bind(id)
    .first();
}

describe("an import", () => {
  it("takes in what Google serves, and says what became of each", async () => {
    const table = layOperatorTable();
    const [fresh = "", member = "", dead = "", spent = "", down = ""] = newKeys(5);
    await table.contribute(member);
    table.google.issue(fresh);
    table.google.script(spent, { kind: "error", fixture: "quota-day" });
    table.google.script(down, { kind: "error", fixture: "unavailable" });
    const text = `密钥：${fresh}，再来一次 ${fresh}\n"${member}";${dead}\n[${spent}]\n${down}`;
    expect(await importText(table, text, { note: "from Anna" })).toEqual({
      found: 5,
      duplicates: 1,
      new: 1,
      restored: 0,
      known: 1,
      withdrawn: 0,
      waiting: 2,
      rejected: [{ lastFour: dead.slice(-4), why: "API_KEY_INVALID" }],
      remaining: 0,
      after: null,
    });
    expect(await columnsOf(fresh)).toMatchObject({ status: "active", origin: "imported", note: "from Anna" });
    expect(await columnsOf(member)).toMatchObject({ status: "active", origin: "contributed", note: null });
    expect(await columnsOf(spent)).toMatchObject({ status: "retired", reason: "unproven", origin: "imported" });
    expect(await storedKey(dead)).toBeUndefined();
  });

  it("hands the new keys out at once", async () => {
    const table = layOperatorTable();
    const [member = "", fresh = ""] = newKeys(2);
    await table.contribute(member);
    table.google.issue(fresh);
    await table.send({ key: member });
    await importText(table, fresh);
    table.served();
    for (let at = 0; at < 4; at++) await table.send({ key: member });
    expect(table.served()).toContain(fresh);
  });

  it("asks again, when the time has come, about a key that was out of quota", async () => {
    const table = layOperatorTable();
    const key = newKey();
    table.google.script(key, [{ kind: "error", fixture: "quota-day" }, { kind: "good" }]);
    await importText(table, key);
    const { recheck_at: recheckAt } = (await columnsOf(key)) as { recheck_at: number };
    // Midnight in Los Angeles, 14 hours after the table was laid.
    expect(recheckAt).toBe(Date.UTC(2026, 10, 22, 8));
    expect(await table.post("/keys/actions", { action: "restore", ids: [1] })).toMatchObject({ done: 0, skipped: 1 });
    expect(await columnsOf(key)).toMatchObject({ status: "retired" });
    expect(await table.post("/keys/actions", { action: "verify", ids: [1] })).toMatchObject({ done: 1 });
    expect(await columnsOf(key)).toMatchObject({ status: "active", recheck_at: null });
  });

  it("a key that waited and turns out dead is asked no more", async () => {
    const table = layOperatorTable();
    const key = newKey();
    table.google.script(key, [
      { kind: "error", fixture: "quota-day" },
      { kind: "error", fixture: "key-suspended" },
    ]);
    await importText(table, key);
    expect(await table.post("/keys/actions", { action: "verify", ids: [1] })).toMatchObject({ failed: 1 });
    const row = await columnsOf(key);
    expect(row).toMatchObject({ status: "retired", reason: "CONSUMER_SUSPENDED", recheck_at: null });
    expect(row?.["words"]).toContain("suspended");
    expect(row?.["words"]).not.toContain(key);
  });

  it("brings a retired key back that proves itself, also one that the operator retired", async () => {
    const table = layOperatorTable();
    const keys = newKeys(3);
    await table.contribute(...keys);
    await env.DB.prepare(
      "update keys set status = 'retired', reason = 'API_KEY_INVALID', strikes = 1 where id < 3",
    ).run();
    await table.post("/keys/actions", { action: "retire", ids: [2] });
    expect(await importText(table, keys.join(" "))).toMatchObject({ new: 2, restored: 2, known: 1 });
    for (const key of keys) expect(await columnsOf(key)).toMatchObject({ status: "active", origin: "contributed" });
  });

  it("a retired key that cannot be asked keeps its reason, and is asked soon", async () => {
    const table = layOperatorTable();
    const key = newKey();
    await table.contribute(key);
    await env.DB.prepare("update keys set status = 'retired', reason = 'SERVICE_DISABLED', recheck_at = 9e12").run();
    table.google.script(key, { kind: "error", fixture: "busy" });
    expect(await importText(table, key)).toMatchObject({ waiting: 1 });
    const row = await columnsOf(key);
    expect(row).toMatchObject({ status: "retired", reason: "SERVICE_DISABLED" });
    expect(row?.["recheck_at"]).toBeLessThan(9e12);
  });

  it("goes on with the same text, 40 proofs a call, past what is known already", async () => {
    const table = layOperatorTable();
    const keys = newKeys(100);
    await table.contribute(...keys.slice(10, 20));
    for (const key of keys) table.google.issue(key);
    const text = keys.join("\n");
    const reports: ImportReport[] = [];
    for (let after: number | null = 0; after !== null;) {
      table.served();
      const report = await importText(table, text, { after });
      expect(table.served().length).toBeLessThanOrEqual(40);
      reports.push(report);
      after = report.after;
    }
    expect(reports.map((report) => [report.new, report.known, report.remaining])).toEqual([
      [40, 10, 50],
      [40, 0, 10],
      [10, 0, 0],
    ]);
    expect(await storedKeys()).toHaveLength(100);
    expect(await importText(table, text)).toMatchObject({ new: 0, known: 100, after: null });
  });

  it("no key's text comes back or is logged, whatever becomes of it", async () => {
    const table = layOperatorTable();
    const keys = newKeys(3);
    table.google.issue(keys[0] ?? "");
    table.google.script(keys[1] ?? "", { kind: "error", fixture: "key-suspended" });
    const { body } = await table.call("POST", "/keys/import", { text: keys.join(","), note: "n" });
    const told = JSON.stringify([body, table.log]);
    for (const key of keys) expect(told).not.toContain(key.slice(4, -4));
  });

  it("a key stands in the pool once while its secret is being replaced", async () => {
    const key = newKey();
    await layOperatorTable().contribute(key);
    const during = layOperatorTable({ POOL_SECRET_NEXT: "the-next-secret-of-the-tests-of-40-chars" });
    during.google.issue(key);
    expect(await importText(during, key)).toMatchObject({ known: 1, new: 0 });
    await env.DB.prepare("update keys set status = 'retired', reason = 'API_KEY_INVALID'").run();
    expect(await importText(during, key)).toMatchObject({ new: 1, restored: 1 });
    expect(await storedKeys()).toMatchObject([{ id: 1, status: "active" }]);
    expect((await during.send({ key })).headers.get("x-pool-contributed")).toBeNull();
  });

  it("the proof is a generation by VERIFY_MODEL, not a look at the list of models", async () => {
    const table = layOperatorTable();
    const key = newKey();
    table.google.issue(key);
    await importText(table, key);
    expect(table.google.calls.map(({ path }) => path)).toEqual([
      "/v1beta/models/gemini-2.5-flash-lite:generateContent",
    ]);
  });

  it.each([
    [{ text: 5 }, "text"],
    [{ text: "x", note: "x".repeat(501) }, "note"],
    [{ text: "x", after: -1 }, "after"],
    [{ text: "x", origin: "contributed" }, "origin"],
    [{}, "text"],
  ])("%j is refused", async (body, name) => {
    const called = await layOperatorTable().call("POST", "/keys/import", body);
    expect(called.status).toBe(400);
    expect(messageOf(called)).toContain(name);
  });

  it("nothing in the text is no error", async () => {
    expect(await importText(layOperatorTable(), "no keys here", { after: 99 })).toMatchObject({
      found: 0,
      after: null,
    });
  });
});

describe("between the look and the act", () => {
  it("a key that its owner withdraws while Google is asked stays out", async () => {
    const key = newKey();
    const table = layOperatorTable();
    await table.contribute(key);
    await env.DB.prepare("update keys set status = 'retired', reason = 'API_KEY_INVALID'").run();
    const { pool } = createServices({ ...env, ADMIN_TOKEN }, { log: () => undefined });
    const proof = { key: new ApiKey(key), verdict: { kind: "served" }, proved: true } as const;
    expect(await pool.imports.standings([proof.key])).toEqual(["retired"]);
    await table.send({ key, method: "DELETE", path: "/key" });
    await pool.imports.takeIn([proof], "n");
    await pool.imports.takeIn([{ ...proof, verdict: { kind: "quota_day" }, proved: false }], "n");
    await pool.desk.restoreProven([1]);
    expect(await requireStoredKey(key)).toMatchObject({ status: "withdrawn", ciphertext: null, last_four: "" });
    expect(await columnsOf(key)).toMatchObject({ note: null, recheck_at: null });
  });
});
