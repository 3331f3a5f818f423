import { beforeEach, expect, test } from "vitest";
import type { Limiter } from "../../src/pool/brake.ts";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, newKey, newKeys } from "../support/table.ts";

beforeEach(emptyPool);

/** A limiter of the runtime's that lets `limit` calls of each key pass and remembers what it was asked. */
function limiter(limit: number): Limiter & { asked: string[] } {
  const counts = new Map<string, number>();
  const asked: string[] = [];
  return {
    asked,
    limit({ key }) {
      asked.push(key);
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return Promise.resolve({ success: (counts.get(key) ?? 0) <= limit });
    },
  };
}

const broken: Limiter = { limit: () => Promise.reject(new Error("limiter down")) };

test("a contributor over their share is served by their own key alone", async () => {
  const table = layTable({ FAIR_SHARE: limiter(2) });
  const [greedy, modest, ...others] = newKeys(5);
  await table.contribute(...[greedy, modest, ...others].filter((key) => key !== undefined));
  await table.send({ key: greedy ?? "" });
  await table.send({ key: greedy ?? "" });
  table.served();

  const over = await table.send({ key: greedy ?? "" });
  expect(over.status).toBe(200);
  expect(over.headers.get("x-pool-served-by")).toBe("own");
  expect(table.served()).toEqual([greedy]);

  const within = await table.send({ key: modest ?? "" });
  expect(within.status).toBe(200);
});

test("whoever is over their share gets no retry with another's key either", async () => {
  const table = layTable({ FAIR_SHARE: limiter(0) });
  const keys = newKeys(3);
  await table.contribute(...keys);
  const [first = ""] = keys;
  table.google.script(first, { kind: "error", fixture: "quota-minute" });
  const response = await table.send({ key: first });
  expect(response.status).toBe(429);
  expect(new Set(table.served())).toEqual(new Set([first]));
});

test("an address that tries too many new keys gets 429 with Retry-After in its dialect, and nothing is forwarded", async () => {
  const table = layTable({ NEW_KEYS: limiter(2) });
  const from = { "cf-connecting-ip": "203.0.113.7" };
  for (const key of newKeys(2)) expect((await table.send({ key, headers: from })).status).toBe(400);
  table.served();

  const native = await table.send({ key: newKey(), headers: from });
  expect(native.status).toBe(429);
  expect(native.headers.get("retry-after")).toBe("60");
  expect(await native.json()).toMatchObject({ error: { code: 429, status: "RESOURCE_EXHAUSTED" } });

  const headers = { ...from, authorization: `Bearer ${newKey()}` };
  const openAi = await table.send({ path: "/v1/chat/completions", body: { model: "gemini-2.5-flash" }, headers });
  expect(openAi.status).toBe(429);
  expect(await openAi.json()).toMatchObject({ error: { type: "rate_limit_error" } });
  expect(table.served()).toEqual([]);

  const elsewhere = await table.send({ key: newKey(), headers: { "cf-connecting-ip": "203.0.113.8" } });
  expect(elsewhere.status).toBe(400);
});

test("keys tried in own-key mode and on pinned paths count too: no way round for a key checker", async () => {
  const table = layTable({ NEW_KEYS: limiter(1) });
  expect((await table.send({ key: newKey(), headers: { "x-pool-mode": "own" } })).status).toBe(400);
  expect((await table.send({ key: newKey(), headers: { "x-pool-mode": "own" } })).status).toBe(429);
  expect((await table.send({ key: newKey(), path: "/v1beta/files", method: "GET" })).status).toBe(429);
});

test("a caller who comes back with the same key is never limited", async () => {
  const newKeysLimiter = limiter(1);
  const table = layTable({ NEW_KEYS: newKeysLimiter });
  const key = newKey();
  await table.contribute(key);
  for (let request = 0; request < 5; request++) expect((await table.send({ key })).status).toBe(200);
  expect(newKeysLimiter.asked).toHaveLength(1);
});

test("one IPv6 customer is one address, whichever of their addresses they use", async () => {
  const newKeysLimiter = limiter(9);
  const table = layTable({ NEW_KEYS: newKeysLimiter });
  for (const address of ["2001:db8:1:2::1", "2001:DB8:1:2:ffff::9", "2001:db8:1:2:3:4:5:6", "2001:db8:9::1"]) {
    await table.send({ key: newKey(), headers: { "cf-connecting-ip": address } });
  }
  expect(newKeysLimiter.asked).toEqual([
    "2001:db8:1:2::/64",
    "2001:db8:1:2::/64",
    "2001:db8:1:2::/64",
    "2001:db8:9:0::/64",
  ]);
});

test("IPv4 addresses that a socket for both kinds tells as IPv6 are as many as there are", async () => {
  const newKeysLimiter = limiter(9);
  const table = layTable({ NEW_KEYS: newKeysLimiter });
  for (const address of ["::ffff:203.0.113.7", "::FFFF:198.51.100.1", "203.0.113.7"]) {
    await table.send({ key: newKey(), headers: { "cf-connecting-ip": address } });
  }
  expect(newKeysLimiter.asked).toEqual(["203.0.113.7", "198.51.100.1", "203.0.113.7"]);
});

test("a limiter that fails limits nobody", async () => {
  const table = layTable({ FAIR_SHARE: broken, NEW_KEYS: broken });
  const keys = newKeys(3);
  await table.contribute(...keys);
  const response = await table.send({ key: keys[0] ?? "" });
  expect(response.status).toBe(200);
});

test("over the limit a member is served by the pool still, but no other key of theirs is tried", async () => {
  let passes = 3;
  const table = layTable({ NEW_KEYS: { limit: () => Promise.resolve({ success: passes-- > 0 }) } });
  const [member = "", other = "", third = ""] = newKeys(3);
  await table.contribute(member, other, third);
  const stolen = newKey();
  table.google.issue(stolen);
  for (const headers of [{}, { "x-pool-mode": "own" }]) {
    for (const key of [`${member},${stolen}`, `${newKey()},${member}`]) {
      const isolate = table.isolate();
      expect((await isolate({ key, headers })).status).toBe(200);
    }
  }
  const served = table.served();
  expect(served).toHaveLength(4);
  expect(served).not.toContain(stolen);
});

test("asking how a key stands is limited too, leaving is not", async () => {
  let passes = 1;
  const table = layTable({ NEW_KEYS: { limit: () => Promise.resolve({ success: passes-- > 0 }) } });
  const key = newKey();
  await table.contribute(key);
  const isolate = table.isolate();
  expect((await isolate({ key, path: "/key", method: "GET" })).status).toBe(429);
  expect((await isolate({ key, path: "/key", method: "POST", body: "" })).status).toBe(429);
  expect((await isolate({ key, path: "/key", method: "DELETE" })).status).toBe(200);
});
