import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { relayFetch } from "../../src/upstream/egress-relay.ts";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, newKey, newKeys, PROMPT, type Table } from "../support/table.ts";

beforeEach(emptyPool);

/** A table in a place that Google refuses, with a relay in one that it does not (unless told otherwise). */
function tableInHongKong(vars = {}, relayRefused = false) {
  const sent: ("here" | "elsewhere")[] = [];
  const from =
    (place: "here" | "elsewhere"): typeof fetch =>
    (input, init) => {
      sent.push(place);
      table.google.refuseLocation(place === "here" || relayRefused);
      return table.google.fetch(input, init);
    };
  const table: Table = layTable(
    { EGRESS: "auto", ...vars },
    { fetch: from("here"), fetchElsewhere: from("elsewhere") },
  );
  return { table, sent };
}

test("a refused place is never seen by the caller: the same attempt goes out from elsewhere", async () => {
  const { table, sent } = tableInHongKong();
  const key = newKey();
  table.google.issue(key);
  const response = await table.send({ key });
  expect(response.status).toBe(200);
  expect(response.headers.get("x-pool-attempts")).toBe("1");
  expect(sent).toEqual(["here", "elsewhere"]);
  expect(table.served()).toEqual([key, key]);
});

test("the isolate remembers that its place is refused, goes elsewhere first, and forgets it after a while", async () => {
  const { table, sent } = tableInHongKong();
  await table.contribute(...newKeys(2));
  const key = newKey();
  await table.contribute(key);
  sent.length = 0;
  await table.send({ key });
  expect(sent).toEqual(["elsewhere"]);
  table.advance(11 * 60_000);
  await table.send({ key });
  expect(sent.slice(1)).toEqual(["here", "elsewhere"]);
});

test("streams pass through the relay untouched", async () => {
  const { table } = tableInHongKong();
  const key = newKey();
  table.google.issue(key);
  const path = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
  const response = await table.send({ key, path });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  expect(await response.text()).toContain("data: ");
});

test("when the relay is refused too, the caller sees Google's location error and no key is touched", async () => {
  const { table } = tableInHongKong({}, true);
  const keys = newKeys(2);
  for (const key of keys) table.google.issue(key);
  const response = await table.send({ key: keys[0] ?? "" });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain("User location is not supported");
  const touched = await env.DB.prepare("select count(*) as n from keys where status <> 'active'").first<{
    n: number;
  }>();
  expect(touched?.n).toBe(0);
});

test("no other error goes elsewhere", async () => {
  const sent: string[] = [];
  const table: Table = layTable(
    { EGRESS: "auto" },
    {
      fetch: (input, init) => table.google.fetch(input, init),
      fetchElsewhere: (input, init) => {
        sent.push("elsewhere");
        return table.google.fetch(input, init);
      },
    },
  );
  for (const fixture of ["free-tier-country", "model-not-found", "hostile-unknown-field-location", "overloaded"]) {
    const key = newKey();
    table.google.script(key, { kind: "error", fixture });
    await table.send({ key });
  }
  expect(sent).toEqual([]);
});

test("EGRESS chooses: direct never uses the relay, relay always does", async () => {
  const direct = tableInHongKong({ EGRESS: "direct" });
  const key = newKey();
  direct.table.google.issue(key);
  expect((await direct.table.send({ key })).status).toBe(400);
  expect(direct.sent).toEqual(["here"]);

  const relay = tableInHongKong({ EGRESS: "relay" });
  relay.table.google.issue(key);
  expect((await relay.table.send({ key })).status).toBe(200);
  expect(relay.sent).toEqual(["elsewhere"]);
});

test("a body too large to send twice teaches the isolate; the next request goes elsewhere", async () => {
  const { table, sent } = tableInHongKong({ REPLAY_MAX_BYTES: "10" });
  const key = newKey();
  table.google.issue(key);
  expect((await table.send({ key, body: PROMPT })).status).toBe(400);
  expect((await table.send({ key, body: PROMPT })).status).toBe(200);
  expect(sent).toEqual(["here", "elsewhere"]);
});

test("the relay is a Durable Object that passes a request and its answer on untouched", async () => {
  const fetchElsewhere = relayFetch(env.EGRESS_RELAY, "wnam", () => 0.5);
  const response = await fetchElsewhere("https://outbound.example/echo?x=1", {
    method: "POST",
    headers: { "x-goog-api-key": "k" },
    body: "prompt",
    redirect: "manual",
  });
  expect(response.status).toBe(201);
  expect(await response.json()).toEqual({ method: "POST", path: "/echo?x=1", key: "k", body: "prompt" });
});
