import { createExecutionContext, createScheduledController, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import worker from "../src/index.ts";
import { emptyPool, seedKeys, storedKeys } from "./support/pool-rows.ts";
import { emptyRecords, openRecords, storedActivity, storedFailures } from "./support/records-table.ts";

const DAY = 86_400_000;

beforeEach(async () => {
  await emptyPool();
  await emptyRecords();
});

describe("the Worker's cron trigger", () => {
  it("wakes a thousand keys a run, so that a whole pool that was rested is back within hours", async () => {
    await seedKeys(1100);
    await env.DB.prepare("update keys set resting_until = 1").run();
    const stillResting = async () => (await storedKeys()).filter(({ resting_until: until }) => until !== null).length;
    const isolate = { ...env };
    for (const left of [100, 0]) {
      const context = createExecutionContext();
      await worker.scheduled(createScheduledController(), isolate, context);
      await waitOnExecutionContext(context);
      expect(await stillResting()).toBe(left);
    }
  });

  it("wakes keys, counts them, rolls up, and forgets what is old", async () => {
    const old = openRecords();
    old.state.now = Date.now() - 8 * DAY;
    old.answer({}, 3);
    old.fail();
    await old.flush();
    await seedKeys(3);
    await env.DB.batch([
      env.DB.prepare("update keys set resting_until = 1 where id = 1"),
      env.DB.prepare("insert into coolings (key_id, model, until, kind) values (2, 'gemini-2.5-pro', 1, 'busy')"),
      env.DB.prepare("insert into sessions (id, created_at, expires_at) values ('ended', 0, 1)"),
      env.DB.prepare("insert into sign_in_failures (address, window_start, failures) values ('long ago', 1, 9)"),
    ]);
    const context = createExecutionContext();
    await worker.scheduled(createScheduledController(), { ...env }, context);
    await waitOnExecutionContext(context);
    expect((await storedKeys()).map(({ resting_until: until }) => until)).toEqual([null, null, null]);
    expect(await storedFailures()).toEqual([]);
    expect((await storedActivity()).map(({ span, requests }) => [span, requests])).toEqual([
      [0, 3],
      [3_600_000, 3],
    ]);
    expect(await env.DB.prepare("select active, cooling from key_counts").first()).toEqual({ active: 3, cooling: 0 });
    for (const table of ["coolings", "sessions", "sign_in_failures"]) {
      expect(await env.DB.prepare(`select count(*) as rows from ${table}`).first("rows")).toBe(0);
    }
  });
});
