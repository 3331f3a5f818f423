import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { layOperatorTable, messageOf } from "../support/operator.ts";
import { emptyPool } from "../support/pool-rows.ts";
import { newKey, PROMPT } from "../support/table.ts";

interface Token {
  id: number;
  token?: string;
  name: string;
  lastFour: string;
  requestLimit: number | null;
  revokedAt: number | null;
}

beforeEach(async () => {
  await emptyPool();
  await env.DB.prepare("delete from tokens").run();
});

describe("access tokens", () => {
  it("are created, serve a caller without a key, and end when they are revoked", async () => {
    const table = layOperatorTable();
    await table.contribute(newKey());
    const { status, body } = await table.call("POST", "/tokens", { name: "team" });
    expect(status).toBe(201);
    const created = body as Token & { token: string };
    expect(created.token).toMatch(/^potluck-[\w-]{43}$/);
    const use = () => table.send({ key: created.token, body: PROMPT });
    expect((await use()).status).toBe(200);
    expect((await table.call("DELETE", `/tokens/${created.id}`)).status).toBe(204);
    expect((await use()).status).toBe(401);
    expect((await table.call("DELETE", `/tokens/${created.id}`)).status).toBe(404);
  });

  it("are never told again, nor is what they are stored as", async () => {
    const table = layOperatorTable();
    const { body } = await table.call("POST", "/tokens", { name: "team" });
    const { token = "" } = body as Token;
    const hash = await env.DB.prepare("select hash from tokens").first<string>("hash");
    const { body: list } = await table.call("GET", "/tokens");
    const told = JSON.stringify([list, table.log]);
    expect(told).toContain(token.slice(-4));
    expect(told).not.toContain(token.slice(8, -4));
    expect(told).not.toContain(hash);
  });

  it("change in what is named, and in nothing else", async () => {
    const table = layOperatorTable();
    const { body } = await table.call("POST", "/tokens", { name: "team", requestLimit: 5, models: "gemini-*" });
    const { id } = body as Token;
    expect((await table.call("PATCH", `/tokens/${id}`, { requestLimit: null })).body).toMatchObject({
      name: "team",
      models: "gemini-*",
      requestLimit: null,
    });
    expect((await table.call("PATCH", `/tokens/${id}`, { models: "" })).body).toMatchObject({ models: null });
    expect((await table.call("PATCH", "/tokens/999999", { name: "x" })).status).toBe(404);
  });

  it.each([
    [{}, "name"],
    [{ name: "" }, "name"],
    [{ name: "x".repeat(101) }, "name"],
    [{ name: "x", expiresAt: 1 }, "expiresAt"],
    [{ name: "x", expiresAt: "tomorrow" }, "expiresAt"],
    [{ name: "x", requestLimit: 0 }, "requestLimit"],
    [{ name: "x", requestLimit: -5 }, "requestLimit"],
    [{ name: "x", limitPeriod: "hour" }, "limitPeriod"],
    [{ name: "x", models: "a; drop table keys" }, "models"],
    [{ name: "x", models: "a b" }, "models"],
    [{ name: "x", models: "," }, "models"],
    [{ name: "x", models: "a".repeat(2001) }, "models"],
    [{ name: "x", hash: "mine" }, "hash"],
    [{ name: "x", token: "potluck-mine" }, "token"],
  ])("%j is refused", async (body, field) => {
    const called = await layOperatorTable().call("POST", "/tokens", body);
    expect(called.status).toBe(400);
    expect(messageOf(called)).toContain(field);
    expect(await env.DB.prepare("select count(*) as n from tokens").first("n")).toBe(0);
  });
});
