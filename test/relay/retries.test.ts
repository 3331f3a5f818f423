import { beforeEach, describe, expect, it } from "vitest";
import type { Behaviour } from "../../simulator/behaviour.ts";
import { cursorModels, emptyPool, requireStoredKey, storedCoolings } from "../support/pool-rows.ts";
import { layTable, MODEL, newKey, newKeys, type Sent, type Table } from "../support/table.ts";
import { emptyAccess, issueToken } from "../support/tokens.ts";

beforeEach(emptyPool);

const error = (fixture: string): Behaviour => ({ kind: "error", fixture });

/** Six keys that serve before the caller's own; each does as it is told. */
async function seated(table: Table, ...behaviours: Behaviour[]): Promise<{ others: string[]; caller: string }> {
  const others = newKeys(6);
  const caller = newKey();
  await table.contribute(...others, caller);
  for (const [at, behaviour] of behaviours.entries()) table.google.script(others[at] ?? "", behaviour);
  return { others, caller };
}

describe("a key of the pool that is answered with the way to another place", () => {
  /** Sends each of these keys' requests to another place, whoever it is; a body and a place that tell of the key. */
  function layRedirect(status = 302): { table: Table; led: Set<string> } {
    const led = new Set<string>();
    const away = (key: string) =>
      new Response(status === 304 ? null : `{"moved":"${key}"}`, {
        status,
        headers: { location: `https://evil.example/?k=${key}` },
      });
    const table: Table = layTable(
      {},
      {
        fetch: async (input, init) => {
          const key = new Headers(init?.headers).get("x-goog-api-key") ?? "";
          return led.has(key) ? away(key) : table.google.fetch(input, init);
        },
      },
    );
    return { table, led };
  }

  it("is passed over, and nothing of it is shown or held against the key", async () => {
    const { table, led } = layRedirect();
    const { others, caller } = await seated(table);
    const before = await cursorModels();
    led.add(others[0] ?? "");
    const response = await table.send({ key: caller, path: "/v1beta/models/gemini-9-invented:generateContent" });
    expect(response.headers.get("location")).toBeNull();
    expect(await response.text()).not.toContain(others[0] ?? "");
    expect(table.served()[0]).toBe(others[1]);
    expect(await cursorModels()).toEqual(before);
    expect(await storedCoolings()).toEqual([]);
    expect(await requireStoredKey(others[0] ?? "")).toMatchObject({ status: "active", strikes: 0 });
  });

  it("leaves the last word to the caller's own key, whose answer passes as it is", async () => {
    const { table, led } = layRedirect();
    const { others, caller } = await seated(table);
    for (const key of others) led.add(key);
    expect((await table.send({ key: caller })).status).toBe(200);
    led.add(caller);
    const response = await table.send({ key: caller, path: "/v1beta/models/gemini-9-invented:generateContent" });
    expect(response.status).toBe(302);
    expect(response.headers.get("x-pool-served-by")).toBe("own");
    expect(response.headers.get("location")).toContain(caller);
    expect(await cursorModels()).not.toContain("gemini-9-invented");
    for (const key of others) expect(response.headers.get("location")).not.toContain(key);
  });

  it("is told as a fault of the way, in the dialect of the caller who has no own key", async () => {
    await emptyAccess();
    const { table, led } = layRedirect();
    const { others, caller } = await seated(table);
    for (const key of [...others, caller]) led.add(key);
    const { token } = await issueToken();
    const response = await table.send({ key: token });
    expect(response.status).toBe(502);
    expect(response.headers.get("location")).toBeNull();
    expect(await response.json()).toMatchObject({ error: { code: 502, status: "UNAVAILABLE" } });
  });

  it("(a list that has not changed is an answer)", async () => {
    const { table, led } = layRedirect(304);
    const { others, caller } = await seated(table);
    for (const key of others) led.add(key);
    const list: Sent = { key: caller, method: "GET", path: "/v1beta/models", headers: { "if-none-match": '"a"' } };
    const response = await table.send(list);
    expect(response.status).toBe(304);
    expect(response.headers.get("x-pool-served-by")).toBe("pool");
  });
});

describe("a request whose key fails", () => {
  it("goes to the next key, and says so", async () => {
    const table = layTable();
    const { others, caller } = await seated(table, error("quota-day"));
    const response = await table.send({ key: caller });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-attempts")).toBe("2");
    expect(response.headers.get("x-pool-served-by")).toBe("pool");
    expect(response.headers.get("server-timing")).toContain("2 attempt");
    expect(table.served()).toEqual(others.slice(0, 2));
  });

  it("is tried four times at the most: three keys of the pool, then the caller's own", async () => {
    const table = layTable();
    const { others, caller } = await seated(table, ...Array(6).fill(error("busy")));
    const response = await table.send({ key: caller });
    expect(response.headers.get("x-pool-attempts")).toBe("4");
    expect(response.headers.get("x-pool-served-by")).toBe("own");
    expect(table.served()).toEqual([...others.slice(0, 3), caller]);
  });

  it.each([
    ["0", 1],
    ["1", 1],
    ["2", 2],
    ["5", 5],
  ])("with MAX_RETRIES=%s meets %i keys of the pool before the caller's own", async (MAX_RETRIES, poolKeys) => {
    const table = layTable({ MAX_RETRIES });
    const { others, caller } = await seated(table, ...Array(6).fill(error("key-expired")));
    await table.send({ key: caller });
    expect(table.served()).toEqual([...others.slice(0, poolKeys), caller]);
  });

  it("that was the caller's own is tried on three others", async () => {
    const table = layTable();
    const [caller = "", ...others] = newKeys(4);
    await table.contribute(caller, ...others);
    for (const key of [caller, ...others.slice(0, 2)]) table.google.script(key, error("quota-minute"));
    const response = await table.send({ key: caller });
    expect(response.status).toBe(200);
    expect(table.served()).toEqual([caller, ...others]);
  });

  it("meets no key twice in a small pool", async () => {
    const table = layTable();
    const [other = "", caller = ""] = newKeys(2);
    await table.contribute(other, caller);
    for (const key of [other, caller]) table.google.script(key, error("busy"));
    const response = await table.send({ key: caller });
    expect(response.status).toBe(429);
    expect(table.served()).toEqual([other, caller]);
    expect(response.headers.get("x-pool-attempts")).toBe("2");
  });

  it("does not wait where another key is the cure", async () => {
    const table = layTable();
    const { caller } = await seated(table, error("key-expired"), error("quota-day"), error("busy"));
    await table.send({ key: caller });
    expect(table.pauses).toEqual([]);
  });
});

describe("while Google is down", () => {
  it("a request is retried twice, the second time on the caller's own key, after growing pauses", async () => {
    const table = layTable({}, { random: () => 0.5 });
    const { others, caller } = await seated(table, ...Array(6).fill(error("unavailable")));
    table.google.script(caller, error("overloaded"));
    const response = await table.send({ key: caller });
    expect(response.status).toBe(503);
    expect(table.served()).toEqual([...others.slice(0, 2), caller]);
    expect(table.pauses).toEqual([300, 600]);
  });

  it("a pause is never nothing, and never longer than a second", async () => {
    for (const dice of [0, 0.999_999]) {
      await emptyPool();
      const table = layTable({}, { random: () => dice });
      const { caller } = await seated(table, ...Array(6).fill({ kind: "reset" }));
      await table.send({ key: caller });
      expect(table.pauses).toHaveLength(2);
      for (const pause of table.pauses) {
        expect(pause).toBeGreaterThanOrEqual(200);
        expect(pause).toBeLessThanOrEqual(800);
      }
    }
  });

  it("the caller reads Google's words about their own key's attempt", async () => {
    const table = layTable();
    const { caller } = await seated(table, ...Array(6).fill({ kind: "reset" }));
    table.google.script(caller, error("overloaded"));
    const response = await table.send({ key: caller });
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("The model is overloaded. Please try again later.");
  });

  it.each([
    ["a broken connection", { kind: "reset" }, 503, "UNAVAILABLE"],
    ["no answer at all", { kind: "hang" }, 504, "DEADLINE_EXCEEDED"],
    ["an HTML page", { kind: "html" }, 502, "UNAVAILABLE"],
  ] satisfies [string, Behaviour, number, string][])(
    "%s on every key becomes an error of our own in Google's shape",
    async (_, behaviour, code, status) => {
      const table = layTable({ UPSTREAM_TIMEOUT_MS: "30" });
      const { caller } = await seated(table, ...Array(6).fill(behaviour));
      table.google.script(caller, behaviour);
      const response = await table.send({ key: caller });
      expect(response.status).toBe(code);
      expect(await response.json()).toMatchObject({ error: { code, status, message: expect.any(String) } });
    },
  );
});

describe("the time for retries", () => {
  /** A clock that each attempt moves on. */
  function slowTable(budgetMs: number, attemptMs: number): Table {
    let attempts = 0;
    const table: Table = layTable(
      { RETRY_BUDGET_MS: String(budgetMs) },
      {
        clock: () => 1_000_000 + attempts * attemptMs,
        fetch: (input, init) => {
          attempts += 1;
          return table.google.fetch(input, init);
        },
      },
    );
    return table;
  }

  it("over, the next try is the caller's own key", async () => {
    const table = slowTable(15_000, 10_000);
    const { others, caller } = await seated(table, ...Array(6).fill(error("busy")));
    const response = await table.send({ key: caller });
    expect(response.status).toBe(200);
    expect(table.served()).toEqual([...others.slice(0, 2), caller]);
  });

  it("over, and the caller's own key tried, the answer goes out", async () => {
    const table = slowTable(5000, 10_000);
    const [caller = "", other = ""] = newKeys(2);
    await table.contribute(caller, other);
    table.google.script(caller, error("quota-day"));
    const response = await table.send({ key: caller });
    expect(response.status).toBe(429);
    expect(table.served()).toEqual([caller]);
  });
});

describe("what only the caller's own key may have", () => {
  it.each(["free-tier-country", "billing-country", "model-not-for-new-users", "file-forbidden"])(
    "after %s is asked of that key at once",
    async (fixture) => {
      const table = layTable();
      const { others, caller } = await seated(table, error(fixture));
      const response = await table.send({ key: caller });
      expect(response.status).toBe(200);
      expect(table.served()).toEqual([others[0], caller]);
    },
  );
});

describe("an error of the request itself", () => {
  it.each(["invalid-argument", "too-many-tokens", "unknown-field"])("(%s) is the answer at once", async (fixture) => {
    const table = layTable();
    const { others, caller } = await seated(table, error(fixture));
    const response = await table.send({ key: caller });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers.get("x-pool-attempts")).toBe("1");
    expect(response.headers.get("x-pool-served-by")).toBe("pool");
    expect(table.served()).toEqual([others[0]]);
  });
});

describe("Retry-After", () => {
  it("is what Google's RetryInfo says about the caller's own key", async () => {
    const table = layTable();
    const caller = newKey();
    await table.contribute(caller);
    table.google.script(caller, error("quota-minute"));
    const response = await table.send({ key: caller });
    expect(response.status).toBe(429);
    const seconds = Number(response.headers.get("retry-after"));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
  });

  it("is not on an answer that is not about quota", async () => {
    const table = layTable();
    const { caller } = await seated(table, error("invalid-argument"));
    expect((await table.send({ key: caller })).headers.has("retry-after")).toBe(false);
  });
});

describe("the consequences of an answer", () => {
  it.each(["quota-day", "busy", "key-suspended", "auth-key-unusable-object", "prepay-depleted-402"])(
    "(%s) reach this isolate at once, although its blocks hold more turns of the key",
    async (fixture) => {
      const table = layTable();
      const { others, caller } = await seated(table);
      for (let at = 0; at < 40; at++) await table.send({ key: caller });
      table.served();
      table.google.script(others[0] ?? "", error(fixture));
      for (let at = 0; at < 60; at++) await table.send({ key: caller });
      expect(table.served().filter((key) => key === others[0])).toHaveLength(1);
    },
  );

  it("reach other isolates by D1", async () => {
    const table = layTable();
    const { others, caller } = await seated(table, error("key-suspended"));
    await table.send({ key: caller });
    table.served();
    const elsewhere = table.isolate();
    for (let at = 0; at < 14; at++) await elsewhere({ key: caller });
    expect(table.served()).not.toContain(others[0]);
  });

  it("of quota hold for the one model", async () => {
    const table = layTable();
    const { others, caller } = await seated(table, { ...error("quota-day"), only: { models: [MODEL] } });
    await table.send({ key: caller });
    table.served();
    for (let at = 0; at < 8; at++)
      await table.send({ key: caller, path: "/v1beta/models/gemini-2.5-pro:generateContent" });
    expect(table.served()).toContain(others[0]);
  });

  it("of a busy key double while it stays busy, over the sweeping of what ended", async () => {
    const table = layTable();
    const [victim = "", caller = ""] = newKeys(2);
    await table.contribute(victim, caller);
    table.google.script(victim, error("busy"));
    table.google.script(caller, error("busy"));
    const seconds: number[] = [];
    const { id } = await requireStoredKey(victim);
    for (let at = 0; at < 4; at++) {
      await table.send({ key: caller });
      const cooling = (await storedCoolings()).find(({ key_id }) => key_id === id);
      seconds.push(((cooling?.until ?? 0) - (table.google.callsBy(victim).at(-1)?.at ?? 0)) / 1000);
      table.advance(90_000);
    }
    expect(seconds).toEqual([5, 10, 20, 40]);
  });

  it("of a busy key are forgotten after a success", async () => {
    const table = layTable();
    const [victim = "", caller = ""] = newKeys(2);
    await table.contribute(victim, caller);
    table.google.script(victim, [error("busy"), error("busy"), { kind: "good" }]);
    for (let at = 0; at < 12; at++) {
      await table.send({ key: caller });
      table.advance(31_000);
    }
    expect(table.google.callsBy(victim).length).toBeGreaterThan(3);
    expect(await storedCoolings()).toEqual([]);
  });

  it("of one strike are forgotten after a success; the second strike retires", async () => {
    const table = layTable();
    const [victim = "", caller = ""] = newKeys(2);
    await table.contribute(victim, caller);
    table.google.script(victim, [error("auth-key-unusable-object"), { kind: "good" }]);
    await table.send({ key: caller });
    expect(await requireStoredKey(victim)).toMatchObject({ strikes: 1, status: "active" });
    for (let at = 0; at < 8; at++) {
      table.advance(61_000);
      await table.send({ key: caller });
    }
    expect(await requireStoredKey(victim)).toMatchObject({ strikes: 0, status: "active", resting_until: null });

    table.google.script(victim, error("auth-key-unusable-object"));
    for (let at = 0; at < 12; at++) {
      await table.send({ key: caller });
      table.advance(61_000);
    }
    expect(await requireStoredKey(victim)).toMatchObject({
      status: "retired",
      reason: "ACCESS_TOKEN_TYPE_UNSUPPORTED",
    });
  });

  it("of an empty purse: it rests for an hour, then longer, and serves again when it is filled", async () => {
    const table = layTable();
    const [victim = "", caller = ""] = newKeys(2);
    await table.contribute(victim, caller);
    table.google.script(victim, [error("prepay-depleted-402"), { kind: "good" }]);
    await table.send({ key: caller });
    table.served();
    for (let at = 0; at < 4; at++) await table.send({ key: caller });
    expect(table.served()).not.toContain(victim);
    table.advance(3_600_001);
    for (let at = 0; at < 6; at++) {
      table.advance(61_000);
      await table.send({ key: caller });
    }
    expect(table.served()).toContain(victim);
    expect(await requireStoredKey(victim)).toMatchObject({ rest_step: 0, resting_until: null });
  });

  it("of an unproved try are none: the pool does not know the key", async () => {
    const table = layTable();
    const key = newKey();
    table.google.script(key, error("quota-day"));
    await table.send({ key });
    expect(await storedCoolings()).toEqual([]);
  });
});

it("a model that Google has served gets a rotation of its own", async () => {
  const table = layTable();
  const [first = "", second = "", caller = ""] = newKeys(3);
  await table.contribute(first, second, caller);
  expect(await cursorModels()).toEqual(["*"]);
  await table.send({ key: caller });
  expect(await cursorModels()).toEqual(["*", MODEL]);
});

describe("uses", () => {
  it("are counted for the key that served", async () => {
    const table = layTable();
    const keys = newKeys(4);
    await table.contribute(...keys);
    for (let at = 0; at < 40; at++) await table.send({ key: keys[0] ?? "" });
    // Counts that the hour's rows did not pay for wait for ten minutes at the most, and go with the next request's.
    table.advance(600_001);
    await table.send({ key: keys[0] ?? "" });
    const uses = await Promise.all(keys.map(async (key) => (await requireStoredKey(key)).uses));
    expect(uses.toSorted((one, other) => one - other)).toEqual([10, 10, 10, 11]);
  });
});
