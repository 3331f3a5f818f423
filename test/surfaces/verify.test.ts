import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, newKey, newKeys } from "../support/table.ts";

beforeEach(emptyPool);

interface Event {
  event: string;
  data: { index?: number; endsWith?: string | null; finding?: string; keys?: number; leftOut?: number };
}

async function eventsOf(response: Response): Promise<Event[]> {
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const frames = (await response.text()).split("\n\n").filter((frame) => frame !== "");
  return frames.map((frame) => {
    const fields = Object.fromEntries(frame.split("\n").map((line) => line.split(/: (.*)/s) as [string, string]));
    return { event: fields["event"] ?? "", data: JSON.parse(fields["data"] ?? "{}") };
  });
}

test("each key gets one event that says how it stands, and none joins the pool", async () => {
  const table = layTable();
  const [good = "", dead = "", spent = ""] = newKeys(3);
  table.google.issue(good);
  table.google.script(dead, { kind: "error", fixture: "key-expired" });
  table.google.script(spent, { kind: "error", fixture: "quota-day" });

  const response = await table.send({ path: "/verify", method: "GET", key: `${good},${dead},${spent}` });
  const events = await eventsOf(response);
  const findings = new Map(events.map(({ data }) => [data.index, data.finding]));
  expect([findings.get(0), findings.get(1), findings.get(2)]).toEqual(["works", "invalid", "out_of_quota"]);
  expect(events.at(-1)).toEqual({ event: "done", data: { keys: 3, leftOut: 0 } });
  expect(await env.DB.prepare("select count(*) as n from keys").first("n")).toBe(0);
});

test("keys may be pasted into the body, in any order of lines, quotes and commas", async () => {
  const table = layTable();
  const [first = "", second = ""] = newKeys(2);
  table.google.issue(first);
  const body = `"${first}",\n\n  ${second}\tx`;
  const events = await eventsOf(await table.send({ path: "/verify", body }));
  const findings = events.filter(({ event }) => event === "key").map(({ data }) => data.finding);
  expect(new Set(findings)).toEqual(new Set(["invalid", "not_a_key", "works"]));
});

test("a key that is sent twice is checked once, in whichever places it stands", async () => {
  const table = layTable();
  const [first = "", second = ""] = newKeys(2);
  table.google.issue(first);
  const response = await table.send({ path: "/verify", key: first, body: `${second},${first}\n${second} x x` });
  const events = await eventsOf(response);
  expect(events.filter(({ event }) => event === "key")).toHaveLength(3);
  expect(table.google.calls).toHaveLength(2);
  expect(new Set(table.google.calls.map(({ key }) => key))).toEqual(new Set([first, second]));
});

test("what is more than one request checks is left out, and said to be", async () => {
  const table = layTable();
  const events = await eventsOf(await table.send({ path: "/verify", body: newKeys(43).join("\n") }));
  expect(events.at(-1)).toEqual({ event: "done", data: { keys: 40, leftOut: 3 } });
  expect(table.google.calls).toHaveLength(40);
});

test.each([
  ["as its length says", { "content-length": "65537" }],
  ["as it turns out", {}],
])("a body above 64 KiB is refused, %s, in the caller's dialect", async (_when, length) => {
  const table = layTable();
  const body = "x".repeat(65_537);
  const refused = await table.send({ path: "/verify", key: newKey(), headers: length, body });
  expect(refused.status).toBe(413);
  expect(await refused.json()).toMatchObject({ error: { code: 413, message: expect.stringContaining("64 KiB") } });
  const headers = { ...length, authorization: `Bearer ${newKey()}` };
  const asOpenAi = await table.send({ path: "/verify", headers, body });
  expect(await asOpenAi.json()).toMatchObject({ error: { type: "invalid_request_error", param: null } });
  expect(table.google.calls).toEqual([]);
});

test("a body of 64 KiB is read", async () => {
  const table = layTable();
  const body = newKey().padEnd(65_536);
  expect((await eventsOf(await table.send({ path: "/verify", body }))).at(-1)?.data.keys).toBe(1);
});

test("a credential that no key can be is called that", async () => {
  const table = layTable();
  const refused = await table.send({ path: "/verify", method: "GET", key: "short" });
  expect(refused.status).toBe(400);
  expect(await refused.text()).toContain("cannot be one");
});

test("no event holds more of a key than its last four characters", async () => {
  const table = layTable();
  const key = newKey();
  table.google.script(key, { kind: "error", fixture: "key-suspended" });
  const text = await (await table.send({ path: "/verify", method: "GET", key })).text();
  expect(text).toContain(key.slice(-4));
  expect(text).not.toContain(key.slice(-8));
});

test("a bearer of an access token learns that it is no key", async () => {
  const table = layTable();
  const refused = await table.send({ path: "/verify", method: "GET", key: `potluck-${"A".repeat(43)}` });
  expect(refused.status).toBe(401);
  expect(await refused.text()).toContain("An access token is no Gemini API key");
  expect(table.google.calls).toEqual([]);
});

test("without a key there is nothing to verify", async () => {
  const table = layTable();
  expect((await table.send({ path: "/verify", method: "GET" })).status).toBe(403);
  expect(table.google.calls).toEqual([]);
});

test("verifying counts as trying new keys: it is no way round the limit", async () => {
  let passes = 2;
  const table = layTable({ NEW_KEYS: { limit: () => Promise.resolve({ success: passes-- > 0 }) } });
  const events = await eventsOf(await table.send({ path: "/verify", method: "GET", key: newKeys(5).join(",") }));
  const findings = events.filter(({ event }) => event === "key").map(({ data }) => data.finding);
  expect(findings.filter((finding) => finding === "too_many_new_keys")).toHaveLength(3);
  expect(table.google.calls).toHaveLength(2);
});
