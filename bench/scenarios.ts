import type { Scenario } from "./simulation.ts";

/** A question, and the runs that answer it. */
export interface Group {
  title: string;
  runs: [label: string, scenario: Scenario][];
}

/** The free plan's 100,000 requests a day, spread evenly. */
export const FREE_PLAN_RATE = 100_000 / 86_400;
/** About what one isolate serves in production before Cloudflare starts another; a guess, varied below. */
const REQUESTS_AN_ISOLATE = 50;

const spread = (requestsPerSecond: number, seconds: number, more: Partial<Scenario> = {}): Scenario => ({
  isolates: Math.max(1, Math.round(requestsPerSecond / REQUESTS_AN_ISOLATE)),
  requestsPerSecond,
  poolSize: 50_000,
  seconds,
  ...more,
});

export const GROUPS: Group[] = [
  {
    title: "A full free plan (100,000 requests a day, evenly), pool of 1,000 keys",
    runs: [1, 4, 16, 64].map((isolates) => [
      `${isolates} × ${(FREE_PLAN_RATE / isolates).toFixed(2)} req/s`,
      {
        isolates,
        requestsPerSecond: FREE_PLAN_RATE,
        poolSize: 1000,
        seconds: 6 * 3600,
        warmSeconds: 600,
        retirements: 20,
      },
    ]),
  },
  {
    title: `Growing traffic, ${REQUESTS_AN_ISOLATE} requests a second in each isolate, pool of 50,000 keys`,
    runs: [100, 1000, 2500, 5000, 7500, 10_000].map((rate) => [`${rate} req/s`, spread(rate, 15, { retirements: 5 })]),
  },
  {
    title: "Everything cold at once, as after a deployment; 10 seconds",
    runs: [
      ["1000 req/s", spread(1000, 10, { warmSeconds: 0 })],
      ["2500 req/s", spread(2500, 10, { warmSeconds: 0 })],
      ["5000 req/s", spread(5000, 10, { warmSeconds: 0 })],
    ],
  },
  {
    title: "The same 1,000 requests a second in fewer or more isolates, pool of 1,000 keys",
    runs: [1, 10, 100, 1000, 5000].map((isolates) => [
      `${isolates} isolates`,
      { isolates, requestsPerSecond: 1000, poolSize: 1000, seconds: 40, retirements: 20 },
    ]),
  },
  {
    title: "Pool sizes, 200 requests a second in 8 isolates",
    runs: [10, 100, 1000, 10_000, 50_000].map((poolSize) => [
      `${poolSize} keys`,
      { isolates: 8, requestsPerSecond: 200, poolSize, seconds: 600 },
    ]),
  },
  {
    title: "What to change when D1's writer is the limit: 5,000 requests a second, 100 isolates, 50,000 keys",
    runs: [
      ["as it is", spread(5000, 20)],
      ["LEASE_MAX 64", spread(5000, 20, { leaseMax: 64 })],
      ["… and 15,000 req/s", spread(15_000, 8, { leaseMax: 64 })],
      ["… one of 4 lanes of 20,000 req/s", spread(5000, 20, { leaseMax: 64, poolSize: 12_500 })],
    ],
  },
];
