import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../../../src/app.ts";
import { createServices } from "../../../src/services.ts";
import { JsonBlock } from "../../../src/surfaces/pages/json-block.tsx";
import { emptyPool } from "../../support/pool-rows.ts";
import { layTable, newKeys } from "../../support/table.ts";

beforeEach(emptyPool);

const HTML = { accept: "text/html" };
const PAGES = ["/", "/my-key", "/nowhere", "/?lang=zh", "/my-key?lang=zh"];

describe("every page", () => {
  it.each(PAGES)("%s forbids all that is inline or from elsewhere", async (path) => {
    const { headers } = await layTable().send({ path, method: "GET", headers: HTML });
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy.split("; ").toSorted()).toEqual(
      [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ].toSorted(),
    );
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-frame-options")).toBe("DENY");
  });

  it.each(PAGES)("%s needs nothing of what it forbids", async (path) => {
    const table = layTable();
    await table.contribute(...newKeys(2));
    const html = await (await table.send({ path, method: "GET", headers: HTML })).text();
    const scripts = [...html.matchAll(/<script\b([^>]*)>/g)].map(([, attributes = ""]) => attributes);
    for (const attributes of scripts) expect(attributes).toMatch(/src="\/assets\/|type="application\/json"/);
    expect(html).not.toMatch(/<style\b|\sstyle=|\son[a-z]+=|javascript:/i);
    for (const [, address = ""] of html.matchAll(/<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="([^"]*)"/g))
      expect(address).toMatch(/^\/(?!\/)/);
  });
});

describe("what a stranger sends does not become markup", () => {
  async function openAt(url: string, headers: Record<string, string> = {}): Promise<string> {
    const app = createApp(createServices(env));
    const context = createExecutionContext();
    const response = await app.fetch(new Request(url, { headers: { ...HTML, ...headers } }), env, context);
    await waitOnExecutionContext(context);
    return response.text();
  }

  it("a Host header, where it is taken at all", async () => {
    for (const host of ["evil.example", "a'onload='x'.example", 'a"b.example', "a&b.example"]) {
      const url = `https://${host}/`;
      if (!URL.canParse(url)) continue;
      const html = await openAt(url);
      expect(html).not.toMatch(/'onload|"b\.example|a&b/);
    }
  });

  it("X-Forwarded-Host and -Proto are not believed", async () => {
    const html = await openAt("https://potluck.example/", {
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "javascript",
      forwarded: "host=evil.example",
    });
    expect(html).not.toContain("evil.example");
    expect(html).toContain("https://potluck.example/v1");
  });

  it.each(['/?lang="><script>alert(1)</script>', "/?lang=__proto__", "/?lang=constructor", "/?lang=EN"])(
    "%s is no language, and no cookie",
    async (path) => {
      const response = await layTable().send({ path, method: "GET", headers: HTML });
      expect(response.headers.has("set-cookie")).toBe(false);
      const html = await response.text();
      expect(html).toContain('<html lang="en"');
      expect(html).not.toContain("alert(1)");
    },
  );

  it("a wrong path, on the page that says so", async () => {
    const path = '/"><img src=x onerror=alert(1)>/%22%3E%3Cscript%3Ealert(2)%3C/script%3E';
    const html = await (await layTable().send({ path, method: "GET", headers: HTML })).text();
    expect(html).toContain("There is no such page");
    expect(html).not.toMatch(/<img|<script>alert/);
  });
});

describe("data for scripts", () => {
  it("cannot end the element that holds it", async () => {
    const hostile = { text: "</script><script>alert(1)</script><!-- \u2028 & ]]>" };
    const app = new Hono().get("/", (c) => c.html(JsonBlock({ data: hostile, "data-x": true })));
    const html = await (await app.request("/")).text();
    expect(html.match(/<\/?script/g)).toEqual(["<script", "</script"]);
    expect(html).not.toMatch(/<!--|\u2028/);
    expect(JSON.parse(/>(.*)</s.exec(html)?.[1] ?? "")).toEqual(hostile);
  });
});
