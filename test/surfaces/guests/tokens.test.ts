import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { emptyPool, storedKey, storedKeys } from "../../support/pool-rows.ts";
import { layTable, MODEL, newKeys, PROMPT, START, type Table } from "../../support/table.ts";
import { emptyAccess, issueToken, storedToken, tokenDesk } from "../../support/tokens.ts";

const CHAT = { path: "/v1/chat/completions", body: { model: MODEL, messages: [{ role: "user", content: "Hi" }] } };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

beforeEach(async () => {
  await emptyPool();
  await emptyAccess();
});

/** Nothing that Google got holds the token, wherever it may stand. */
async function expectTokenStayed({ google }: Table, token: string): Promise<void> {
  for (const { path, headers } of google.calls) {
    expect(path + JSON.stringify([...new Headers(headers)])).not.toContain(token);
  }
}

test("a bearer of a token is served by the pool's keys in turn, and brings none", async () => {
  const table = layTable();
  const keys = newKeys(3);
  await table.contribute(...keys);
  const { token } = await issueToken();
  for (let turn = 0; turn < 6; turn++) {
    const response = await table.send({ key: token });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-served-by")).toBe("pool");
    expect(response.headers.has("x-pool-contributed")).toBe(false);
  }
  expect(table.served().toSorted()).toEqual([...keys, ...keys].toSorted());
  expect((await storedKeys()).length).toBe(3);
  await expectTokenStayed(table, token);
});

test("a token works in every carrier and in both dialects", async () => {
  const table = layTable();
  await table.contribute(...newKeys(2));
  const { token } = await issueToken();
  const native = `/v1beta/models/${MODEL}:generateContent`;
  expect((await table.send({ path: `${native}?key=${token}` })).status).toBe(200);
  expect((await table.send({ headers: bearer(token) })).status).toBe(200);
  expect((await table.send({ key: token, headers: bearer(token) })).status).toBe(200);
  const openAi = await table.send({ ...CHAT, headers: bearer(token) });
  expect(await openAi.json()).toMatchObject({ object: "chat.completion" });
  const models = await table.send({ path: "/v1/models", method: "GET", headers: bearer(token) });
  expect(await models.json()).toMatchObject({ object: "list" });
  await expectTokenStayed(table, token);
});

test.each([
  ["x-api-key", (token: string) => ({ headers: { "x-api-key": token } })],
  ["a cookie", (token: string) => ({ headers: { cookie: `token=${token}` } })],
  ["a second carrier", (token: string) => ({ headers: bearer(token) })],
])("a token shown in %s as well does not reach Google", async (_, more) => {
  const table = layTable();
  await table.contribute(...newKeys(2));
  const { token } = await issueToken();
  expect((await table.send({ key: token, ...more(token) })).status).toBe(200);
  await expectTokenStayed(table, token);
});

test("a token in a parameter that travels to Google is refused", async () => {
  const table = layTable();
  await table.contribute(...newKeys(2));
  const { token } = await issueToken();
  const path = `/v1beta/models/${MODEL}:generateContent?api_key=${token}`;
  expect((await table.send({ key: token, path })).status).toBe(400);
  expect(table.served()).toEqual([]);
});

test.each([
  ["unknown", `potluck-${"A".repeat(43)}`],
  ["too short", "potluck-abc"],
  ["in capitals", `POTLUCK-${"A".repeat(43)}`],
  ["the bare prefix", "potluck-"],
  ["with a query in it", `potluck-' or '1'='1' -- ${"A".repeat(30)}`.replaceAll(" ", "")],
])("a token that is none (%s) gets 401 in its dialect, and Google hears nothing", async (_, token) => {
  const table = layTable();
  await table.contribute(...newKeys(2));
  const native = await table.send({ key: token });
  expect(native.status).toBe(401);
  expect(await native.json()).toMatchObject({ error: { code: 401, status: "UNAUTHENTICATED" } });
  const openAi = await table.send({ ...CHAT, headers: bearer(token) });
  expect(openAi.status).toBe(401);
  expect(await openAi.json()).toMatchObject({ error: { type: "authentication_error", code: "unauthenticated" } });
  expect((await table.send({ key: token, path: "/v1beta/files", method: "GET" })).status).toBe(401);
  expect(table.served()).toEqual([]);
});

test.each(["/key", "/verify"])("a token is no key: %s does not send it to Google", async (path) => {
  const table = layTable();
  const { token } = await issueToken();
  for (const method of path === "/key" ? ["GET", "POST", "DELETE"] : ["GET", "POST"]) {
    const response = await table.send({ path, method, key: token, ...(method === "POST" ? { body: token } : {}) });
    const text = await response.text();
    expect(text).not.toContain(token);
  }
  expect(table.google.calls).toEqual([]);
});

test("among keys a token is passed over", async () => {
  const table = layTable();
  const [key = ""] = newKeys(1);
  await table.contribute(key);
  const { token } = await issueToken();
  expect((await table.send({ key: `${token},${key}` })).status).toBe(200);
  await expectTokenStayed(table, token);
  expect((await table.send({ key: `${token}, ${token}x` })).status).toBe(400);
});

test("a token ends at its millisecond", async () => {
  const table = layTable();
  await table.contribute(...newKeys(2));
  const { token } = await issueToken({ expiresAt: START + 5000 });
  table.advance(4999);
  expect((await table.send({ key: token })).status).toBe(200);
  table.advance(1);
  expect((await table.send({ key: token })).status).toBe(401);
});

test("a token that was revoked elsewhere ends within CONTRIBUTOR_TTL_MS", async () => {
  const table = layTable({ CONTRIBUTOR_TTL_MS: "60000" });
  await table.contribute(...newKeys(2));
  const { token, id } = await issueToken();
  expect((await table.send({ key: token })).status).toBe(200);
  expect(await tokenDesk().revoke(id)).toBe(true);
  table.advance(60_000);
  expect((await table.send({ key: token })).status).toBe(401);
  expect(await tokenDesk().revoke(id)).toBe(false);
});

test("only a hash of a token is stored", async () => {
  const { token, id } = await issueToken();
  const row = await storedToken(id);
  expect(JSON.stringify(row)).not.toContain(token.slice("potluck-".length, -4));
  expect(JSON.stringify(await tokenDesk().list())).not.toContain(row?.hash);
  expect(JSON.stringify(await tokenDesk().change(id, { name: "other" }))).not.toContain(row?.hash);
});

test("names of tokens are text, whatever they hold", async () => {
  const name = `<script>alert(1)</script>'); drop table tokens; --`;
  const { id } = await issueToken({ name });
  expect((await tokenDesk().list()).map((row) => [row.id, row.name])).toEqual([[id, name]]);
});

test("an answer that a pool key provoked is redacted for the bearer of a token", async () => {
  const table = layTable();
  const keys = newKeys(2);
  await table.contribute(...keys);
  for (const key of keys) table.google.script(key, { kind: "error", fixture: "unknown-field" });
  const { token } = await issueToken();
  const response = await table.send({ key: token });
  const text = await response.text();
  expect(response.status).toBe(400);
  for (const key of keys) expect(text).not.toContain(key);
});

test("a key's failure retires or cools it as for members, and the next key serves the token", async () => {
  const table = layTable();
  const [first = "", second = "", third = ""] = newKeys(3);
  await table.contribute(first, second, third);
  table.google.script(first, { kind: "error", fixture: "key-invalid" });
  table.google.script(second, { kind: "error", fixture: "quota-day" });
  const { token } = await issueToken();
  for (let turn = 0; turn < 3; turn++) expect((await table.send({ key: token })).status).toBe(200);
  expect((await storedKey(first))?.status).toBe("retired");
  expect((await storedKey(second))?.status).toBe("active");
});

test("Google's words about a dead key are not told: they would read as if the token were meant", async () => {
  const table = layTable({ MAX_RETRIES: "0" });
  const [key = ""] = newKeys(1);
  await table.contribute(key);
  table.google.script(key, { kind: "error", fixture: "key-invalid" });
  const { token } = await issueToken();
  const response = await table.send({ key: token });
  expect(response.status).toBe(503);
  expect(response.headers.get("x-pool-served-by")).toBe("pool");
  expect(await response.text()).not.toMatch(/api key/i);
});

test("what only an own key could settle is answered as the pool's key got it", async () => {
  const table = layTable();
  const keys = newKeys(3);
  await table.contribute(...keys);
  for (const key of keys) table.google.script(key, { kind: "error", fixture: "model-not-found" });
  const { token } = await issueToken();
  expect((await table.send({ key: token })).status).toBe(404);
  expect(table.served().length).toBe(1);
});

test("an empty pool answers 503, one whose keys all rest 429 with Retry-After", async () => {
  const table = layTable();
  const { token } = await issueToken();
  const empty = await table.send({ key: token });
  expect(empty.status).toBe(503);
  expect(empty.headers.has("retry-after")).toBe(true);

  const keys = newKeys(2);
  await table.contribute(...keys);
  for (const key of keys) table.google.script(key, { kind: "error", fixture: "quota-minute" });
  await table.send({ key: token });
  table.served();
  const resting = await table.send({ ...CHAT, headers: bearer(token) });
  expect(resting.status).toBe(429);
  expect(Number(resting.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await resting.json()).toMatchObject({ error: { code: "resource_exhausted" } });
});

test("a body that no request could be read from is refused: there is no own key for it", async () => {
  const table = layTable({ REPLAY_MAX_BYTES: "2000" });
  await table.contribute(...newKeys(2));
  const { token } = await issueToken();
  expect((await table.send({ key: token, body: { contents: [{ parts: [{ text: "x".repeat(3000) }] }] } })).status).toBe(
    400,
  );
  expect((await table.send({ key: token, body: "{'contents':[]}" })).status).toBe(400);
  const two = `{"model":"${MODEL}","model":"gemini-2.5-pro","messages":[]}`;
  expect((await table.send({ path: CHAT.path, headers: bearer(token), body: two })).status).toBe(400);
  expect((await table.send({ key: token, headers: { "x-pool-mode": "own" } })).status).toBe(400);
  expect(table.served()).toEqual([]);
});

test("while D1 does not answer a token that is not known gets 503, and nothing is remembered against it", async () => {
  const table = layTable();
  await table.contribute(...newKeys(2));
  const { token } = await issueToken();
  await env.DB.prepare("alter table tokens rename to tokens_gone").run();
  const isolate = table.isolate();
  expect((await isolate({ key: token })).status).toBe(503);
  await env.DB.prepare("alter table tokens_gone rename to tokens").run();
  table.advance(20_000);
  expect((await isolate({ key: token })).status).toBe(200);
});

test("a tool that sees a screen is no state: any key serves it", async () => {
  const table = layTable();
  await table.contribute(...newKeys(2));
  const { token } = await issueToken();
  const body = { ...PROMPT, tools: [{ computerUse: { environment: "ENVIRONMENT_BROWSER" } }] };
  expect((await table.send({ key: token, body })).status).toBe(200);
  const other = { ...PROMPT, tools: [{ computerUse: { environment: "environments/other" } }] };
  expect((await table.send({ key: token, body: other })).status).toBe(400);
});

test("uses are counted for the operator", async () => {
  const table = layTable();
  await table.contribute(...newKeys(2));
  const { token, id } = await issueToken();
  for (let turn = 0; turn < 5; turn++) await table.send({ key: token });
  table.advance(3_600_000);
  await table.send({ key: token });
  expect(await storedToken(id)).toMatchObject({ uses: 6, used: 0 });
  expect((await storedToken(id))?.last_used_at).toBeGreaterThan(START);
});

test("prompts of a token's bearer are not stored in the projects that serve them", async () => {
  const table = layTable();
  await table.contribute(...newKeys(2));
  const { token } = await issueToken();
  await table.send({ key: token, body: PROMPT });
  expect(table.google.calls.at(-1)?.bodyText).toMatch(/^\{"store":false,/);
});
