import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { cookieOf, forgetSignIns, layDesk, signInRequest } from "../support/desk.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { ADMIN_TOKEN } from "../support/operator.ts";
import { layTable } from "../support/table.ts";

beforeEach(forgetSignIns);

const HOUR_MS = 3_600_000;

/** Over plain http, as on a server at home. The table speaks https. */
function overHttp(path: string, init: RequestInit = {}): Request {
  return new Request(`http://192.168.1.5:8787${path}`, init);
}

async function sessionIds(): Promise<string[]> {
  const { results } = await env.DB.prepare("select id from sessions").all<{ id: string }>();
  return results.map(({ id }) => id);
}

describe("the sign-in", () => {
  it("opens the desk, and leads back to where the operator wanted to go", async () => {
    const { send } = layDesk();
    const turnedAway = await send({ method: "GET", path: "/admin/keys?status=retired" });
    expect(turnedAway.status).toBe(303);
    const target = turnedAway.headers.get("location") ?? "";
    expect(target).toBe("/admin/sign-in?to=%2Fadmin%2Fkeys%3Fstatus%3Dretired");
    const form = await (await send({ method: "GET", path: target })).text();
    expect(form).toContain('value="/admin/keys?status=retired"');

    const signedIn = await send(signInRequest(ADMIN_TOKEN, {}, { to: "/admin/keys?status=retired" }));
    expect([signedIn.status, signedIn.headers.get("location")]).toEqual([303, "/admin/keys?status=retired"]);
    const headers = { cookie: cookieOf(signedIn.headers) };
    expect((await send({ method: "GET", path: "/admin/keys", headers })).status).toBe(200);
  });

  it("refuses a wrong token, says so, and gives no cookie", async () => {
    const { send } = layDesk();
    for (const token of ["", "wrong", `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(0, -1), ADMIN_TOKEN.toUpperCase()]) {
      const answer = await send(signInRequest(token));
      expect(answer.status).toBe(401);
      expect(answer.headers.has("set-cookie")).toBe(false);
      const html = await answer.text();
      expect(html).toContain("This is not the operator’s token.");
      expect(html).not.toContain(ADMIN_TOKEN);
    }
    expect(await sessionIds()).toEqual([]);
  });

  it.each([
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/admin/../../evil",
    "/administrator",
    "/admin\\@evil.example",
    "/admin\r\nset-cookie: x=y",
    "/admin/sign-out",
    "javascript:alert(1)",
  ])("leads to the desk and not to %j", async (to) => {
    const { send } = layDesk();
    const answer = await send(signInRequest(ADMIN_TOKEN, {}, { to }));
    const location = new URL(answer.headers.get("location") ?? "", "https://potluck.example/admin/sign-in");
    expect(location.host).toBe("potluck.example");
    expect(location.pathname).not.toBe("/admin/sign-out");
    const form = await send({ method: "GET", path: `/admin/sign-in?to=${encodeURIComponent(to)}` });
    expect(await form.text()).toContain('name="to" value="/admin"');
  });

  it("is not done by another site's form", async () => {
    const { send } = layDesk();
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "none" },
    ]) {
      const answer = await send(signInRequest(ADMIN_TOKEN, headers));
      expect([headers, answer.status, answer.headers.get("set-cookie")]).toEqual([headers, 403, null]);
    }
  });

  it("is 503 and a page of its own while the database is down", async () => {
    const d1 = new FaultyD1();
    const { send } = layDesk({ DB: d1.binding });
    d1.mood = "fails";
    const answer = await send(signInRequest(ADMIN_TOKEN));
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([503, null]);
    expect(await answer.text()).toContain("The database did not answer");
  });

  it("says how to turn the desk on where it is off", async () => {
    const { send } = layTable();
    for (const path of ["/admin", "/admin/sign-in", "/admin/keys/1", "/admin/nowhere"]) {
      const answer = await send({ method: "GET", path });
      expect([path, answer.status]).toEqual([path, 404]);
      expect(await answer.text()).toContain("wrangler secret put ADMIN_TOKEN");
    }
    expect((await send(signInRequest(""))).status).toBe(404);
    expect((await send(signInRequest("undefined"))).status).toBe(404);
  });
});

describe("the cookie", () => {
  it("is out of reach for scripts, other sites and plain http", async () => {
    const { send } = layDesk();
    const cookie = (await send(signInRequest(ADMIN_TOKEN))).headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^__Host-potluck=[\w-]{43}\.[\w-]{43};/);
    expect(cookie).toContain("HttpOnly");
    expect(cookie).toContain("Secure");
    expect(cookie).toContain("SameSite=Strict");
    expect(cookie).toContain("Path=/");
    expect(cookie).toContain("Max-Age=43200");
    expect(cookie).not.toMatch(/domain/i);
  });

  it("is neither the secret nor what the database holds", async () => {
    const { signIn } = layDesk();
    const { cookie } = await signIn();
    const [id] = await sessionIds();
    expect(id).toMatch(/^[\w-]{43}$/);
    expect(cookie).not.toContain(id);
    expect(cookie).not.toContain(ADMIN_TOKEN);
    const stored = layDesk();
    const answer = await stored.send({
      method: "GET",
      path: "/admin",
      headers: { cookie: `__Host-potluck=${id}.${id}` },
    });
    expect(answer.status).toBe(303);
  });

  it("goes without Secure where there is no https, or nobody could sign in at home", async () => {
    const { createApp } = await import("../../src/app.ts");
    const { createServices } = await import("../../src/services.ts");
    const { createExecutionContext } = await import("cloudflare:test");
    const app = createApp(createServices({ ...env, ADMIN_TOKEN }));
    const body = new URLSearchParams({ token: ADMIN_TOKEN });
    const origin = "http://192.168.1.5:8787";
    const send = (request: Request) => app.fetch(request, env, createExecutionContext());
    const signedIn = await send(overHttp("/admin/sign-in", { method: "POST", body, headers: { origin } }));
    const cookie = signedIn.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^potluck=/);
    expect(cookie).not.toContain("Secure");
    expect(cookie).toContain("HttpOnly");
    const headers = { cookie: cookieOf(signedIn.headers) };
    expect((await send(overHttp("/admin/settings", { headers }))).status).toBe(200);

    const foreign = { method: "POST", body: new URLSearchParams({ token: ADMIN_TOKEN }) };
    for (const from of ["http://evil.example", "null"]) {
      const answer = await send(overHttp("/admin/sign-in", { ...foreign, headers: { origin: from } }));
      expect([from, answer.status]).toEqual([from, 403]);
    }
  });

  it("opens nothing when it was tampered with, and costs no query", async () => {
    const d1 = new FaultyD1();
    const { signIn, send } = layDesk({ DB: d1.binding });
    const { cookie } = await signIn();
    const [name = "", value = ""] = cookie.split("=");
    const flip = (text: string, at: number) => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    d1.takeTrips();
    for (const forged of [
      `${name}=${flip(value, 3)}`,
      `${name}=${flip(value, 50)}`,
      `${name}=${value.slice(0, 43)}`,
      `${name}=${value}x`,
      `${name}=${value.slice(44)}.${value.slice(0, 43)}`,
      `${name}=`,
      `potluck=${value}`,
      `${name}=${"A".repeat(43)}.${"A".repeat(43)}`,
    ]) {
      const answer = await send({ method: "GET", path: "/admin/settings", headers: { cookie: forged } });
      expect([forged, answer.status]).toEqual([forged, 303]);
    }
    expect(d1.takeTrips()).toEqual([]);
  });

  it("opens nothing after the sign-out, in no isolate", async () => {
    const desk = layDesk();
    const browser = await desk.signIn();
    const elsewhere = desk.isolate();
    const stolen = { cookie: browser.cookie };
    expect((await elsewhere({ method: "GET", path: "/admin/settings", headers: stolen })).status).toBe(200);
    const signedOut = await browser.submit("/admin/sign-out", {});
    expect([signedOut.status, signedOut.headers.get("location")]).toEqual([303, "/admin/sign-in?signed-out"]);
    expect(signedOut.headers.get("set-cookie")).toMatch(/^__Host-potluck=;.*Max-Age=0/);
    expect(await sessionIds()).toEqual([]);
    for (const send of [desk.send, elsewhere]) {
      expect((await send({ method: "GET", path: "/admin/settings", headers: stolen })).status).toBe(303);
      expect((await send({ method: "GET", path: "/api/admin/keys", headers: stolen })).status).toBe(401);
    }
  });

  it("opens nothing after its browser has signed in anew", async () => {
    const desk = layDesk();
    const former = await desk.signIn();
    const other = await desk.signIn();
    const again = await desk.send(signInRequest(ADMIN_TOKEN, { cookie: former.cookie }));
    expect(again.status).toBe(303);
    expect((await former.open("/admin/settings")).status).toBe(303);
    expect((await other.open("/admin/settings")).status).toBe(200);
    expect(await sessionIds()).toHaveLength(2);
  });

  it("opens nothing after twelve hours", async () => {
    const desk = layDesk();
    const browser = await desk.signIn();
    desk.advance(12 * HOUR_MS - 1000);
    expect((await browser.open("/admin/settings")).status).toBe(200);
    desk.advance(2000);
    expect((await browser.open("/admin/settings")).status).toBe(303);
  });

  it("opens nothing after ADMIN_TOKEN or POOL_SECRET was changed", async () => {
    const desk = layDesk();
    const { cookie } = await desk.signIn();
    const changed = [{ ADMIN_TOKEN: "another token" }, { POOL_SECRET: "another-secret-of-more-than-32-characters" }];
    for (const vars of changed) {
      const send = desk.isolate(vars);
      expect((await send({ method: "GET", path: "/admin/settings", headers: { cookie } })).status).toBe(303);
      expect((await send({ method: "GET", path: "/api/admin/keys", headers: { cookie } })).status).toBe(401);
    }
  });

  it("opens no report: metrics and the rotation are for the token", async () => {
    const { signIn } = layDesk();
    const browser = await signIn();
    for (const path of ["/metrics", "/rotation-status"]) {
      expect([path, (await browser.open(path)).status]).toEqual([path, 401]);
    }
  });

  it("is never sent to Google", async () => {
    const desk = layDesk();
    const { cookie } = await desk.signIn();
    desk.google.issue("AIza-the-callers-own-key");
    await desk.send({ key: "AIza-the-callers-own-key", headers: { cookie } });
    expect(JSON.stringify(desk.google.calls)).not.toContain(cookie.slice(20));
  });
});

describe("what is left of sessions", () => {
  it("is swept when it is over", async () => {
    const { createServices } = await import("../../src/services.ts");
    const now = Date.UTC(2026, 10, 21, 18);
    const { sessions, attempts } = createServices({ ...env, ADMIN_TOKEN }, { clock: () => now });
    await sessions.open();
    await attempts.failed("192.0.2.1");
    await sessions.sweep(now);
    expect((await sessionIds()).length).toBe(1);
    expect(await env.DB.prepare("select count(*) as n from sign_in_failures").first("n")).toBe(1);
    await sessions.sweep(now + 13 * HOUR_MS);
    expect(await sessionIds()).toEqual([]);
    expect(await env.DB.prepare("select count(*) as n from sign_in_failures").first("n")).toBe(0);
  });
});
