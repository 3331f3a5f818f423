import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { forgetSignIns, formRequest, layDesk, toPage, type Fields } from "../support/desk.ts";
import { emptyPool, seedKeys, storedKeys, storedTotals } from "../support/pool-rows.ts";

beforeEach(async () => {
  await emptyPool();
  await forgetSignIns();
  await env.DB.batch([env.DB.prepare("delete from tokens"), env.DB.prepare("delete from settings_overrides")]);
});

/** Every form of the desk, and what it would do. */
const FORMS: readonly [path: string, fields: Fields][] = [
  ["/admin/keys/actions", { action: "retire", all: "1", confirmed: "yes" }],
  ["/admin/keys/actions", { action: "delete", ids: ["1", "2"], confirmed: "yes" }],
  ["/admin/keys/1/note", { note: "a note" }],
  ["/admin/keys/import", { text: `AIza${"Aa1".repeat(11)}xx` }],
  ["/admin/keys/search", { q: "1" }],
  ["/admin/tokens", { name: "a token", limitPeriod: "total" }],
  ["/admin/tokens/1/revoke", { confirmed: "yes" }],
  ["/admin/settings/MAX_RETRIES", { value: "0" }],
  ["/admin/sign-out", {}],
];

async function whatChanged() {
  const count = (table: string) => env.DB.prepare(`select count(*) as n from ${table}`).first<number>("n");
  return {
    totals: await storedTotals(),
    tokens: await count("tokens"),
    settings: await count("settings_overrides"),
    sessions: await count("sessions"),
    notes: await env.DB.prepare("select count(*) as n from keys where note is not null").first<number>("n"),
  };
}

describe("a form of the desk", () => {
  it.each<[string, (csrf: string, other: string) => { fields: Fields; headers: Record<string, string> }]>([
    ["without the session's token", () => ({ fields: {}, headers: {} })],
    ["with an empty token", () => ({ fields: { csrf: "" }, headers: {} })],
    ["with a made-up token", () => ({ fields: { csrf: "A".repeat(43) }, headers: {} })],
    ["with another session's token", (_csrf, other) => ({ fields: { csrf: other }, headers: {} })],
    ["with the token in the wrong place", (csrf) => ({ fields: {}, headers: { "x-csrf-token": csrf } })],
    ["from another site", (csrf) => ({ fields: { csrf }, headers: { "sec-fetch-site": "cross-site" } })],
    ["from a neighbour's site", (csrf) => ({ fields: { csrf }, headers: { "sec-fetch-site": "same-site" } })],
    ["as JSON", (csrf) => ({ fields: { csrf }, headers: { "content-type": "text/plain" } })],
  ])("does nothing %s", async (_what, forgeryOf) => {
    const desk = layDesk();
    await seedKeys(3);
    const victim = await desk.signIn();
    const other = await desk.signIn();
    const before = await whatChanged();
    const { fields, headers } = forgeryOf(victim.csrf, other.csrf);
    for (const [path, form] of FORMS) {
      const request = formRequest(path, { ...form, ...fields }, { cookie: victim.cookie, ...headers });
      const { status, html } = await toPage(await desk.send(request));
      expect([path, status]).toEqual([path, 403]);
      expect(html).toContain("Nothing was changed");
    }
    expect(await whatChanged()).toEqual(before);
    expect(desk.google.calls).toEqual([]);
  });

  it("does nothing by a foreign origin where the browser tells no more", async () => {
    const desk = layDesk();
    const { cookie, csrf } = await desk.signIn();
    for (const origin of ["https://evil.example", "null", "https://potluck.example.evil.example"]) {
      const request = formRequest("/admin/settings/MAX_RETRIES", { csrf, value: "0" }, { cookie, origin });
      delete request.headers?.["sec-fetch-site"];
      expect([origin, (await desk.send(request)).status]).toEqual([origin, 403]);
    }
    const own = formRequest(
      "/admin/settings/MAX_RETRIES",
      { csrf, value: "0" },
      { cookie, origin: "https://potluck.example" },
    );
    delete own.headers?.["sec-fetch-site"];
    expect((await desk.send(own)).status).toBe(303);
  });

  it("does nothing without a session, and keeps no word of what was sent", async () => {
    const desk = layDesk();
    for (const [path, fields] of FORMS) {
      const answer = await desk.send(formRequest(path, { ...fields, secret: "word" }));
      expect([path, answer.status, answer.headers.get("location")]).toEqual([path, 303, "/admin/sign-in"]);
    }
  });

  it("larger than a megabyte is refused before anything is read", async () => {
    const desk = layDesk();
    const browser = await desk.signIn();
    const page = await browser.submit("/admin/keys/import", { text: "x".repeat(1_100_000) });
    expect([page.status, page.html.includes("That is too much at once")]).toEqual([413, true]);
  });
});

describe("work on keys without JavaScript", () => {
  it("asks first, then does five hundred a step and says how to go on", async () => {
    const browser = await layDesk().signIn();
    await seedKeys(620);
    const asked = await browser.submit("/admin/keys/actions", { action: "retire", all: "1", status: "active" });
    expect(asked.html).toContain("Retire 620 keys?");
    expect(await storedTotals()).toMatchObject({ active: 620 });

    const first = await browser.submit("/admin/keys/actions", {
      action: "retire",
      all: "1",
      status: "active",
      confirmed: "yes",
    });
    expect(first.html).toContain("500 of 620 keys so far");
    expect(await storedTotals()).toMatchObject({ active: 120, retired: 500 });

    const hidden = Object.fromEntries(
      [...first.html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
        name ?? "",
        value ?? "",
      ]),
    );
    const last = await browser.submit("/admin/keys/actions", hidden);
    expect(last.html).toContain("620 keys retired.");
    expect(await storedTotals()).toMatchObject({ active: 0, retired: 620 });
  });

  it("does nothing where no key is chosen, or no action", async () => {
    const browser = await layDesk().signIn();
    await seedKeys(2);
    for (const fields of [
      { action: "retire" },
      { ids: "1" },
      { action: "explode", ids: "1" },
      { action: "retire", ids: "x" },
    ]) {
      const page = await browser.submit("/admin/keys/actions", { ...fields, confirmed: "yes" });
      expect(page.status).toBe(422);
    }
    expect(await storedTotals()).toMatchObject({ active: 2 });
  });

  it("does not go on with another work's place", async () => {
    const browser = await layDesk().signIn();
    await seedKeys(2);
    for (const after of ["x", "W10", btoa('["retire filter   ",0,99,99]')]) {
      const page = await browser.submit("/admin/keys/actions", {
        action: "delete",
        all: "1",
        confirmed: "yes",
        after,
      });
      expect(page.status).toBe(422);
    }
    expect(await storedTotals()).toMatchObject({ active: 2 });
  });

  it("cools, restores and deletes the keys that were ticked", async () => {
    const browser = await layDesk().signIn();
    await seedKeys(4);
    const act = (action: string, ids: string[], more: Fields = {}) =>
      browser.submit("/admin/keys/actions", { action, ids, confirmed: "yes", ...more });
    expect((await act("cool", ["1", "2"], { forMs: "600000" })).html).toContain(
      "2 keys cool off now. Status: “Resting”.",
    );
    const rows = await storedKeys();
    expect(rows.map(({ resting_until: until }) => until !== null)).toEqual([true, true, false, false]);
    expect((await act("restore", ["1"])).html).toContain("1 key restored.");
    expect((await act("delete", ["3", "99"])).html).toContain("1 key left as they were");
    expect((await storedKeys()).map(({ status }) => status)).toEqual(["active", "active", "deleted", "active"]);
    expect((await browser.open("/admin/keys/3")).status).toBe(404);
  });
});

describe("the search for a key", () => {
  it("finds by id, by the last four and by the whole key, which stands in no address and on no page", async () => {
    const desk = layDesk();
    const browser = await desk.signIn();
    const key = `AIza${crypto.randomUUID().replaceAll("-", "")}xYz`;
    await desk.contribute(key);
    const found = await browser.submit("/admin/keys/search", { q: `  ${key} ` });
    const [row] = await storedKeys();
    expect(found.headers.get("location")).toBe(`/admin/keys/${row?.id}`);
    const byEnd = await browser.submit("/admin/keys/search", { q: "9xYz" });
    expect(byEnd.headers.get("location")).toBe("/admin/keys?q=9xYz");
    expect((await browser.open("/admin/keys?q=" + key.slice(-4))).html).toContain(`/admin/keys/${row?.id}"`);

    const stranger = `AIza${"Zz9".repeat(11)}zZ`;
    const missing = await browser.submit("/admin/keys/search", { q: stranger });
    expect(missing.status).toBe(404);
    expect(missing.html).toContain("The key …9zZ".slice(0, 9));
    expect(missing.html).not.toContain(stranger);
    expect(missing.headers.get("location")).toBeNull();
    expect((await browser.submit("/admin/keys/search", { q: "12" + "\u0000" })).status).toBe(404);
  });

  it("does not repeat a key that stands in the address", async () => {
    const browser = await layDesk().signIn();
    const key = `AIza${"Zz9".repeat(11)}zZ`;
    for (const path of [
      "/admin/keys?q=",
      "/admin/keys?reason=",
      "/admin/failures?text=",
      "/admin?range=",
      "/admin/keys?x=",
    ]) {
      const page = await browser.open(path + key);
      expect(page.html).not.toContain(key);
      expect(page.headers.get("location") ?? "").not.toContain(key);
    }
  });
});

describe("tokens", () => {
  it("are shown once, and the list has only their ends", async () => {
    const browser = await layDesk().signIn();
    const created = await browser.submit("/admin/tokens", { name: "Team", models: "gemini-*", limitPeriod: "day" });
    const [token = ""] = /potluck-[\w-]{43}/.exec(created.html) ?? [];
    expect(token).not.toBe("");
    expect(created.headers.get("cache-control")).toBe("no-store");
    const list = await browser.open("/admin/tokens");
    expect(list.html).toContain(`…${token.slice(-4)}`);
    for (const path of ["/admin/tokens", "/admin/tokens/1", "/admin/failures"]) {
      expect((await browser.open(path)).html).not.toContain(token.slice(0, 20));
    }
  });

  it("are changed and revoked, after a question", async () => {
    const desk = layDesk();
    const browser = await desk.signIn();
    const { html } = await browser.submit("/admin/tokens", { name: "Team", limitPeriod: "total" });
    const [address = ""] = /\/admin\/tokens\/\d+/.exec(html) ?? [];
    const terms = {
      name: "Crew",
      models: "gemini-2.5-*",
      requestLimit: "10",
      limitPeriod: "day",
      expiresAt: "2030-01-01",
    };
    expect((await browser.submit(address, terms)).status).toBe(303);
    const page = (await browser.open(address)).html;
    expect(page).toContain('value="Crew"');
    expect(page).toContain('value="2030-01-01"');
    expect(page).toContain("0 of 10");
    expect((await browser.submit(`${address}/revoke`, {})).html).toContain("Revoke “Crew”?");
    expect(await env.DB.prepare("select revoked_at from tokens").first("revoked_at")).toBeNull();
    await browser.submit(`${address}/revoke`, { confirmed: "yes" });
    expect(await env.DB.prepare("select revoked_at from tokens").first("revoked_at")).not.toBeNull();
    expect((await browser.submit(address, terms)).status).toBe(404);
  });

  it.each([
    ["name", { name: " " }, "Give it a name"],
    ["models", { models: "gemini; drop" }, "Must be names of models"],
    // Cut off at 2,000 characters it would end in a star, and allow more than was typed.
    ["models", { models: `${"a".repeat(1990)},gemini-2*-flash` }, "Must be names of models"],
    ["requestLimit", { requestLimit: "0" }, "Must be a whole number from 1"],
    ["requestLimit", { requestLimit: "-5" }, "Must be a whole number from 1"],
    ["expiresAt", { expiresAt: "2020-01-01" }, "Must be a day in the future"],
    ["expiresAt", { expiresAt: "2030-13-45" }, "Must be a day in the future"],
  ])("are refused for a wrong %s, and what was typed stays", async (field, wrong, message) => {
    const browser = await layDesk().signIn();
    const page = await browser.submit("/admin/tokens", { name: "Team", limitPeriod: "total", ...wrong });
    expect(page.status).toBe(422);
    expect(page.html).toContain(`id="${field}-error"`);
    expect(page.html).toContain(message);
    expect(await env.DB.prepare("select count(*) as n from tokens").first("n")).toBe(0);
  });
});

describe("settings", () => {
  it("take effect, are told where they were changed, and are reset", async () => {
    const browser = await layDesk().signIn();
    const changed = await browser.submit("/admin/settings/MAX_RETRIES", { value: "1" });
    expect(changed.headers.get("location")).toBe("/admin/settings?saved=MAX_RETRIES#MAX_RETRIES");
    const page = (await browser.open("/admin/settings?saved=MAX_RETRIES")).html;
    expect(page).toContain("MAX_RETRIES is changed.");
    expect(page).toContain("Changed here");
    const reset = await browser.submit("/admin/settings/MAX_RETRIES", { reset: "1", value: "7" });
    expect(reset.headers.get("location")).toBe("/admin/settings?reset=MAX_RETRIES#MAX_RETRIES");
    expect((await browser.open("/admin/settings")).html).not.toContain("Changed here");
  });

  it("say beside the field what a value must be, in both languages", async () => {
    const browser = await layDesk().signIn();
    const english = await browser.submit("/admin/settings/MAX_RETRIES", { value: "11" });
    expect(english.status).toBe(422);
    expect(english.html).toContain('id="error-MAX_RETRIES"');
    expect(english.html).toContain("Must be a whole number from 0 to 10.");
    expect(english.html).toContain('value="11"');
    const chinese = await browser.submit("/admin/settings/MODELS", { value: "a b c" }, { "accept-language": "zh" });
    expect(chinese.html).toContain("必须是以逗号分隔的模型名称");
  });

  it("show no secret and change none", async () => {
    const browser = await layDesk().signIn();
    const { html } = await browser.open("/admin/settings");
    expect(html).not.toContain(env.POOL_SECRET);
    for (const name of [
      "POOL_SECRET",
      "ADMIN_TOKEN",
      "POOL_SECRET_NEXT",
      "D1_TIMEOUT_MS",
      "NO_SUCH_THING",
      "__PROTO__",
    ]) {
      expect([name, (await browser.submit(`/admin/settings/${name}`, { value: "1" })).status]).toEqual([name, 404]);
    }
    expect(await env.DB.prepare("select count(*) as n from settings_overrides").first("n")).toBe(0);
  });
});

describe("an import without JavaScript", () => {
  it("takes in what Google serves, forty a step, and never carries a key back", async () => {
    const desk = layDesk();
    const browser = await desk.signIn();
    const keys = Array.from({ length: 45 }, () => `AIza${crypto.randomUUID().replaceAll("-", "")}abc`);
    for (const key of keys.slice(1)) desk.google.issue(key);
    const first = await browser.submit("/admin/keys/import", { text: keys.join("\n"), note: "batch <1>" });
    expect(first.html).toContain("40 keys looked at; 5 keys to go");
    const [, after = ""] = /name="after" value="(\d+)"/.exec(first.html) ?? [];
    const last = await browser.submit("/admin/keys/import", { text: keys.join("\n"), note: "batch <1>", after });
    expect(last.html).toContain("The import is done");
    for (const key of keys) expect(first.html + last.html).not.toContain(key);
    expect(await storedTotals()).toMatchObject({ active: 44 });
    expect(first.html).toContain("…" + (keys[0] ?? "").slice(-4));
  });

  it("says beside the field how much it takes, and takes no more", async () => {
    const desk = layDesk();
    const browser = await desk.signIn();
    const key = `AIza${crypto.randomUUID().replaceAll("-", "")}abc`;
    desk.google.issue(key);
    const english = await browser.open("/admin/keys/import");
    expect(english.html).toContain("may have 100,000 characters");
    expect(english.html).not.toMatch(/<textarea[^>]*maxlength/);
    const chinese = await browser.open("/admin/keys/import", { "accept-language": "zh" });
    expect(chinese.html).toContain("最多 100,000 个字符");

    const tooLong = await browser.submit("/admin/keys/import", { text: `${key}\n${"x".repeat(100_000 - key.length)}` });
    expect([tooLong.status, tooLong.html.includes("the text may have 100,000 characters")]).toEqual([422, true]);
    expect(desk.google.calls).toEqual([]);
    expect(await storedTotals()).toMatchObject({ active: 0 });
    const fits = await browser.submit("/admin/keys/import", { text: `${key}\n${"x".repeat(99_999 - key.length)}` });
    expect(fits.html).toContain("The import is done");
    expect(await storedTotals()).toMatchObject({ active: 1 });
  });

  it("says so where there is no key", async () => {
    const browser = await layDesk().signIn();
    const page = await browser.submit("/admin/keys/import", { text: "nothing in here, potluck-abc, sk-proj-x" });
    expect([page.status, page.html.includes("There is no key in that text.")]).toEqual([422, true]);
  });
});
