import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { coolingTable } from "../../src/db/coolings.ts";
import { keyTable } from "../../src/db/keys.ts";
import { createTending } from "../../src/pool/tending.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";

const MINUTE_MS = 60_000;

function newTending(d1: D1Database = env.DB) {
  const state = { now: 1_000_000, dropped: 0 };
  const log: string[] = [];
  const work: Promise<unknown>[] = [];
  const { tendSometimes } = createTending({
    keys: keyTable(d1),
    coolings: coolingTable(d1),
    dropExpired: () => void (state.dropped += 1),
    batch: (statements) => d1.batch(statements),
    clock: () => state.now,
    log: (_, event) => void log.push(event),
  });
  const afterRequest = async (ms: number) => {
    state.now += ms;
    tendSometimes((promise) => work.push(promise));
    await Promise.all(work.splice(0));
  };
  return { state, log, afterRequest };
}

describe("looking after the pool", () => {
  it("drops what expired on the shelves once a minute, not behind every request", async () => {
    const { state, afterRequest } = newTending();
    for (const ms of [MINUTE_MS - 1, 1, 1, MINUTE_MS - 2]) await afterRequest(ms);
    expect(state.dropped).toBe(1);
    await afterRequest(1);
    expect(state.dropped).toBe(2);
  });

  it("drops it also while D1 fails", async () => {
    const d1 = new FaultyD1();
    d1.mood = "fails";
    const { state, log, afterRequest } = newTending(d1.binding);
    await afterRequest(MINUTE_MS);
    expect(state.dropped).toBe(1);
    expect(log).toEqual(["pool.tend_failed"]);
  });
});
