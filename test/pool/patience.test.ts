import { describe, expect, it } from "vitest";
import { Patience, Unavailable } from "../../src/pool/patience.ts";

function newPatience() {
  const state = { now: 0 };
  const patience = new Patience({ timeoutMs: 10, clock: () => state.now, sleep: (ms) => scheduler.wait(ms) });
  return { patience, state };
}

const fails = async () => {
  throw new Error("no such table");
};

describe("patience with the database", () => {
  it("passes on what it answers", async () => {
    await expect(newPatience().patience.wait(async () => 7)).resolves.toBe(7);
  });

  it("ends after the time-out", async () => {
    const { patience } = newPatience();
    await expect(patience.wait(() => scheduler.wait(500))).rejects.toBeInstanceOf(Unavailable);
  });

  it("does not ask again for a second after a failure", async () => {
    const { patience, state } = newPatience();
    let asked = 0;
    const ask = async () => {
      asked += 1;
      throw new Error("no such table");
    };
    await expect(patience.wait(ask)).rejects.toThrow("no such table");
    await expect(patience.wait(ask)).rejects.toBeInstanceOf(Unavailable);
    expect(asked).toBe(1);
    state.now += 1000;
    await expect(patience.wait(ask)).rejects.toThrow("no such table");
    expect(asked).toBe(2);
  });

  it("says that it is over for now, and turns everyone away with the same error until it asks again", async () => {
    const { patience, state } = newPatience();
    const turnedAway = () => patience.wait(async () => 7).catch((error: unknown) => error);
    await patience.wait(fails).catch(() => undefined);
    expect(patience.isPaused).toBe(true);
    const refusal = await turnedAway();
    expect(await turnedAway()).toBe(refusal);
    state.now += 1000;
    expect(patience.isPaused).toBe(false);
    await patience.wait(fails).catch(() => undefined);
    expect(await turnedAway()).not.toBe(refusal);
  });

  it("ends as well by a failure that nobody waited for, longer each time until it answers in time", async () => {
    const { patience, state } = newPatience();
    const pauses: number[] = [];
    const measure = async (ask: () => Promise<unknown>) => {
      await patience.heed(ask).catch(() => undefined);
      const since = state.now;
      while (patience.isPaused) state.now += 500;
      pauses.push(state.now - since);
    };
    for (let at = 0; at < 7; at++) await measure(fails);
    await measure(async () => {
      state.now += 11;
    });
    await measure(fails);
    await measure(async () => 7);
    await measure(fails);
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 16_000, 16_000, 0, 16_000, 0, 1000]);
  });

  it("outlives an answer that fails after the time-out", async () => {
    const { patience } = newPatience();
    const late = async () => {
      await scheduler.wait(20);
      throw new Error("too late");
    };
    await expect(patience.wait(late)).rejects.toBeInstanceOf(Unavailable);
    await scheduler.wait(30);
  });
});
