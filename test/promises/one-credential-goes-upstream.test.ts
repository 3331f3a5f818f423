import { beforeEach, describe, expect, it } from "vitest";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, MODEL, newKey, newKeys, type Sent } from "../support/table.ts";

beforeEach(emptyPool);

/** What browsers, proxies and other clients put on a request beside its key. */
const LUGGAGE = {
  cookie: "SID=secret; __Secure-1PSID=other",
  cookie2: "$Version=1",
  "api-key": "abc",
  "x-api-key": "abc",
  "x-auth-token": "abc",
  "x-authorization": "Bearer abc",
  "x-ms-key": "abc",
  "x-origin": "https://app.example",
  "x-referer": "https://app.example/page",
  "x-original-forwarded-for": "198.51.100.1",
  "fastly-client-ip": "198.51.100.1",
  "x-azure-clientip": "198.51.100.1",
  "x-appengine-user-ip": "198.51.100.1",
  "x-cluster-client-ip": "198.51.100.1",
  "x-envoy-external-address": "198.51.100.1",
  "x-goog-iam-authority-selector": "a",
  "x-goog-iap-jwt-assertion": "a.b.c",
  "x-goog-authenticated-user-email": "accounts.google.com:someone@example.com",
  "x-goog-upload-protocol": "resumable",
  "x-goog-upload-command": "start",
  origin: "https://app.example",
  referer: "https://app.example/page?key=AIzaElsewhere",
  forwarded: "for=198.51.100.1",
  via: "1.1 proxy",
  from: "someone@example.com",
  "x-forwarded-for": "198.51.100.1",
  "x-forwarded-host": "potluck.example",
  "x-forwarded-proto": "https",
  "x-real-ip": "198.51.100.1",
  "true-client-ip": "198.51.100.1",
  "cf-connecting-ip": "198.51.100.1",
  "cf-ipcountry": "DE",
  "cf-visitor": "{}",
  "cf-ray": "abc",
  "cdn-loop": "cloudflare",
  "sec-fetch-mode": "cors",
  "sec-ch-ua": "x",
  "proxy-authorization": "Basic abc",
  "x-goog-user-project": "someone-else",
  "x-http-method-override": "GET",
  "openai-organization": "org-1",
  "openai-project": "proj-1",
  "x-gemini-api-privileged-user-id": "installation-1",
  "x-pool-mode": "own",
  "x-pool-anything": "1",
};

const CHAT = { model: MODEL, messages: [{ role: "user", content: "Hello" }] };

const WAYS: [string, Sent, "x-goog-api-key" | "authorization"][] = [
  ["native", {}, "x-goog-api-key"],
  ["native, listed models", { path: "/v1beta/models", method: "GET" }, "x-goog-api-key"],
  ["native, pinned", { path: "/v1beta/files", method: "GET" }, "x-goog-api-key"],
  ["OpenAI", { path: "/v1/chat/completions", body: CHAT }, "authorization"],
  ["OpenAI, listed models", { path: "/openai/v1/models", method: "GET" }, "authorization"],
];

describe.each(WAYS)("upstream (%s)", (_, sent, carrier) => {
  const carriers: [string, (key: string) => Pick<Sent, "key" | "headers"> & { query?: string }][] = [
    ["x-goog-api-key", (key) => ({ key })],
    ["a Bearer", (key) => ({ headers: { authorization: `Bearer ${key}` } })],
    ["a bearer in lower case", (key) => ({ headers: { authorization: `bearer  ${key}` } })],
    ["?key=", (key) => ({ query: `key=${key}` })],
    ["?%6Bey=", (key) => ({ query: `%6Bey=${key}` })],
    [
      "all of them",
      (key) => ({ key, headers: { authorization: `Bearer ${key}` }, query: `key=${key}&access_token=x` }),
    ],
    ["two that differ", (key) => ({ key, headers: { authorization: "Bearer AIzaAnother-key-altogether" } })],
    ["system parameters", (key) => ({ key, query: `$key=${key}&%24httpHeaders=Authorization:x&$httpMethod=GET` })],
    ["?key= twice", (key) => ({ query: `key=${key}&alt=json&KEY=${key}&oauth_token=${key}` })],
  ];

  it.each(carriers)("one credential goes, however it came: %s", async (__, carried) => {
    const table = layTable();
    const key = newKey();
    table.google.issue(key);
    const { query, ...rest } = carried(key);
    const path = sent.path ?? `/v1beta/models/${MODEL}:generateContent`;
    const headers = { ...LUGGAGE, "x-pool-mode": "own", ...rest.headers };
    const response = await table.send({
      ...sent,
      ...rest,
      headers,
      path: query === undefined ? path : `${path}?${query}`,
    });
    expect(response.status).toBe(200);
    expect(table.google.violations).toEqual([]);

    const call = table.google.calls.at(-1);
    expect(call?.key).toBe(key);
    const given = ["x-goog-api-key", "authorization"].filter((name) => name in (call?.headers ?? {}));
    expect(given).toEqual([carrier]);
    expect(call?.headers[carrier]).toBe(carrier === "authorization" ? `Bearer ${key}` : key);
    expect(call?.path).not.toContain(key);
    expect(call?.path).not.toMatch(/key=|access_token|oauth_token/i);
    const known = ["accept", "authorization", "content-length", "content-type", "x-goog-api-key"];
    expect(Object.keys(call?.headers ?? {}).filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe("a key goes in no other header, whatever it is called:", () => {
  it.each([
    ["of Google's first form", newKey()],
    ["of Google's second form", "AQ.Ab8RN6IrxO0zhLlmnopqrstuvwxyz0123456789"],
    ["of a form that nobody knows yet", "gemini_live_4f1c2d3e"],
  ])("%s", async (_, key) => {
    const table = layTable();
    const other = newKey();
    await table.contribute(other);
    table.google.issue(key);
    await table.contribute(key);
    const headers = { "x-something-new": key, "x-debug": `curl -H x-goog-api-key:${key} -X`, "x-plain": "plain" };
    for (const carried of [{ key }, { headers: { authorization: `Bearer ${key}` } }]) {
      await table.send({ ...carried, headers: { ...headers, ...carried.headers } });
      await table.send({ ...carried, headers: { ...headers, ...carried.headers } });
    }
    const calls = table.google.callsBy(other);
    expect(calls.length).toBeGreaterThan(1);
    for (const call of calls.slice(1)) {
      expect(JSON.stringify(call)).not.toContain(key);
      expect(call.headers).toMatchObject({ "x-plain": "plain" });
    }
  });
});

it("a key in the URL, or another's, goes in no header either", async () => {
  const table = layTable();
  const key = newKey();
  table.google.issue(key);
  const headers = {
    "x-mine": key,
    "x-anothers": `Key ${newKey()}`,
    "x-plain": "a plain header of some length, about AQ.",
  };
  await table.send({ path: `/v1beta/models/${MODEL}:generateContent?key=${key}`, headers });
  const call = table.google.calls.at(-1);
  expect(call?.headers).toMatchObject({ "x-goog-api-key": key, "x-plain": headers["x-plain"] });
  expect(Object.keys(call?.headers ?? {}).filter((name) => ["x-mine", "x-anothers"].includes(name))).toEqual([]);
});

it("the credential of a try does not go along with the next", async () => {
  const table = layTable();
  const keys = newKeys(3);
  await table.contribute(...keys);
  for (const key of keys.slice(0, 2)) table.google.script(key, { kind: "error", fixture: "key-expired" });
  const response = await table.send({ headers: { authorization: `Bearer ${keys[2]}` } });
  expect(response.status).toBe(200);
  expect(table.google.calls.slice(-3).map(({ headers }) => headers["x-goog-api-key"])).toEqual(keys);
  expect(table.google.calls.slice(-3).filter(({ headers }) => "authorization" in headers)).toEqual([]);
});

it("what a client tells Google of itself and of the request goes along", async () => {
  const table = layTable();
  const key = newKey();
  table.google.issue(key);
  const headers = {
    "user-agent": "google-genai-sdk/3.1.0",
    "x-goog-api-client": "google-genai-sdk/3.1.0",
    "x-server-timeout": "30",
    "accept-language": "de",
  };
  await table.send({
    key,
    headers,
    path: `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse&key=${key}&prettyPrint=false`,
  });
  const call = table.google.calls.at(-1);
  expect(call?.headers).toMatchObject(headers);
  expect(call?.path).toBe(`/v1beta/models/${MODEL}:streamGenerateContent?alt=sse&prettyPrint=false`);
});

it("without any credential nothing goes", async () => {
  const table = layTable();
  const nobody: Sent[] = [
    {},
    { headers: { authorization: "Basic abc" } },
    { headers: { "x-goog-api-key": "" } },
    { headers: { "x-goog-api-key": "," } },
    { headers: { "x-goog-api-key": "short" } },
    { headers: { authorization: "Bearer" } },
    { path: `/v1beta/models/${MODEL}:generateContent?key=` },
    { path: "/v1beta/files", method: "GET" },
  ];
  for (const sent of nobody) {
    const response = await table.send(sent);
    expect([400, 401, 403]).toContain(response.status);
  }
  expect(table.google.calls).toEqual([]);
});
