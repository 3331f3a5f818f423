import { env } from "cloudflare:workers";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { DeskKey } from "../../src/pool/desk.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { ADMIN_TOKEN, layOperatorTable } from "../support/operator.ts";
import { emptyPool, requireStoredKey, seedKeys } from "../support/pool-rows.ts";
import { newKeys } from "../support/table.ts";

beforeEach(emptyPool);
afterAll(emptyPool, 60_000);

const HEADER =
  "id,lastFour,status,reason,words,origin,note,uses,errors,contributedAt,lastSeenAt,lastUsedAt,statusChangedAt,restingUntil,recheckAt,cooling";

describe("an export", () => {
  it("holds ids and states, never a key, a fingerprint or a ciphertext", async () => {
    const table = layOperatorTable();
    const keys = newKeys(3);
    await table.contribute(...keys);
    for (const format of ["json", "csv"]) {
      const { body, headers } = await table.call("GET", `/keys/export?format=${format}`);
      const text = typeof body === "string" ? body : JSON.stringify(body);
      expect(headers.get("content-disposition")).toBe(`attachment; filename="potluck-keys.${format}"`);
      for (const key of keys) {
        const row = await requireStoredKey(key);
        expect(text).toContain(key.slice(-4));
        for (const secret of [key.slice(4, -4), row.fingerprint, row.ciphertext]) expect(text).not.toContain(secret);
      }
    }
  });

  it("filters as the list does, by id, and an empty one is one too", async () => {
    await seedKeys(20);
    await env.DB.prepare("update keys set status = 'retired', reason = 'API_KEY_INVALID' where id % 4 = 0").run();
    const table = layOperatorTable();
    const { keys } = await table.get<{ keys: DeskKey[] }>("/keys/export?status=retired&reason=API_KEY_INVALID");
    expect(keys.map(({ id }) => id)).toEqual([4, 8, 12, 16, 20]);
    expect(await table.get("/keys/export?status=withdrawn")).toEqual({ keys: [] });
    expect((await table.call("GET", "/keys/export?status=withdrawn&format=csv")).body).toBe(`${HEADER}\r\n`);
    for (const query of ["format=xml", "limit=3", "status=deleted", "columns=ciphertext"]) {
      expect((await table.call("GET", `/keys/export?${query}`)).status).toBe(400);
    }
  });

  it("a cell that a spreadsheet would run is text, and one with commas, quotes or lines stays one cell", async () => {
    const notes = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", 'a "quoted", line\nand another', "plain"];
    await seedKeys(notes.length);
    for (const [at, note] of notes.entries()) {
      await env.DB.prepare("update keys set note = ?, words = ? where id = ?")
        .bind(note, note, at + 1)
        .run();
    }
    const { body } = await layOperatorTable().call("GET", "/keys/export?format=csv");
    const cells = notes.map((note) => (/^[=+\-@\t\r＝]/.test(note) ? `'${note}` : note));
    for (const cell of cells) {
      const written = /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
      expect(body).toContain(`,${written},contributed,${written},0,`);
    }
  });

  it("of 50,000 keys is read page by page, as the reader takes it, within the queries of one call", async () => {
    await seedKeys(50_000);
    const d1 = new FaultyD1();
    const table = layOperatorTable({ DB: d1.binding });
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    d1.takeTrips();
    const response = await table.send({ method: "GET", path: "/api/admin/keys/export?format=csv", headers });
    const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader();
    const pagesRead = () => d1.trips.filter(({ sql }) => sql.some((text) => text.includes("page.value"))).length;
    const decoder = new TextDecoder();
    let text = "";
    const take = async () => {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      text += decoder.decode(value, { stream: true });
      return !done;
    };
    await take();
    await take();
    expect(pagesRead()).toBeLessThan(4);
    while (await take());
    expect(text.split("\r\n")).toHaveLength(50_000 + 2);
    expect(pagesRead()).toBe(26);
    expect(d1.trips.length).toBeLessThan(40);
  }, 60_000);

  it("breaks off, rather than look complete, where D1 stops answering", async () => {
    await seedKeys(5000);
    const d1 = new FaultyD1();
    const table = layOperatorTable({ DB: d1.binding });
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const response = await table.send({ method: "GET", path: "/api/admin/keys/export?format=csv", headers });
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.read();
    d1.mood = "fails";
    await expect(async () => {
      for (let at = 0; at < 5; at++) await reader?.read();
    }).rejects.toThrow();
  });
});
