import { causeOf } from "./log.ts";
import { createRecheck } from "./relay/recheck.ts";
import type { Services } from "./services.ts";

type Defer = (work: Promise<unknown>) => void;
type Job = [name: string, run: (defer: Defer) => Promise<unknown>];

/**
 * Makes what runs every five minutes, whatever the traffic: one job after the other, so that a quiet Worker's pool is
 * looked after as well. A job that fails is logged and tried again by the next run; the others go on. All together stay
 * within the free plan's 50 queries and 50 subrequests.
 */
export function createUpkeep(services: Services) {
  const { pool, desk, records, access, sessions, liveSettings, probe, clock, log } = services;
  const jobs: readonly Job[] = [
    ["settings", async (defer) => liveSettings.ready(defer)],
    ["pool", () => pool.tend()],
    ["erased", () => desk.sweepErased()],
    ["roll_up", () => records.rollUp()],
    ["key_count", () => records.countKeys()],
    ["failures", () => records.sweepFailures()],
    ["access", () => access.sweep(clock())],
    ["sessions", () => sessions.sweep(clock())],
    ["recheck", createRecheck({ pool, probe })],
  ];

  return async function upkeep(defer: Defer): Promise<void> {
    for (const [job, run] of jobs) {
      try {
        await run(defer);
      } catch (error) {
        log("error", "upkeep.failed", { job, cause: causeOf(error) });
      }
    }
  };
}
