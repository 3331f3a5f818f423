import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { FaultyD1 } from "../../support/faulty-d1.ts";
import { emptyPool } from "../../support/pool-rows.ts";
import { layTable, MODEL, newKeys, START, type Table } from "../../support/table.ts";

/** What Chromium sends when somebody types an address. */
const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
const HOUR_MS = 3_600_000;

beforeEach(async () => {
  await emptyPool();
  await env.DB.batch([env.DB.prepare("delete from activity"), env.DB.prepare("delete from key_counts")]);
});

function open(table: Table, headers: Record<string, string> = {}, path = "/"): Promise<Response> {
  return table.send({ path, method: "GET", headers: { accept: BROWSER, ...headers } });
}

async function pageOf(table: Table, headers?: Record<string, string>, path?: string): Promise<string> {
  return (await open(table, headers, path)).text();
}

function text(html: string): string {
  return html
    .replaceAll(/<script[\s\S]*?<\/script>/g, "")
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ");
}

async function countRequests(requests: number, served: number, servedByPool: number, callerFaults: number) {
  await env.DB.prepare(
    "insert into activity (span, start_at, model, requests, served, served_by_pool, caller_faults) values (300000, ?, ?, ?, ?, ?, ?)",
  )
    .bind(START - (START % HOUR_MS) - HOUR_MS, MODEL, requests, served, servedByPool, callerFaults)
    .run();
}

describe("GET / answers in the form that was asked for", () => {
  it.each([
    ["a browser", BROWSER],
    ["a browser of old", "text/html, image/gif, */*; q=.2"],
    ["HTML alone", "TEXT/HTML"],
  ])("%s gets the page", async (_, accept) => {
    const response = await open(layTable(), { accept });
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    expect(await response.text()).toMatch(/^<!doctype html>/);
    expect(response.headers.get("vary")).toContain("accept");
  });

  it.each([
    ["curl", "*/*"],
    ["an SDK", "application/json"],
    ["nothing said", ""],
    ["HTML refused", "text/html;q=0, */*"],
    ["plain text preferred", "text/html;q=0.5, text/plain"],
  ])("%s gets the plain words", async (_, accept) => {
    const response = await open(layTable(), { accept });
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(await response.text()).toContain("https://potluck.example/v1");
    expect(response.headers.get("vary")).toContain("accept");
  });
});

describe("the public page", () => {
  it("fills this deployment's address into every client's settings", async () => {
    const html = await pageOf(layTable());
    expect(html).not.toContain("potluck.example.com");
    for (const setting of [
      "baseUrl: &quot;https://potluck.example&quot;",
      "baseURL: &quot;https://potluck.example/v1&quot;",
      "base_url=&quot;https://potluck.example&quot;",
      "curl --fail-with-body https://potluck.example/v1beta/models/",
      "GOOGLE_GEMINI_BASE_URL=&quot;https://potluck.example&quot;",
    ])
      expect(html).toContain(setting);
    for (const app of ["Cherry Studio", "NextChat", "LobeChat", "Open WebUI"]) expect(html).toContain(app);
  });

  it("tells how many keys there are and what they did in a day", async () => {
    const table = layTable();
    await table.contribute(...newKeys(3));
    await countRequests(1250, 1100, 990, 50);
    const words = text(await pageOf(table));
    expect(words).toContain("3 keys at the table");
    expect(words).toMatch(/Requests served (?:1,1\d\d) of 1,25\d/);
    // 1100 of the 1200 that callers did not spoil.
    expect(words).toMatch(/Success rate 91\.\d%/);
  });

  it("has the chart's numbers as a table too", async () => {
    const table = layTable();
    await table.contribute(...newKeys(1));
    await countRequests(777, 777, 0, 0);
    const html = await pageOf(table);
    expect(html).toContain('data-chart="true"');
    expect(html).toMatch(/<td class="is-number">777<\/td>/);
    const data = JSON.parse(/data-chart-data="true">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? "{}");
    expect(data.series[0].values).toContain(777);
    expect(data.times).toHaveLength(24);
  });

  it("draws no chart of nothing", async () => {
    const html = await pageOf(layTable());
    expect(html).not.toContain("data-chart");
    expect(text(html)).toContain("No requests in the last 24 hours yet");
  });

  it("may be kept for a short while, by the one who asked", async () => {
    const cache = (await open(layTable())).headers.get("cache-control") ?? "";
    expect(cache).toContain("private");
    expect(Number(/max-age=(\d+)/.exec(cache)?.[1])).toBeLessThanOrEqual(60);
  });

  it("looked at again and again asks D1 once", async () => {
    const d1 = new FaultyD1();
    const table = layTable({ DB: d1.binding });
    await pageOf(table);
    d1.takeTrips();
    for (let at = 0; at < 20; at++) await pageOf(table);
    expect(d1.takeTrips()).toHaveLength(0);
  });
});

describe("what people should know", () => {
  it("says that the prompt is asked not to be stored, where that is so", async () => {
    const words = text(await pageOf(layTable({ PROMPT_STORE: "never" })));
    expect(words).toContain("asks Google not to store the prompt");
  });

  it("does not say so where the operator left it to Google", async () => {
    const words = text(await pageOf(layTable({ PROMPT_STORE: "leave" })));
    expect(words).not.toContain("asks Google not to store");
    expect(words).toContain("leaves it to Google");
  });

  it("says for how long failures are kept here", async () => {
    expect(text(await pageOf(layTable({ FAILURES_KEEP_DAYS: "3" })))).toContain("for 3 days");
  });

  it("says who could read and who bears the cost, in both languages", async () => {
    const table = layTable();
    const english = text(await pageOf(table));
    for (const words of [
      "The owner of the key that serves you",
      "Cloudflare",
      "charged to you",
      "delete the key at Google",
    ])
      expect(english).toContain(words);
    const chinese = text(await pageOf(table, { "accept-language": "zh-CN" }));
    for (const words of ["为你服务的那把密钥的主人", "Cloudflare", "账单记在你头上", "到 Google 那里删除这把密钥"])
      expect(chinese).toContain(words);
  });

  it("tells newcomers that a closed pool takes no keys, and only then", async () => {
    expect(text(await pageOf(layTable({ CONTRIBUTION: "closed" })))).toContain("takes no new keys");
    expect(text(await pageOf(layTable()))).not.toContain("takes no new keys");
  });

  it("links to the source where the operator says where it is", async () => {
    expect(await pageOf(layTable({ SOURCE_URL: "https://git.example/potluck?a=1&b=2" }))).toContain(
      'href="https://git.example/potluck?a=1&amp;b=2"',
    );
    expect(await pageOf(layTable())).not.toContain("Source code");
  });
});

describe("while D1 does not answer", () => {
  it.each(["fails", "hangs"] as const)("(it %s) the page stands, says so, and is not kept", async (mood) => {
    const d1 = new FaultyD1();
    d1.mood = mood;
    const response = await open(layTable({ DB: d1.binding, D1_TIMEOUT_MS: "20" }));
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const html = await response.text();
    expect(text(html)).toContain("The database does not answer right now");
    expect(html).toContain("https://potluck.example/v1");
    expect(html).not.toMatch(/D1_ERROR|simulated|select /i);
  });

  it("the page does not wait for the day's numbers alone longer than a request would", async () => {
    const table = layTable({ DB: silentAbout("activity"), D1_TIMEOUT_MS: "20" });
    expect(text(await pageOf(table))).toContain("0 keys at the table");
  });

  it("a page without the day's numbers still tells the count of keys", async () => {
    const table = layTable({}, {});
    await env.DB.prepare("alter table activity rename to activity_gone").run();
    try {
      const response = await open(table);
      expect(response.status).toBe(200);
      expect(text(await response.text())).toContain("0 keys at the table");
    } finally {
      await env.DB.prepare("alter table activity_gone rename to activity").run();
    }
  });
});

/** The database, but for statements about one table, which are never answered. */
function silentAbout(table: string): D1Database {
  const silent: D1PreparedStatement = new Proxy({} as D1PreparedStatement, {
    get: (_, name) => (name === "bind" ? () => silent : () => new Promise(() => {})),
  });
  const prepare = (sql: string) => (sql.includes(table) ? silent : env.DB.prepare(sql));
  return new Proxy(env.DB, { get: (target, name) => (name === "prepare" ? prepare : Reflect.get(target, name)) });
}
