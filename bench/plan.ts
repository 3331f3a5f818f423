import type { PoolSize } from "./topology.ts";
import type { Mode } from "./traffic.ts";

/** How much is measured, and for how long. */
export interface Plan {
  name: "full" | "quick";
  closedLoop: { mode: Mode; connections: number[]; contestants: string[]; rounds: number; seconds: number }[];
  fixedRate: { ratePerSecond: number; rounds: number; seconds: number };
  awaited: { ratePerSecond: number; seconds: number; callers: number }[];
  firstByteStreams: number;
}

/** The pool that the targets are set for. */
export const MAIN_POOL: PoolSize = 50_000;
export const LIMIT = "pass-through";
export const MAIN = "pool 50,000";
export const MAIN_DELAYED = "pool 50,000 + 30 ms";
export const TRACED = "traced";
export const TRACED_CALLERS = "traced, many callers";
export const LIMIT_STREAM = "pass-through, streams";
export const MAIN_STREAM = "pool 50,000, streams";

const EVERYBODY = [LIMIT, "pool 10", "pool 1,000", MAIN, "pool 1,000 + 30 ms", MAIN_DELAYED];

export const FULL: Plan = {
  name: "full",
  closedLoop: [
    { mode: "unary", connections: [1, 16, 64], contestants: EVERYBODY, rounds: 5, seconds: 2.5 },
    { mode: "sse", connections: [1, 16, 64], contestants: [LIMIT, MAIN], rounds: 5, seconds: 2.5 },
  ],
  fixedRate: { ratePerSecond: 200, rounds: 4, seconds: 6 },
  awaited: [
    { ratePerSecond: 50, seconds: 40, callers: 1 },
    { ratePerSecond: 200, seconds: 20, callers: 1 },
    { ratePerSecond: 50, seconds: 75, callers: 50 },
    // The free plan's 100,000 requests a day are 1.16 a second.
    { ratePerSecond: 1, seconds: 60, callers: 1 },
  ],
  firstByteStreams: 60,
};

export const QUICK: Plan = {
  name: "quick",
  closedLoop: [
    { mode: "unary", connections: [1, 16, 64], contestants: [LIMIT, MAIN, MAIN_DELAYED], rounds: 2, seconds: 1 },
    { mode: "sse", connections: [64], contestants: [LIMIT, MAIN], rounds: 2, seconds: 1 },
  ],
  fixedRate: { ratePerSecond: 200, rounds: 1, seconds: 3 },
  awaited: [{ ratePerSecond: 50, seconds: 12, callers: 1 }],
  firstByteStreams: 20,
};
