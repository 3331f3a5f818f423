import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { layOperatorTable, messageOf } from "../support/operator.ts";
import { emptyPool } from "../support/pool-rows.ts";
import { newKeys } from "../support/table.ts";

beforeEach(async () => {
  await emptyPool();
  await env.DB.prepare("delete from settings_overrides").run();
});

interface Setting {
  name: string;
  value: string;
  deployed: string;
  overridden: boolean;
}

describe("settings", () => {
  it("are listed without a secret among them", async () => {
    const { settings } = await layOperatorTable().get<{ settings: Setting[] }>("/settings");
    expect(settings.map(({ name }) => name)).toContain("MAX_RETRIES");
    expect(JSON.stringify(settings)).not.toMatch(/SECRET|ADMIN_TOKEN|a-secret-for-the-tests/);
  });

  it("hold on the next request, until they are taken back", async () => {
    const table = layOperatorTable();
    const keys = newKeys(4);
    await table.contribute(...keys);
    for (const key of keys) table.google.script(key, { kind: "error", fixture: "quota-minute" });
    const triesOf = async (key = "") => Number((await table.send({ key })).headers.get("x-pool-attempts"));
    const changed = await table.call("PUT", "/settings/MAX_RETRIES", { value: "0" });
    expect(changed.body).toMatchObject({ name: "MAX_RETRIES", value: "0", overridden: true });
    expect(await triesOf(keys[0])).toBe(1);
    const reset = await table.call("DELETE", "/settings/MAX_RETRIES");
    expect(reset.body).toMatchObject({ value: "3", overridden: false });
    table.advance(3_600_000);
    expect(await triesOf(keys[0])).toBeGreaterThan(1);
  });

  it.each([
    ["MAX_RETRIES", "99", 400, "MAX_RETRIES"],
    ["MAX_RETRIES", "-1", 400, "MAX_RETRIES"],
    ["MAX_RETRIES", "'; drop table settings_overrides", 400, "MAX_RETRIES"],
    ["POOL_SECRET", "x".repeat(40), 400, "secret"],
    ["ADMIN_TOKEN", "mine", 400, "secret"],
    ["GEMINI_BASE_URL", "https://evil.example", 400, "deployment"],
    ["NO_SUCH_THING", "1", 404, "no such setting"],
    ["constructor", "1", 400, "name"],
    ["__proto__", "1", 400, "name"],
  ])("%s takes no %s", async (name, value, status, word) => {
    const called = await layOperatorTable().call("PUT", `/settings/${name}`, { value });
    expect(called.status).toBe(status);
    expect(messageOf(called)).toContain(word);
    expect(await env.DB.prepare("select count(*) as n from settings_overrides").first("n")).toBe(0);
  });
});

describe("what happened", () => {
  it("is told at a glance", async () => {
    const table = layOperatorTable();
    const keys = newKeys(3);
    await table.contribute(...keys);
    await table.post("/keys/actions", { action: "retire", ids: [1] });
    await table.post("/keys/actions", { action: "cool", ids: [2] });
    expect(await table.get("/overview")).toMatchObject({
      keys: { active: 1, resting: 1, cooling: 0, retired: 1, withdrawn: 0 },
      lastDay: { requests: expect.any(Number) },
    });
  });

  it.each([
    ["/activity?range=year", "range"],
    ["/failures?limit=0", "limit"],
    ["/failures?keyId=1;--", "keyId"],
    ["/failures?verdict=' or 1=1", "verdict"],
    ["/failures?from=-1", "from"],
    ["/failures?order=asc", "order"],
  ])("%s is refused", async (path, field) => {
    const called = await layOperatorTable().call("GET", path);
    expect(called.status).toBe(400);
    expect(messageOf(called)).toContain(field);
  });

  it("a search for a percent sign or a quote finds what holds one", async () => {
    await env.DB.prepare("delete from failures").run();
    await env.DB.prepare(
      "insert into failures (at, verdict, message) values (1, 'busy', 'at 100% of it'), (2, 'busy', 'it''s over')",
    ).run();
    const table = layOperatorTable();
    const found = async (text: string) =>
      (await table.get<{ rows: unknown[] }>(`/failures?text=${encodeURIComponent(text)}`)).rows.length;
    expect([await found("%"), await found("'s"), await found("%o%"), await found("_")]).toEqual([1, 1, 0, 0]);
    await env.DB.prepare("delete from failures").run();
  });
});
