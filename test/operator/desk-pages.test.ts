import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { CONTENT_SECURITY_POLICY } from "../../src/surfaces/pages/security-headers.ts";
import { forgetSignIns, layDesk } from "../support/desk.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { coolWhere, emptyPool, seedKeys } from "../support/pool-rows.ts";
import { MODEL, START } from "../support/table.ts";

const HOUR_MS = 3_600_000;

beforeEach(async () => {
  await emptyPool();
  await forgetSignIns();
  await env.DB.batch(
    ["failures", "tokens", "activity", "key_counts", "key_models", "settings_overrides"].map((table) =>
      env.DB.prepare(`delete from ${table}`),
    ),
  );
});

const PAGES = [
  "/admin",
  "/admin?range=hour",
  "/admin?range=month",
  "/admin/keys",
  "/admin/keys?status=retired&sort=uses&order=desc",
  "/admin/keys/1",
  "/admin/keys/import",
  "/admin/tokens",
  "/admin/tokens/1",
  "/admin/settings",
  "/admin/failures",
];

async function seedToken(name: string, models: string | null = null): Promise<void> {
  await env.DB.prepare(
    "insert into tokens (id, hash, name, last_four, created_at, models) values (1, 'h', ?, 'wxyz', 0, ?)",
  )
    .bind(name, models)
    .run();
}

async function seedFailure(message: string, model: string, verdict = "key_dead"): Promise<void> {
  await env.DB.prepare(
    "insert into failures (at, key_id, token_id, model, verdict, status, message) values (?, 1, 1, ?, ?, 400, ?)",
  )
    .bind(START - 1000, model, verdict, message)
    .run();
}

describe("every page of the desk", () => {
  it.each(["en", "zh"])("opens in %s, with a policy that runs nothing inline", async (lang) => {
    const browser = await layDesk().signIn();
    await seedKeys(3);
    await seedToken("Team");
    await seedFailure("API key not valid.", MODEL);
    for (const path of PAGES) {
      const { status, html, headers } = await browser.open(path, { "accept-language": lang });
      expect([path, status]).toEqual([path, 200]);
      expect(headers.get("content-security-policy")).toBe(CONTENT_SECURITY_POLICY);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(html).toContain(lang === "zh" ? '<html lang="zh-Hans"' : '<html lang="en"');
      expect(html).toMatch(/<meta name="robots" content="noindex"/);
      expect(html).not.toMatch(/ style=| on[a-z]+=|<style|<script(?![^>]*(?:src=|type="application\/json"))/i);
      expect(html).not.toMatch(/undefined|\[object Object\]|NaN/);
    }
  });

  it("has none of the keys' secrets in it", async () => {
    const desk = layDesk();
    const browser = await desk.signIn();
    const key = `AIza${crypto.randomUUID().replaceAll("-", "")}sec`;
    await desk.contribute(key);
    const row = await env.DB.prepare("select fingerprint, ciphertext from keys").first<Record<string, string>>();
    await seedToken("Team");
    for (const path of PAGES) {
      const { html } = await browser.open(path);
      for (const secret of [key, row?.["fingerprint"] ?? "?", row?.["ciphertext"] ?? "?", env.POOL_SECRET]) {
        expect(html).not.toContain(secret);
      }
    }
  });

  it("shows the numbers of one model, whatever its name", async () => {
    const desk = layDesk();
    const browser = await desk.signIn();
    await env.DB.prepare(
      "insert into activity (span, start_at, model, requests, served) values (300000, ?, ?, 7, 7), (300000, ?, 'gemini-2.5-pro', 5, 5)",
    )
      .bind(START, MODEL, START)
      .run();
    const { html } = await browser.open(`/admin?range=hour&model=${MODEL}`);
    expect(html).toContain(`href="/admin?range=hour&amp;model=gemini-2.5-pro"`);
    expect(html).toContain("7 requests, 7 served");
    expect(html).toMatch(/href="\/admin\?range=hour">All models</);
    expect(html.match(/<tr class="is-chosen">/g)).toHaveLength(1);
    expect(html).toContain(`href="/admin/failures?model=${MODEL}"`);
    expect(html).not.toContain("Nothing was asked of it");
    expect((await browser.open("/admin?range=hour&model=unknown")).html).toContain("Nothing was asked of it");
    const hostile = await browser.open(`/admin?model=${encodeURIComponent('"><script>alert(1)</script>')}`);
    expect(hostile.status).toBe(200);
    expect(hostile.html).not.toContain("<script>alert");
  });

  it.each([
    ["/admin", "/admin", "page"],
    ["/admin/keys?status=retired", "/admin/keys", "page"],
    ["/admin/keys/1", "/admin/keys", "true"],
    ["/admin/keys/import", "/admin/keys/import", "page"],
    ["/admin/tokens/1", "/admin/tokens", "true"],
  ])("%s is found in the navigation, once", async (path, href, current) => {
    const browser = await layDesk().signIn();
    await seedKeys(1);
    await seedToken("Team");
    const { html } = await browser.open(path);
    const links = [...html.matchAll(/<a class="nav__link" href="([^"]+)"(?: aria-current="(\w+)")?>/g)];
    expect(links).toHaveLength(6);
    const marked = links.filter(([, , mark]) => mark !== undefined).map(([, link, mark]) => [link, mark]);
    expect(marked).toEqual([[href, current]]);
  });

  it("says that the database did not answer, and no more, where it did not", async () => {
    const d1 = new FaultyD1();
    const desk = layDesk({ DB: d1.binding });
    const browser = await desk.signIn();
    d1.mood = "fails";
    d1.only = /keys|activity|failures|tokens|settings_overrides/;
    for (const path of ["/admin", "/admin/keys", "/admin/failures", "/admin/tokens", "/admin/settings"]) {
      const { status, html, headers } = await browser.open(path);
      expect([path, status]).toEqual([path, 503]);
      expect(html).toContain("The database did not answer");
      expect(html).not.toContain("simulated failure");
      expect(headers.get("content-security-policy")).toBe(CONTENT_SECURITY_POLICY);
    }
  });
});

describe("hostile text", () => {
  const ATTACKS = [
    `<script>alert(1)</script>`,
    `"><img src=x onerror=alert(1)>`,
    `' autofocus onfocus='alert(1)`,
    `</script><script>alert(1)</script>`,
    `</textarea><script>alert(1)</script>`,
    `javascript:alert(1)`,
    `{{constructor.constructor('alert(1)')()}}`,
    `\u2028<!--<script>`,
  ];

  it.each(ATTACKS)("%j stays text on every page", async (attack) => {
    const browser = await layDesk().signIn();
    await seedKeys(2);
    await env.DB.batch([
      env.DB.prepare("update keys set note = ?1, words = ?1, reason = ?1, last_four = substr(?1, 1, 4)").bind(attack),
      env.DB.prepare("update keys set status = 'retired' where id = 1"),
      env.DB.prepare("insert into key_models values (1, ?, 1, 1, 1)").bind(attack),
      env.DB.prepare(
        "insert into activity (span, start_at, model, requests, latency_ms) values (3600000, ?, ?, 5, 5)",
      ).bind(START - HOUR_MS, attack),
    ]);
    await coolWhere("id = 1", attack, START + HOUR_MS);
    await seedToken(attack, attack);
    await seedFailure(attack, attack, attack);
    for (const path of [...PAGES, `/admin/keys?reason=${encodeURIComponent(attack)}&q=${encodeURIComponent(attack)}`]) {
      const { html } = await browser.open(path);
      if (!attack.startsWith("javascript")) expect(html).not.toContain(attack);
      expect(html).not.toMatch(/(?:href|src|action)="javascript/);
      expect(html).not.toMatch(/<img src=x|<script>alert|<!--<script| onfocus='/);
    }
    const search = await browser.submit("/admin/keys/search", { q: attack });
    expect(search.html).not.toMatch(/<img src=x|<script>alert/);
    const token = await browser.submit("/admin/tokens", { name: attack, models: attack, limitPeriod: "total" });
    expect(token.html).not.toMatch(/<img src=x|<script>alert/);
    const setting = await browser.submit("/admin/settings/MODELS", { value: attack });
    expect(setting.html).not.toMatch(/<img src=x|<script>alert/);
    const note = await browser.submit("/admin/keys/1/note", { note: attack.repeat(40) });
    expect(note.html).not.toMatch(/<img src=x|<script>alert/);
  });

  it("in a note is kept as it was written", async () => {
    const browser = await layDesk().signIn();
    await seedKeys(1);
    const note = `</textarea><b>"quoted" & 'so on'</b>\nsecond line 中文`;
    expect((await browser.submit("/admin/keys/1/note", { note })).status).toBe(303);
    expect(await env.DB.prepare("select note from keys").first("note")).toBe(note);
    expect((await browser.open("/admin/keys/1")).html).toContain("&lt;/textarea&gt;");
  });
});

describe("paths below /admin", () => {
  const TRICKS = [
    "/admin/..%2fkeys",
    "/admin/keys/%2e%2e/settings",
    "/admin//keys",
    "/admin/keys/",
    "/admin/keys/1/",
    "/admin/keys/../keys",
    "/admin/keys/1%00",
    "/admin/keys/-1",
    "/admin/keys/1e3",
    "/admin/keys/99999999999999999999",
    "/admin/keys/__proto__",
    "/admin/settings/MAX_RETRIES",
    "/admin/%73ettings",
    "/admin/sign-out",
    "/admin/.env",
    "/admin/desk.tsx",
    "/%61dmin/keys",
    "/admin;x=1/keys",
    "/admin/assets/desk.css",
  ];

  it.each(TRICKS)("%s shows nothing to who is not signed in", async (path) => {
    const { send } = layDesk();
    await seedKeys(3);
    for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE"]) {
      const response = await send({ method, path, ...(method === "POST" ? { body: "" } : {}) });
      expect([method, response.status]).toEqual([method, expect.toSatisfy((status: number) => status >= 300)]);
      const text = await response.text();
      expect(text).not.toContain("abcd");
      expect(text).not.toContain("MAX_RETRIES");
    }
  });

  it.each(TRICKS)("%s is a page or none to who is signed in, and never an error", async (path) => {
    const browser = await layDesk().signIn();
    await seedKeys(3);
    const { status } = await browser.open(path);
    expect([200, 303, 308, 400, 403, 404]).toContain(status);
  });

  it("leads to no page with an outside address", async () => {
    const browser = await layDesk().signIn();
    for (const path of [
      "/admin/?lang=zh&to=//evil.example",
      "/admin/keys?cursor=//evil.example",
      "//evil.example/admin",
    ]) {
      const { headers, html } = await browser.open(path);
      expect(headers.get("location") ?? "/").toMatch(/^\/(?!\/)/);
      expect(html).not.toMatch(/(?:href|action|src)="(?:https?:)?\/\/evil/);
    }
  });
});

describe("the overview", () => {
  it("warns of an empty pool, and of one that runs dry", async () => {
    const desk = layDesk();
    const browser = await desk.signIn();
    expect((await browser.open("/admin")).html).toContain("The pool has no active key");
    await seedKeys(10);
    expect((await browser.open("/admin")).html).not.toMatch(/runs dry|no active key/);
    await env.DB.prepare("update keys set resting_until = ? where id <= 7")
      .bind(START + HOUR_MS)
      .run();
    // Who rests is counted twice a minute.
    desk.advance(30_000);
    expect((await browser.open("/admin")).html).toContain("The pool runs dry");
  });

  it("shows at once what the operator did", async () => {
    const browser = await layDesk().signIn();
    await seedKeys(10);
    expect((await browser.open("/admin")).html).toContain("0 resting, 0 cooling");
    await browser.submit("/admin/keys/actions", { action: "cool", ids: ["1", "2"], confirmed: "yes" });
    expect((await browser.open("/admin")).html).toContain("2 resting, 0 cooling");
  });

  it("shows the numbers of the range that was asked for", async () => {
    const browser = await layDesk().signIn();
    await seedKeys(1);
    await env.DB.prepare(
      "insert into activity (span, start_at, model, requests, served, caller_faults, latency_ms) values (3600000, ?, ?, 1234, 1000, 34, 1)",
    )
      .bind(START - 3 * 24 * HOUR_MS, MODEL)
      .run();
    expect((await browser.open("/admin?range=week")).html).toContain("1,234 requests, 1,000 served");
    expect((await browser.open("/admin?range=week")).html).toContain("83.3%");
    expect((await browser.open("/admin")).html).toContain("0 requests, 0 served");
    expect((await browser.open("/admin?range=__proto__")).status).toBe(200);
  });
});

describe("the list of keys", () => {
  it("pages over all keys, each once, by filter and order", async () => {
    const browser = await layDesk().signIn();
    await seedKeys(120);
    await env.DB.prepare(
      "update keys set uses = id * 7 % 13, status = iif(id % 2, 'active', 'retired'), reason = iif(id % 2, null, 'API_KEY_INVALID')",
    ).run();
    const seen: string[] = [];
    let path: string | undefined = "/admin/keys?status=retired&sort=uses&order=desc";
    for (let pages = 0; path !== undefined && pages < 9; pages++) {
      const { html } = await browser.open(path);
      seen.push(...[...html.matchAll(/name="ids" value="(\d+)"/g)].map(([, id]) => id ?? ""));
      const [, next] = /href="([^"]+)" rel="next"/.exec(html) ?? [];
      path = next?.replaceAll("&amp;", "&");
    }
    expect(seen.length).toBe(60);
    expect(new Set(seen).size).toBe(60);
  });

  it("goes back page by page, by the same pages", async () => {
    const browser = await layDesk().signIn();
    await seedKeys(120);
    const idsOf = (html: string) => [...html.matchAll(/name="ids" value="(\d+)"/g)].map(([, id]) => Number(id));
    const linkOf = (html: string, rel: string) =>
      new RegExp(`href="([^"]+)" rel="${rel}"`).exec(html)?.[1]?.replaceAll("&amp;", "&");
    const first = await browser.open("/admin/keys?sort=id&order=desc");
    expect(linkOf(first.html, "prev")).toBeUndefined();
    const second = await browser.open(linkOf(first.html, "next") ?? "");
    const third = await browser.open(linkOf(second.html, "next") ?? "");
    expect([idsOf(third.html).length, linkOf(third.html, "next")]).toEqual([20, undefined]);
    const secondAgain = await browser.open(linkOf(third.html, "prev") ?? "");
    expect(idsOf(secondAgain.html)).toEqual(idsOf(second.html));
    const firstAgain = await browser.open(linkOf(secondAgain.html, "prev") ?? "");
    expect(idsOf(firstAgain.html)).toEqual(idsOf(first.html));
    expect(linkOf(firstAgain.html, "prev")).toBeUndefined();
    expect(idsOf((await browser.open(linkOf(firstAgain.html, "next") ?? "")).html)).toEqual(idsOf(second.html));
  });

  it("begins anew where all that stood at the place is gone", async () => {
    const browser = await layDesk().signIn();
    await seedKeys(60);
    const { html } = await browser.open("/admin/keys");
    const [, next = ""] = /href="([^"]+)" rel="next"/.exec(html) ?? [];
    await env.DB.prepare("update keys set status = 'deleted' where id > 50").run();
    const { status, headers } = await browser.open(next);
    expect([status, headers.get("location")]).toEqual([303, "/admin/keys"]);
    await env.DB.prepare("update keys set status = 'deleted'").run();
    expect((await browser.open("/admin/keys")).html).toContain("The pool is empty");
  });

  it("begins anew where the place belongs to another list", async () => {
    const browser = await layDesk().signIn();
    await seedKeys(60);
    const { status, headers } = await browser.open("/admin/keys?status=active&cursor=W10");
    expect([status, headers.get("location")]).toEqual([303, "/admin/keys?status=active"]);
  });
});

describe("the log of failed attempts", () => {
  const linkOf = (html: string, rel: string) =>
    new RegExp(`href="([^"]+)" rel="${rel}"`).exec(html)?.[1]?.replaceAll("&amp;", "&");

  it("goes back page by page, by the same pages, with its filter", async () => {
    const browser = await layDesk().signIn();
    await env.DB.prepare(
      `insert into failures (at, model, verdict, message)
       select ?, 'm', iif(value % 2, 'busy', 'quota_day'), 'words ' || value || '.' from json_each(?)`,
    )
      .bind(START, JSON.stringify(Array.from({ length: 240 }, (_one, at) => at + 1)))
      .run();
    const wordsOf = (html: string) => html.match(/words \d+\./g);
    const pages: string[] = [];
    for (let path: string | undefined = "/admin/failures?verdict=busy"; path !== undefined;) {
      const { html } = await browser.open(path);
      pages.push(html);
      path = linkOf(html, "next");
    }
    expect(pages.map((html) => wordsOf(html)?.length)).toEqual([50, 50, 20]);
    expect(linkOf(pages[0] ?? "", "prev")).toBeUndefined();
    let html = pages[2] ?? "";
    for (const at of [1, 0]) {
      ({ html } = await browser.open(linkOf(html, "prev") ?? ""));
      expect(wordsOf(html)).toEqual(wordsOf(pages[at] ?? ""));
    }
    expect(linkOf(html, "prev")).toBeUndefined();
  });

  it("takes no word for a way back that is none", async () => {
    const browser = await layDesk().signIn();
    await seedFailure("the first words", "gemini-a");
    for (const trail of ["//evil.example", "1,,2", "-1", "1e3", '"><script>', "1,".repeat(200) + "1"]) {
      const { status, html } = await browser.open(`/admin/failures?before=9&trail=${encodeURIComponent(trail)}`);
      expect([trail, status, linkOf(html, "prev")]).toEqual([trail, 200, undefined]);
    }
  });

  it("is filtered by time, key, model, verdict, status and words", async () => {
    const browser = await layDesk().signIn();
    await seedFailure("the first words", "gemini-a", "key_dead");
    await seedFailure("other words", "gemini-b", "quota_day");
    const shown = async (query: string) => {
      const { html } = await browser.open(`/admin/failures?${query}`);
      return [html.includes("the first words"), html.includes("other words")];
    };
    expect(await shown("")).toEqual([true, true]);
    expect(await shown("text=FIRST")).toEqual([true, false]);
    expect(await shown("model=gemini-b")).toEqual([false, true]);
    expect(await shown("verdict=key_dead")).toEqual([true, false]);
    expect(await shown("key=1&token=1&status=400")).toEqual([true, true]);
    expect(await shown("key=2")).toEqual([false, false]);
    expect(await shown("from=2026-11-21T18:00")).toEqual([false, false]);
    expect(await shown("to=2026-11-21T18:00&from=2026-11-21T17:00")).toEqual([true, true]);
    expect(await shown("from=nonsense&status=x&verdict=%3Cscript%3E&key=1'--")).toEqual([true, true]);
  });
});
