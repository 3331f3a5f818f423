import { describe, expect, it } from "vitest";
import { Patience, Unavailable } from "../../src/pool/patience.ts";

function newPatience() {
  const state = { now: 0 };
  const patience = new Patience({ timeoutMs: 10, clock: () => state.now, sleep: (ms) => scheduler.wait(ms) });
  return { patience, state };
}

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
