import { describe, expect, it } from "vitest";
import { RowBudget } from "../../src/pool/row-budget.ts";

const HOUR = 3_600_000;
const ALLOWANCE = { first: 40, most: 100, rowsAnHour: 10, rowsARequest: 0.1 };

function newBudget() {
  const state = { now: 0 };
  return { budget: new RowBudget(ALLOWANCE, () => state.now), state };
}

function countRequests(budget: RowBudget, count: number) {
  for (let at = 0; at < count; at++) budget.countRequest();
}

describe("a budget of written rows", () => {
  it("begins with enough for a quiet pool", () => {
    expect(newBudget().budget.rows).toBe(40);
  });

  it("is earned by the hour and by the request, in fractions too", () => {
    const { budget, state } = newBudget();
    budget.spend(40);
    for (let at = 0; at < 8; at++) {
      state.now += HOUR / 20;
      budget.countRequest();
      expect(budget.rows).toBe(Math.floor((at + 1) * 0.6 + 1e-9));
    }
  });

  it("saves up while little is written, to a limit", () => {
    const { budget, state } = newBudget();
    state.now += 5 * HOUR;
    expect(budget.rows).toBe(90);
    state.now += 5 * HOUR;
    expect(budget.rows).toBe(100);
    countRequests(budget, 500);
    expect(budget.rows).toBe(100);
  });

  it("lets the load of one flush pay for that flush, however much it is", () => {
    const { budget } = newBudget();
    countRequests(budget, 20_000);
    expect(budget.rows).toBe(2000);
    budget.spend(2000);
    expect(budget.rows).toBe(0);
  });

  it("that was overdrawn gives nothing until it is earned back", () => {
    const { budget, state } = newBudget();
    budget.spend(55);
    expect(budget.rows).toBe(0);
    state.now += HOUR;
    expect(budget.rows).toBe(0);
    state.now += HOUR;
    expect(budget.rows).toBe(5);
  });
});
