import { AsyncLocalStorage } from "node:async_hooks";
// @ts-expect-error: the built bundle, put beside this module by bench/topology.ts
import potluck from "./potluck.js";

/**
 * Potluck's own bundle, watched from outside: did a request wait for D1 before it went upstream? Never used where
 * CPU or time is measured.
 */

interface Way {
  tripsBefore: number;
  ownTrips: number;
  sent: boolean;
  arrivedAt: number;
}

const tally = {
  requests: 0,
  /** A D1 round trip that the request itself had begun ended before its fetch. */
  waitedForOwn: 0,
  /** Any round trip of the isolate ended before its fetch: includes waiting for another's lease, and coincidences. */
  waitedForAny: 0,
  beforeFetchMs: [] as number[],
};
let endedTrips = 0;
const ways = new AsyncLocalStorage<Way>();
const realFetch = globalThis.fetch;

globalThis.fetch = (input, init) => {
  const way = ways.getStore();
  if (way !== undefined && !way.sent) {
    way.sent = true;
    tally.requests += 1;
    if (way.ownTrips > 0) tally.waitedForOwn += 1;
    if (endedTrips > way.tripsBefore) tally.waitedForAny += 1;
    tally.beforeFetchMs.push(performance.now() - way.arrivedAt);
  }
  return realFetch(input, init);
};

/** Makes a method of D1's tell when a round trip ends. */
function watch(owner: Record<string, unknown>, method: string): void {
  const real = owner[method] as (...given: unknown[]) => Promise<unknown>;
  owner[method] = async function watched(this: unknown, ...given: unknown[]) {
    const way = ways.getStore();
    try {
      return await real.apply(this, given);
    } finally {
      endedTrips += 1;
      if (way !== undefined && !way.sent) way.ownTrips += 1;
    }
  };
}

let watching = false;
function watchD1(d1: D1Database): void {
  if (watching) return;
  watching = true;
  const statement = Object.getPrototypeOf(d1.prepare("select 1")) as Record<string, unknown>;
  for (const method of ["first", "all", "run", "raw"]) watch(statement, method);
  watch(Object.getPrototypeOf(d1) as Record<string, unknown>, "batch");
}

export default {
  async fetch(request, env, ctx) {
    if (request.url.endsWith("/tally")) {
      const answer = Response.json(tally);
      Object.assign(tally, { requests: 0, waitedForOwn: 0, waitedForAny: 0, beforeFetchMs: [] });
      return answer;
    }
    watchD1(env.DB);
    const way = { tripsBefore: endedTrips, ownTrips: 0, sent: false, arrivedAt: performance.now() };
    return ways.run(way, () => potluck.fetch(request, env, ctx));
  },
} satisfies ExportedHandler<{ DB: D1Database }>;
