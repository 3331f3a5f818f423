import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { settingsOverrideTable } from "../../src/db/settings-overrides.ts";
import { createLiveSettings, type LiveSettings } from "../../src/live-settings.ts";
import { parseSettings, SECRETS, SETTINGS, type Bindings, type Settings } from "../../src/settings.ts";
import { FaultyD1, limitOn } from "../support/faulty-d1.ts";
import { emptyPool, storedKey } from "../support/pool-rows.ts";
import { layTable, newKey, newKeys } from "../support/table.ts";
import { emptyAccess } from "../support/tokens.ts";

beforeEach(async () => {
  await emptyPool();
  await emptyAccess();
});

/** One isolate's settings on the tests' D1. */
function isolateSettings(vars: Partial<Bindings> = {}, d1: D1Database = new FaultyD1().binding) {
  const settings = parseSettings({ ...env, D1_TIMEOUT_MS: "50", ...vars });
  const log: string[] = [];
  let now = 0;
  const live = createLiveSettings({
    settings,
    table: settingsOverrideTable(d1),
    clock: () => now,
    sleep: limitOn(d1),
    log: (_level, event, fields) => log.push(`${event} ${JSON.stringify(fields)}`),
  });
  return { settings, live, log, advance: (ms: number) => (now += ms) };
}

async function load({ live }: { live: LiveSettings }): Promise<void> {
  await live.ready(() => undefined);
}

/** Waits for what was put off. */
async function refresh({ live }: { live: LiveSettings }): Promise<void> {
  const work: Promise<unknown>[] = [];
  live.refreshSometimes((promise) => work.push(promise));
  await Promise.all(work);
}

describe("a setting that the operator changes", () => {
  test("holds at once in this isolate, within ten seconds in others, and in every new one", async () => {
    const [here, there] = [isolateSettings(), isolateSettings()];
    await load(here);
    await load(there);
    expect(await here.live.change("MAX_RETRIES", " 7 ")).toEqual({ kind: "changed" });
    expect(here.settings.MAX_RETRIES).toBe(7);
    await refresh(there);
    expect(there.settings.MAX_RETRIES).toBe(3);
    there.advance(10_000);
    await refresh(there);
    expect(there.settings.MAX_RETRIES).toBe(7);
    const fresh = isolateSettings();
    await load(fresh);
    expect(fresh.settings.MAX_RETRIES).toBe(7);
  });

  test("wins over the deployed variable, which holds again after a reset", async () => {
    const isolate = isolateSettings({ LOG_SAMPLE: "50" });
    await load(isolate);
    await isolate.live.change("LOG_SAMPLE", "0");
    expect(isolate.settings.LOG_SAMPLE).toBe(0);
    expect(await isolate.live.reset("LOG_SAMPLE")).toEqual({ kind: "changed" });
    expect(isolate.settings.LOG_SAMPLE).toBe(50);
  });

  test("is shown with its meaning, its default and what is deployed", async () => {
    const isolate = isolateSettings({ LOG_SAMPLE: "50" });
    await load(isolate);
    isolate.advance(1234);
    await isolate.live.change("LOG_SAMPLE", "7");
    const rows = await isolate.live.list();
    expect(rows.find(({ name }) => name === "LOG_SAMPLE")).toEqual({
      name: "LOG_SAMPLE",
      doc: SETTINGS.LOG_SAMPLE.doc,
      default: "10",
      deployed: "50",
      value: "7",
      overridden: true,
      changedAt: 1234,
      accepts: { kind: "number", min: 0, max: 100 },
      problem: null,
    });
    expect(rows.find(({ name }) => name === "CONTRIBUTION")).toMatchObject({
      value: "open",
      overridden: false,
      changedAt: null,
      accepts: { kind: "choice", choices: ["open", "closed"] },
    });
  });

  test("is validated like the variable", async () => {
    const { live, settings } = isolateSettings();
    for (const [name, text] of [
      ["MAX_RETRIES", "11"],
      ["MAX_RETRIES", ""],
      ["MAX_RETRIES", "3; drop table keys"],
      ["CONTRIBUTION", "ajar"],
      ["VERIFY_MODEL", "../x"],
      ["MODELS", "a b"],
      ["MODELS", "<script>"],
      ["FAILURES_KEEP_DAYS", "0"],
    ] as const) {
      expect(await live.change(name, text)).toEqual({
        kind: "invalid",
        message: expect.stringMatching(`^${name} must be`),
      });
    }
    expect(settings).toEqual(parseSettings({ ...env, D1_TIMEOUT_MS: "50" }));
    expect(await settingsOverrideTable(env.DB).list()).toEqual([]);
  });

  test.each([...Object.keys(SECRETS), "GEMINI_BASE_URL", "EGRESS", "CONTRIBUTOR_TTL_MS"])(
    "is not %s: that takes a deployment, or is a secret",
    async (name) => {
      const { live } = isolateSettings();
      expect(await live.change(name, "x".repeat(40))).toEqual({ kind: "not_editable" });
      expect(await live.reset(name)).toEqual({ kind: "not_editable" });
      expect((await live.list()).map((row) => row.name)).not.toContain(name);
    },
  );

  test.each(["NO_SUCH_SETTING", "", "__proto__", "constructor"])("is not %s, which is none", async (name) => {
    expect(await isolateSettings().live.change(name, "1")).toEqual({ kind: "unknown" });
  });
});

describe("what stands in D1", () => {
  const put = (name: string, value: string) => settingsOverrideTable(env.DB).put(name, value, 1);

  test("is ignored with one line in the log where it no longer validates, and shown so", async () => {
    await put("MAX_RETRIES", "500");
    const isolate = isolateSettings();
    await load(isolate);
    await isolate.live.list();
    expect(isolate.settings.MAX_RETRIES).toBe(3);
    expect(isolate.log).toEqual(['settings.override_ignored {"setting":"MAX_RETRIES","cause":"must be at most 10"}']);
    const row = (await isolate.live.list()).find(({ name }) => name === "MAX_RETRIES");
    expect(row).toMatchObject({ value: "3", overridden: true, problem: "must be at most 10" });
    await isolate.live.change("MAX_RETRIES", "5");
    const mended = (await isolate.live.list()).find(({ name }) => name === "MAX_RETRIES");
    expect(mended).toMatchObject({ value: "5", problem: null });
  });

  test("changes no secret and nothing that needs a deployment", async () => {
    const before: Settings = isolateSettings().settings;
    await put("POOL_SECRET", "x".repeat(40));
    await put("ADMIN_TOKEN", "x".repeat(40));
    await put("GEMINI_BASE_URL", "https://evil.example");
    const isolate = isolateSettings();
    await load(isolate);
    expect(isolate.settings).toEqual(before);
  });
});

describe("while D1 does not answer", () => {
  test("the deployed values hold, nobody waits longer than D1_TIMEOUT_MS, and later reads bring the changes", async () => {
    await settingsOverrideTable(env.DB).put("MAX_RETRIES", "9", 1);
    const d1 = new FaultyD1();
    const { promise, resolve } = Promise.withResolvers<void>();
    d1.gate = promise;
    const isolate = isolateSettings({}, d1.binding);
    const work: Promise<unknown>[] = [];
    // D1 is silent until after this wait: nothing but the time-out ends it.
    await isolate.live.ready((reading) => work.push(reading));
    expect(isolate.settings.MAX_RETRIES).toBe(3);
    expect(isolate.live.ready(() => undefined)).toBeUndefined();
    d1.mood = "fails";
    resolve();
    await Promise.all(work);
    d1.gate = undefined;
    d1.mood = "works";
    isolate.advance(10_000);
    await refresh(isolate);
    expect(isolate.settings.MAX_RETRIES).toBe(9);
  });

  test("an isolate that was idle waits once, and not again before D1 has answered", async () => {
    const d1 = new FaultyD1();
    const isolate = isolateSettings({}, d1.binding);
    await load(isolate);
    d1.mood = "fails";
    isolate.advance(60_000);
    const waiting = isolate.live.ready(() => undefined);
    expect(waiting).toBeInstanceOf(Promise);
    await waiting;
    isolate.advance(60_000);
    expect(isolate.live.ready(() => undefined)).toBeUndefined();
    d1.mood = "works";
    await refresh(isolate);
    isolate.advance(60_000);
    expect(isolate.live.ready(() => undefined)).toBeInstanceOf(Promise);
  });

  test("what was read before goes on to hold", async () => {
    await settingsOverrideTable(env.DB).put("MAX_RETRIES", "9", 1);
    const d1 = new FaultyD1();
    const isolate = isolateSettings({}, d1.binding);
    await load(isolate);
    d1.mood = "fails";
    isolate.advance(10_000);
    await refresh(isolate);
    expect(isolate.settings.MAX_RETRIES).toBe(9);
    await expect(isolate.live.change("MAX_RETRIES", "1")).rejects.toThrow();
    expect(isolate.settings.MAX_RETRIES).toBe(9);
  });

  test("a read that set out before a change does not undo it", async () => {
    const settings = parseSettings({ ...env });
    const { promise, resolve } = Promise.withResolvers<[]>();
    const real = settingsOverrideTable(env.DB);
    const table = { ...real, list: () => promise };
    const quiet = { clock: Date.now, sleep: () => scheduler.wait(50), log: () => undefined };
    const live = createLiveSettings({ settings, table, ...quiet });
    const work: Promise<unknown>[] = [];
    live.refreshSometimes((reading) => work.push(reading));
    await live.change("MAX_RETRIES", "8");
    resolve([]);
    await Promise.all(work);
    expect(settings.MAX_RETRIES).toBe(8);
  });
});

describe("in the Worker", () => {
  const put = (name: string, value: string) => settingsOverrideTable(env.DB).put(name, value, 1);

  test("a change takes effect on the next request, without a new isolate", async () => {
    const table = layTable();
    const [key = "", ...others] = newKeys(4);
    await table.contribute(...others, key);
    for (const other of others) table.google.script(other, { kind: "error", fixture: "busy" });
    await put("MAX_RETRIES", "0");
    table.advance(10_000);
    await table.send({ key: newKey() });
    table.served();
    expect((await table.send({ key })).headers.get("x-pool-attempts")).toBe("2");
    await put("CONTRIBUTION", "closed");
    table.advance(10_000);
    await table.send({ key });
    const stranger = newKey();
    table.google.issue(stranger);
    expect((await table.send({ key: stranger })).headers.has("x-pool-contributed")).toBe(false);
    expect(await storedKey(stranger)).toBeUndefined();
  });

  test("PROMPT_STORE and LEASE_MAX are read at use", async () => {
    const table = layTable();
    const [key = "", ...others] = newKeys(4);
    await table.contribute(...others, key);
    await put("PROMPT_STORE", "leave");
    await put("LEASE_MAX", "1");
    table.advance(10_000);
    await table.send({ key });
    table.google.calls.length = 0;
    for (let turn = 0; turn < 8; turn++) await table.send({ key });
    expect(table.google.calls.filter(({ bodyText }) => bodyText.includes("store"))).toEqual([]);
  });

  test("an isolate's first request knows the changes", async () => {
    await put("CONTRIBUTION", "closed");
    const table = layTable();
    const stranger = newKey();
    table.google.issue(stranger);
    expect((await table.send({ key: stranger })).status).toBe(200);
    expect(await storedKey(stranger)).toBeUndefined();
  });

  test("so does the first request after an idle minute", async () => {
    const table = layTable();
    const key = newKey();
    await table.contribute(key);
    await put("MODELS", "gemini-3*");
    table.advance(59_999);
    expect((await table.send({ key })).status).toBe(200);
    await put("MODELS", "");
    table.advance(60_000);
    expect((await table.send({ key })).status).toBe(200);
  });

  test("a steady isolate reads them once in ten seconds", async () => {
    const d1 = new FaultyD1();
    const table = layTable({ DB: d1.binding });
    const key = newKey();
    await table.contribute(key);
    d1.takeTrips();
    const reads = () =>
      d1.takeTrips().filter(({ sql }) => sql.some((text) => text.includes("settings_overrides"))).length;
    for (let turn = 0; turn < 10; turn++) await table.send({ key });
    expect(reads()).toBe(0);
    table.advance(10_000);
    for (let turn = 0; turn < 10; turn++) await table.send({ key });
    expect(reads()).toBe(1);
  });
});
