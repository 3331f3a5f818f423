import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createServices } from "../../src/services.ts";
import { ADMIN_TOKEN, layOperatorTable, messageOf } from "../support/operator.ts";
import { emptyPool, seedKeys, storedTotals } from "../support/pool-rows.ts";
import { layTable } from "../support/table.ts";

beforeEach(async () => {
  await emptyPool();
  await seedKeys(3);
  await env.DB.prepare("delete from sign_in_failures").run();
});

const RETIRE_ALL = { action: "retire", filter: {} };

describe("who gets in", () => {
  it.each<[string, Record<string, string>]>([
    ["no token", {}],
    ["a wrong token", { authorization: "Bearer wrong" }],
    ["the token with more behind it", { authorization: `Bearer ${ADMIN_TOKEN}x` }],
    ["the token in another scheme", { authorization: `Basic ${btoa(`admin:${ADMIN_TOKEN}`)}` }],
    ["the token as a key", { "x-goog-api-key": ADMIN_TOKEN }],
    ["a cookie that is no session", { cookie: "__Host-potluck=x; potluck=x", "sec-fetch-site": "same-origin" }],
  ])("not with %s", async (_what, headers) => {
    const table = layTable({ ADMIN_TOKEN });
    for (const [method, path, body] of [
      ["GET", "/keys", undefined],
      ["POST", "/keys/actions", RETIRE_ALL],
      ["GET", "/keys/export", undefined],
      ["GET", "/nowhere", undefined],
    ] as const) {
      const response = await table.send({ method, path: `/api/admin${path}`, headers, ...(body && { body }) });
      expect([path, response.status]).toEqual([path, 401]);
      expect(await response.text()).not.toContain("abcd");
    }
    expect(await storedTotals()).toMatchObject({ active: 3 });
  });

  it("nobody where there is no ADMIN_TOKEN", async () => {
    const table = layTable();
    const response = await table.send({
      method: "GET",
      path: "/api/admin/keys",
      headers: { authorization: "Bearer " },
    });
    expect(response.status).toBe(404);
  });

  it("not by another spelling of the path", async () => {
    const table = layTable({ ADMIN_TOKEN });
    for (const path of [
      "/api//admin/keys",
      "//api/admin/keys",
      "/api/%61dmin/keys",
      "/API/admin/keys",
      "/api/admin/./keys",
      "/api/x/../admin/keys",
      "/v1beta/../api/admin/keys",
      "/api/admin%2fkeys",
      "/api/admin/keys/",
    ]) {
      const response = await table.send({ method: "GET", path });
      expect([path, response.status]).toEqual([path, expect.toSatisfy((status: number) => status >= 400)]);
      expect(await response.text()).not.toContain("abcd");
    }
  });
});

describe("the cookie of a session", () => {
  const open = async () => {
    const { sessions } = createServices({ ...env, ADMIN_TOKEN }, { clock: () => Date.UTC(2026, 10, 21, 18) });
    const cookie = await sessions.open();
    return { cookie: `__Host-potluck=${cookie}`, csrf: (await sessions.find(cookie))?.csrfToken ?? "" };
  };

  it("reads, and with the session's own token it acts", async () => {
    const table = layTable({ ADMIN_TOKEN });
    const { cookie, csrf } = await open();
    expect((await table.send({ method: "GET", path: "/api/admin/keys", headers: { cookie } })).status).toBe(200);
    const headers = { cookie, "x-csrf-token": csrf, "sec-fetch-site": "same-origin" };
    const acted = await table.send({ path: "/api/admin/keys/actions", body: RETIRE_ALL, headers });
    expect(await acted.json()).toMatchObject({ done: 3 });
  });

  it.each<[string, (csrf: string) => Record<string, string>]>([
    ["without the session's token", () => ({})],
    ["with a wrong one", () => ({ "x-csrf-token": "x" })],
    ["with an empty one", () => ({ "x-csrf-token": "" })],
    ["from another site", (csrf) => ({ "x-csrf-token": csrf, "sec-fetch-site": "cross-site" })],
    ["from another origin", (csrf) => ({ "x-csrf-token": csrf, origin: "https://evil.example" })],
  ])("does nothing %s", async (_what, headersOf) => {
    const table = layTable({ ADMIN_TOKEN });
    const { cookie, csrf } = await open();
    for (const [method, path] of [
      ["POST", "/keys/actions"],
      ["PATCH", "/keys/1"],
      ["PUT", "/settings/MAX_RETRIES"],
      ["DELETE", "/settings/MAX_RETRIES"],
    ] as const) {
      const response = await table.send({
        method,
        path: `/api/admin${path}`,
        headers: { cookie, ...headersOf(csrf) },
        body: RETIRE_ALL,
      });
      expect([path, response.status]).toEqual([path, 403]);
    }
    expect(await storedTotals()).toMatchObject({ active: 3 });
  });
});

describe("other origins", () => {
  it.each([
    "/api/admin/keys",
    "/api/%61dmin/keys",
    "/api/admin/openapi.json",
    "/api/admin/nowhere",
    "/api//admin/keys",
  ])("neither ask nor read %s", async (path) => {
    const table = layOperatorTable();
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, origin: "https://evil.example" };
    const answer = await table.send({ method: "GET", path, headers });
    expect(answer.headers.has("access-control-allow-origin")).toBe(false);
    const preflight = await table.send({
      method: "OPTIONS",
      path,
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    expect(preflight.headers.has("access-control-allow-origin")).toBe(false);
    expect(preflight.ok).toBe(false);
  });

  it.each(["/admin", "/admin/keys", "/metrics", "/rotation-status", "/%6detrics"])("do not read %s", async (path) => {
    for (const method of ["GET", "OPTIONS"]) {
      const headers = { origin: "https://evil.example", authorization: `Bearer ${ADMIN_TOKEN}` };
      const response = await layOperatorTable().send({ method, path, headers });
      expect(response.headers.has("access-control-allow-origin")).toBe(false);
    }
  });

  it("go on reading what is for everybody", async () => {
    const response = await layTable().send({ method: "GET", path: "/keycount" });
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
  });

  it("no cache keeps what the operator read", async () => {
    const table = layOperatorTable();
    for (const path of ["/keys", "/keys/999", "/keys/export", "/nowhere"]) {
      expect((await table.call("GET", path)).headers.get("cache-control")).toBe("no-store");
    }
  });
});

describe("what is sent", () => {
  it.each([
    ["a form", "application/x-www-form-urlencoded"],
    ["text", "text/plain"],
    ["JSON by a name that is not its own", "text/plain; application/json"],
    ["a form with files", "multipart/form-data; boundary=x"],
  ])("%s is no JSON", async (_what, type) => {
    const called = await layOperatorTable().call("POST", "/keys/actions", RETIRE_ALL, { "content-type": type });
    expect(called.status).toBe(415);
    expect(messageOf(called)).toContain("content-type");
    expect(await storedTotals()).toMatchObject({ active: 3 });
  });

  it("ten megabytes are refused, declared or not", async () => {
    const table = layOperatorTable();
    const text = JSON.stringify({ text: "x".repeat(10_000_000) });
    expect((await table.call("POST", "/keys/import", text)).status).toBe(413);
    const called = await table.call("POST", "/keys/import", JSON.stringify({ text: "x".repeat(1_000_001) }));
    expect(called.status).toBe(400);
    expect(messageOf(called)).toContain("text");
  });

  it("what nests without end, is cut or is no UTF-8 is an error of the sender's", async () => {
    const table = layOperatorTable();
    for (const body of [
      `{"ids":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      '{"action":"retire"',
      "null",
      "\ud800",
    ]) {
      expect((await table.call("POST", "/keys/actions", body)).status).toBe(400);
    }
  });

  it("names that every object has are no fields", async () => {
    const table = layOperatorTable();
    const body = '{"action":"retire","filter":{},"__proto__":{"ids":[1]},"limit":1}';
    const called = await table.call("POST", "/keys/actions", body);
    expect(called.status === 400 || (called.body as { done: number }).done === 1).toBe(true);
    expect(({} as { ids?: unknown }).ids).toBeUndefined();
  });

  it("a field's name that is a key is not repeated", async () => {
    const key = `AIza${"x".repeat(35)}`;
    const called = await layOperatorTable().call("POST", "/keys/find", { [key]: "x", key: "12345678" });
    expect(called.status).toBe(400);
    expect(JSON.stringify(called.body)).not.toContain(key);
  });

  it("a route that is there says which methods it takes", async () => {
    const called = await layOperatorTable().call("DELETE", "/keys/1");
    expect(called.status).toBe(405);
    expect(called.headers.get("allow")).toBe("GET, PATCH");
    expect((await layOperatorTable().call("GET", "/nowhere")).status).toBe(404);
  });
});
