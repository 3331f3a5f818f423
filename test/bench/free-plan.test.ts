import { describe, expect, it } from "vitest";
import { simulate } from "../../bench/simulation.ts";

/** A little more than the 100,000 requests of the free plan, spread over a day. */
const REQUESTS_PER_SECOND = 1.2;
const REQUESTS_A_DAY = REQUESTS_PER_SECOND * 86_400;

describe("a day of the free plan's 100,000 requests", () => {
  it.each([1, 2, 4])(
    "in %i isolates, with greedy statistics, stays below its 100,000 written rows",
    async (isolates) => {
      const outcome = await simulate({
        isolates,
        requestsPerSecond: REQUESTS_PER_SECOND,
        poolSize: 1000,
        seconds: 6 * 3600,
        warmSeconds: 300,
      });
      expect(outcome.requests).toBeGreaterThan(20_000);
      expect(outcome.rowsWrittenPerRequest * REQUESTS_A_DAY).toBeLessThan(80_000);
      expect(outcome.rowsReadPerRequest * REQUESTS_A_DAY).toBeLessThan(5_000_000);
    },
  );
});
