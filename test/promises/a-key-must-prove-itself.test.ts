import { beforeEach, describe, expect, it } from "vitest";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { emptyPool, requireStoredKey, storedKey, storedKeys } from "../support/pool-rows.ts";
import { layTable, MODEL, newKey, newKeys, PROMPT, type Sent } from "../support/table.ts";

beforeEach(emptyPool);

const CHAT = { model: MODEL, messages: [{ role: "user", content: "Hello" }] };

describe("an unknown key", () => {
  it("carries its request alone, although the pool is full", async () => {
    const table = layTable();
    await table.contribute(...newKeys(5));
    const key = newKey();
    table.google.issue(key);
    const response = await table.send({ key });
    expect(table.served()).toEqual([key]);
    expect(response.headers.get("x-pool-served-by")).toBe("own");
    expect(response.headers.get("x-pool-contributed")).toBe("yes");
  });

  const admitting: [string, Sent][] = [
    ["generateContent", {}],
    ["streamGenerateContent", { path: `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse` }],
    ["embedContent", { path: "/v1beta/models/gemini-embedding-001:embedContent" }],
    ["batchEmbedContents", { path: "/v1/models/gemini-embedding-001:batchEmbedContents", body: { requests: [] } }],
    ["an OpenAI chat", { path: "/v1/chat/completions", body: CHAT }],
    ["an OpenAI embedding", { path: "/openai/v1/embeddings", body: { model: "gemini-embedding-001", input: "Hi" } }],
    ["an interaction that is not stored", { path: "/v1beta/interactions", body: { model: MODEL, store: false } }],
  ];

  it.each(admitting)("joins with a successful %s", async (_, sent) => {
    const table = layTable();
    const key = newKey();
    table.google.issue(key);
    const response = await table.send({ key, ...sent });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-contributed")).toBe("yes");
    expect(await storedKey(key)).toMatchObject({ status: "active", last_four: key.slice(-4) });
  });

  const provingNothing: [string, Sent][] = [
    ["countTokens", { path: `/v1beta/models/${MODEL}:countTokens` }],
    ["the list of models", { path: "/v1beta/models", method: "GET" }],
    ["one model", { path: `/v1beta/models/${MODEL}`, method: "GET" }],
    ["OpenAI's list of models", { path: "/v1beta/openai/models", method: "GET" }],
    ["a list of files", { path: "/v1beta/files", method: "GET" }],
    ["a request in own-key mode", { headers: { "x-pool-mode": "own" } }],
  ];

  it.each(provingNothing)("does not join with %s", async (_, sent) => {
    const table = layTable();
    const key = newKey();
    table.google.issue(key);
    const response = await table.send({ key, ...sent });
    expect(response.status).toBe(200);
    expect(response.headers.has("x-pool-contributed")).toBe(false);
    expect(await storedKeys()).toEqual([]);
  });

  it("does not join with a redirect, which is no success", async () => {
    const table = layTable(
      {},
      { fetch: async () => new Response(null, { status: 307, headers: { location: "https://example.com/" } }) },
    );
    const response = await table.send({ key: newKey() });
    expect(response.status).toBe(307);
    expect(response.headers.has("x-pool-contributed")).toBe(false);
    expect(await storedKeys()).toEqual([]);
  });

  it.each(["key-invalid", "key-expired", "key-suspended", "quota-day", "busy", "prepay-depleted-402", "unavailable"])(
    "that Google answers with %s does not join, and its caller reads Google's own words",
    async (fixture) => {
      const table = layTable();
      await table.contribute(...newKeys(3));
      const key = newKey();
      table.google.script(key, { kind: "error", fixture });
      const response = await table.send({ key });
      const direct = await table.google.fetch(`https://google.example/v1beta/models/${MODEL}:generateContent`, {
        method: "POST",
        headers: { "x-goog-api-key": key },
        body: JSON.stringify(PROMPT),
      });
      expect(response.status).toBe(direct.status);
      // To the letter, but for the key itself: an error may end up in a screenshot.
      expect(await response.text()).toBe((await direct.text()).replaceAll(key, "[redacted]"));
      expect(await storedKey(key)).toBeUndefined();
      expect(table.served().slice(0, -1)).toEqual([key]);
    },
  );

  it("that Google does not know gets Google's answer, and no row", async () => {
    const table = layTable();
    await table.contribute(...newKeys(3));
    const response = await table.send({ key: newKey() });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("API_KEY_INVALID");
    expect(await storedKeys()).toHaveLength(3);
  });

  it("that twenty first requests bring at the same time makes one row", async () => {
    const table = layTable();
    const key = newKey();
    table.google.issue(key);
    const responses = await Promise.all(Array.from({ length: 20 }, () => table.isolate()({ key })));
    expect(responses.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await storedKeys()).toHaveLength(1);
  });
});

describe("a list of keys", () => {
  it("joins key by key, each proved by a request of its own", async () => {
    const table = layTable();
    const keys = newKeys(3);
    for (const key of keys) table.google.issue(key);
    for (const key of keys) {
      await table.send({ key: keys.join(",") });
      expect(table.served()).toEqual([key]);
    }
    expect((await storedKeys()).map(({ status }) => status)).toEqual(["active", "active", "active"]);
  });

  it("passes over its dead keys and does not admit them", async () => {
    const table = layTable();
    const [dead = "", good = ""] = newKeys(2);
    table.google.script(dead, { kind: "error", fixture: "key-suspended" });
    table.google.issue(good);
    for (let at = 0; at < 3; at++) expect((await table.send({ key: `${dead},${good}` })).status).toBe(200);
    expect(await storedKey(dead)).toBeUndefined();
    expect(await storedKey(good)).toMatchObject({ status: "active" });
  });

  it("of dead keys alone gets Google's word on the last that was tried", async () => {
    const table = layTable();
    const keys = newKeys(3);
    for (const key of keys) table.google.script(key, { kind: "error", fixture: "key-expired" });
    const response = await table.send({ key: keys.join(",") });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("API key expired");
  });
});

describe("a retired key", () => {
  async function retire(table: ReturnType<typeof layTable>): Promise<string> {
    const [key = "", other = ""] = newKeys(2);
    await table.contribute(key, other);
    table.google.script(key, { kind: "error", fixture: "key-suspended" });
    await table.send({ key: other });
    expect(await requireStoredKey(key)).toMatchObject({ status: "retired", reason: "CONSUMER_SUSPENDED" });
    return key;
  }

  it("serves nobody", async () => {
    const table = layTable();
    const key = await retire(table);
    const asks = newKey();
    await table.contribute(asks);
    for (let at = 0; at < 5; at++) await table.send({ key: asks });
    expect(table.served()).not.toContain(key);
  });

  it("is not taken back while Google refuses it, and its caller learns why", async () => {
    const table = layTable();
    const key = await retire(table);
    table.served();
    const response = await table.send({ key });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("CONSUMER_SUSPENDED");
    expect(table.served()).toEqual([key]);
    expect((await requireStoredKey(key)).status).toBe("retired");
  });

  it("comes back by proving itself, to this isolate and to others", async () => {
    const table = layTable();
    const key = await retire(table);
    const before = await requireStoredKey(key);
    table.google.script(key, { kind: "good" });
    const response = await table.send({ key });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-contributed")).toBe("yes");
    const after = await requireStoredKey(key);
    expect(after).toMatchObject({
      id: before.id,
      status: "active",
      reason: null,
      contributed_at: before.contributed_at,
    });
    table.served();
    // Turns that were leased before it came back are used up first.
    for (let at = 0; at < 10; at++) await table.send({ key });
    expect(table.served()).toContain(key);
  });
});

describe("a withdrawn key", () => {
  it("is served and does not come back by use", async () => {
    const table = layTable();
    const [key = "", other = ""] = newKeys(2);
    await table.contribute(key, other);
    await table.send({ key, path: "/key", method: "DELETE" });
    table.served();
    for (const send of [table.send, table.isolate(), table.isolate()]) {
      const response = await send({ key });
      expect(response.status).toBe(200);
      expect(response.headers.has("x-pool-contributed")).toBe(false);
    }
    expect(table.served()).toEqual([key, key, key]);
    expect(await requireStoredKey(key)).toMatchObject({ status: "withdrawn", ciphertext: null, last_four: "" });
    for (let at = 0; at < 4; at++) await table.send({ key: other });
    expect(table.served()).not.toContain(key);
  });

  it("does not come back when D1 failed as it was looked up", async () => {
    const d1 = new FaultyD1();
    const table = layTable({ DB: d1.binding });
    const key = newKey();
    await table.contribute(key);
    await table.send({ key, path: "/key", method: "DELETE" });
    d1.only = /^select/i;
    d1.mood = "fails";
    const send = table.isolate();
    expect((await send({ key })).status).toBe(200);
    expect((await requireStoredKey(key)).status).toBe("withdrawn");
  });

  it("comes back once its owner lets it, by proving itself", async () => {
    const table = layTable();
    const key = newKey();
    await table.contribute(key);
    await table.send({ key, path: "/key", method: "DELETE" });
    await table.send({ key, path: "/key", method: "POST" });
    expect((await requireStoredKey(key)).status).toBe("retired");
    const response = await table.send({ key });
    expect(response.headers.get("x-pool-contributed")).toBe("yes");
    expect((await requireStoredKey(key)).status).toBe("active");
  });
});
