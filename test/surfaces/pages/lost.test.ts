import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { beforeEach, describe, expect, it } from "vitest";
import { createServices } from "../../../src/services.ts";
import { pageFailed } from "../../../src/surfaces/pages/errors.tsx";
import { emptyPool } from "../../support/pool-rows.ts";
import { layTable, newKey, type Sent } from "../../support/table.ts";

beforeEach(emptyPool);

const BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8";

const send = (sent: Sent) => layTable().send({ method: "GET", ...sent });

describe("An address that leads nowhere", () => {
  it.each(["/nowhere", "/my-key/x", "/wp-login.php", "/%6Dy-kez", "/badge.svg/x"])(
    "(%s) is a friendly page in a browser",
    async (path) => {
      const response = await send({ path, headers: { accept: BROWSER } });
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toMatch(/^text\/html/);
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(await response.text()).toContain("There is no such page");
    },
  );

  it("speaks the browser's language", async () => {
    const response = await send({ path: "/nowhere", headers: { accept: BROWSER, "accept-language": "zh" } });
    expect(await response.text()).toContain("没有这个页面");
  });

  it.each([
    ["a client", { path: "/nowhere", headers: { accept: "*/*" } }],
    ["a client with a key", { path: "/nowhere", key: newKey() }],
    ["a POST", { path: "/nowhere", method: "POST", headers: { accept: BROWSER } }],
    ["a browser below the API's versions", { path: "/v1/nowhere/at/all?x", headers: { accept: BROWSER }, key: "" }],
    ["a browser below OpenAI's prefix", { path: "/openai/v1/nowhere", headers: { accept: BROWSER } }],
    ["a browser at the operator's API", { path: "/api/admin/nowhere", headers: { accept: BROWSER } }],
  ] as const)("is the API's error for %s", async (_, sent) => {
    const { key, ...rest } = { key: undefined, ...sent };
    const response = await send(key ? { ...rest, key } : rest);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers.get("content-type")).toMatch(/json/);
    expect(await response.json()).toHaveProperty("error");
  });

  it("of Google's own saying so stays Google's", async () => {
    const table = layTable();
    const key = newKey();
    table.google.issue(key);
    const path = "/v1beta/models/no-such-model";
    const response = await table.send({ path, method: "GET", key, headers: { accept: BROWSER } });
    expect(response.headers.get("content-type")).toMatch(/json/);
  });
});

describe("A page that fails", () => {
  function failing(log: string[]) {
    const services = createServices(env, {
      log: (_, event, fields) => log.push(`${event} ${JSON.stringify(fields)}`),
    });
    const app = new Hono().get("/", () => {
      throw new Error("no such column: secret");
    });
    app.onError(pageFailed(services));
    return app;
  }

  it("says so to a person, without the cause, and with it in the log", async () => {
    const log: string[] = [];
    const response = await failing(log).request("/", { headers: { accept: BROWSER } });
    expect(response.status).toBe(503);
    const html = await response.text();
    expect(html).toContain("Something went wrong here");
    expect(html).not.toContain("secret");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(log.join()).toContain("page.failed");
  });

  it("leaves a client's error to the front door", () => {
    const request = new Request("https://potluck.example/", { headers: { accept: "application/json" } });
    expect(() => failing([]).fetch(request)).toThrow("no such column");
  });
});
