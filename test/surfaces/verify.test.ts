import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, newKey, newKeys } from "../support/table.ts";

beforeEach(emptyPool);

interface Event {
  event: string;
  data: { index?: number; endsWith?: string | null; finding?: string; keys?: number };
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
  expect(events.at(-1)).toEqual({ event: "done", data: { keys: 3 } });
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

test("no event holds more of a key than its last four characters", async () => {
  const table = layTable();
  const key = newKey();
  table.google.script(key, { kind: "error", fixture: "key-suspended" });
  const text = await (await table.send({ path: "/verify", method: "GET", key })).text();
  expect(text).toContain(key.slice(-4));
  expect(text).not.toContain(key.slice(-8));
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
