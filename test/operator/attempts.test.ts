import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createAttempts } from "../../src/access/attempts.ts";
import { forgetSignIns, layDesk, signInRequest } from "../support/desk.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { ADMIN_TOKEN } from "../support/operator.ts";
import type { Sent } from "../support/table.ts";

beforeEach(forgetSignIns);

const MINUTE_MS = 60_000;
const ATTACKER = { "cf-connecting-ip": "203.0.113.7" };
const OPERATOR = { "cf-connecting-ip": "198.51.100.1" };

const bearer = (token: string, headers: Record<string, string>): Sent => ({
  method: "GET",
  path: "/api/admin/settings",
  headers: { authorization: `Bearer ${token}`, ...headers },
});

const cookiesOf = ({ headers }: Response) => headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0] ?? "");

describe("tries of the operator's token", () => {
  it("end for an address after ten failures in a quarter of an hour, and say for how long", async () => {
    const { send } = layDesk();
    for (let at = 0; at < 10; at++) expect((await send(signInRequest(`guess ${at}`, ATTACKER))).status).toBe(401);
    const refused = await send(signInRequest("guess 11", ATTACKER));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "900"]);
    expect(await refused.text()).toContain("Please wait 15 minutes");
    expect((await send(signInRequest(ADMIN_TOKEN, ATTACKER))).status).toBe(429);
  });

  it("count each other when they are sent at once: no more are compared", async () => {
    const { send } = layDesk();
    const guesses = Array.from({ length: 60 }, (_, at) => send(signInRequest(`guess ${at}`, ATTACKER)));
    const compared = (await Promise.all(guesses)).filter(({ status }) => status === 401);
    expect(compared).toHaveLength(10);
  });

  it("never end for another address", async () => {
    const { send, isolate } = layDesk();
    for (let at = 0; at < 12; at++) await send(signInRequest("guess", ATTACKER));
    for (const at of [send, isolate()]) {
      expect((await at(signInRequest(ADMIN_TOKEN, OPERATOR))).status).toBe(303);
      expect((await at(bearer(ADMIN_TOKEN, OPERATOR))).status).toBe(200);
    }
  });

  it("count the same by form and by Bearer, and over all isolates", async () => {
    const { send, isolate } = layDesk();
    const elsewhere = isolate();
    for (let at = 0; at < 5; at++) {
      await send(signInRequest("guess", ATTACKER));
      expect((await elsewhere(bearer("guess", ATTACKER))).status).toBe(401);
    }
    const fresh = isolate();
    const refused = await fresh(bearer(ADMIN_TOKEN, ATTACKER));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "900"]);
    expect(await refused.json()).toMatchObject({ error: { status: "RESOURCE_EXHAUSTED" } });
    for (const path of ["/metrics", "/rotation-status"]) {
      expect((await fresh({ ...bearer(ADMIN_TOKEN, ATTACKER), path })).status).toBe(429);
    }
  });

  it("begin anew when the quarter of an hour is over", async () => {
    const { send, advance } = layDesk();
    for (let at = 0; at < 10; at++) await send(signInRequest("guess", ATTACKER));
    advance(15 * MINUTE_MS - 1000);
    expect((await send(signInRequest(ADMIN_TOKEN, ATTACKER))).status).toBe(429);
    advance(1000);
    expect((await send(signInRequest("guess", ATTACKER))).status).toBe(401);
    expect((await send(signInRequest(ADMIN_TOKEN, ATTACKER))).status).toBe(303);
  });

  it("are one for the neighbours in an IPv6 network of one customer", async () => {
    const { send } = layDesk();
    const from = (host: number) => ({ "cf-connecting-ip": `2001:db8:1:2::${host.toString(16)}` });
    for (let at = 0; at < 10; at++) await send(signInRequest("guess", from(at)));
    expect((await send(signInRequest(ADMIN_TOKEN, from(99)))).status).toBe(429);
    expect((await send(signInRequest(ADMIN_TOKEN, { "cf-connecting-ip": "2001:db8:1:3::1" }))).status).toBe(303);
  });

  it("by a stranger behind the same proxy do not keep a browser out that has signed in before", async () => {
    const { send, isolate } = layDesk();
    const known = cookiesOf(await send(signInRequest(ADMIN_TOKEN, ATTACKER)))[1] ?? "";
    expect(known).toMatch(/^__Host-potluck-browser=[\w-]{22}\.[\w-]{43}$/);
    for (let at = 0; at < 12; at++) await send(signInRequest("guess", ATTACKER));
    expect((await send(signInRequest(ADMIN_TOKEN, ATTACKER))).status).toBe(429);
    expect((await isolate()(signInRequest(ADMIN_TOKEN, { ...ATTACKER, cookie: known }))).status).toBe(303);
    expect((await send({ method: "GET", path: "/admin/settings", headers: { cookie: known } })).status).toBe(303);
  });

  it("end for such a browser as well, from whatever address; a forged one, or of another token, is unknown", async () => {
    const { send, isolate } = layDesk();
    const known = cookiesOf(await send(signInRequest(ADMIN_TOKEN, OPERATOR)))[1] ?? "";
    for (let at = 0; at < 10; at++) await send(signInRequest("guess", { ...ATTACKER, cookie: known }));
    expect((await send(signInRequest(ADMIN_TOKEN, { ...OPERATOR, cookie: known }))).status).toBe(429);
    expect((await send(signInRequest(ADMIN_TOKEN, ATTACKER))).status).toBe(303);

    const another = "another-token-of-the-operator";
    const forged = `__Host-potluck-browser=${"A".repeat(22)}.${"A".repeat(43)}`;
    for (let at = 0; at < 10; at++) await send(signInRequest("guess", ATTACKER));
    expect((await send(signInRequest(ADMIN_TOKEN, { ...ATTACKER, cookie: forged }))).status).toBe(429);
    const renewed = isolate({ ADMIN_TOKEN: another });
    expect((await renewed(signInRequest(another, { ...ATTACKER, cookie: known }))).status).toBe(429);
  });

  it("cost no query once the address is over the limit", async () => {
    const d1 = new FaultyD1();
    const { send } = layDesk({ DB: d1.binding });
    for (let at = 0; at < 10; at++) await send(signInRequest("guess", ATTACKER));
    d1.takeTrips();
    for (let at = 0; at < 50; at++) await send(signInRequest("guess", ATTACKER));
    expect(d1.takeTrips()).toEqual([]);
  });

  it("of countless addresses write a bounded number of rows", async () => {
    let writes = 0;
    const table = {
      failuresOf: async () => undefined,
      addFailure: async (_address: string, now: number) => {
        writes += 1;
        return { windowStart: now, failures: 1 };
      },
    };
    let now = 0;
    const attempts = createAttempts({ table, poolSecret: env.POOL_SECRET, clock: () => now });
    for (let at = 0; at < 2000; at++) await attempts.failed(`203.0.${at >> 8}.${at & 255}`);
    expect(writes).toBe(500);
    now = 15 * MINUTE_MS;
    await attempts.failed("203.0.113.1");
    expect(writes).toBe(501);
  });

  it("are limited while the database is down, too, and let the right token in", async () => {
    const d1 = new FaultyD1();
    const { send } = layDesk({ DB: d1.binding });
    d1.mood = "fails";
    d1.only = /sign_in_failures/;
    expect((await send(bearer(ADMIN_TOKEN, OPERATOR))).status).toBe(200);
    for (let at = 0; at < 10; at++) expect((await send(bearer("guess", ATTACKER))).status).toBe(401);
    expect((await send(bearer("guess", ATTACKER))).status).toBe(429);
  });

  it("leave no address in the database", async () => {
    const { send } = layDesk();
    await send(signInRequest("guess", ATTACKER));
    const { results } = await env.DB.prepare("select * from sign_in_failures").all();
    expect(results).toMatchObject([{ failures: 1, address: expect.stringMatching(/^[\w-]{22}$/) }]);
    expect(JSON.stringify(results)).not.toContain("203.0.113.7");
  });

  it("are none where no token was sent, or a cookie", async () => {
    const { send } = layDesk();
    for (let at = 0; at < 15; at++) {
      await send({ method: "GET", path: "/api/admin/settings", headers: ATTACKER });
      await send({ method: "GET", path: "/admin", headers: { ...ATTACKER, cookie: "__Host-potluck=x" } });
    }
    expect((await send(signInRequest(ADMIN_TOKEN, ATTACKER))).status).toBe(303);
  });

  it("do not touch who is signed in already", async () => {
    const { send, signIn } = layDesk();
    const browser = await signIn();
    for (let at = 0; at < 12; at++) await send(signInRequest("guess"));
    expect((await browser.open("/admin/settings")).status).toBe(200);
  });
});
