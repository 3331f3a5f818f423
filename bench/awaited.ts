import { runRound, type Round, type Stage } from "./rounds.ts";
import { type Door } from "./seed.ts";
import { quantile } from "./statistics.ts";

/** Whether warm requests waited for D1 before they went upstream, told by bench/workers/trace.ts. */
export interface Awaited {
  ratePerSecond: number;
  callers: number;
  requests: number;
  /** Share of requests that waited for no round trip: none of the isolate's ended before their fetch. */
  withoutWaiting: number;
  /** Share of requests that began no round trip that ended before their fetch. */
  withoutOwnTrip: number;
  beforeFetchMs: { median: number; p99: number };
  d1: NonNullable<Round["d1"]>;
}

interface Tally {
  requests: number;
  waitedForOwn: number;
  waitedForAny: number;
  beforeFetchMs: number[];
}

export interface AwaitedOrder {
  contestant: string;
  ratePerSecond: number;
  seconds: number;
  callers: number;
  door: Door;
}

/** A steady rate on the Worker with 30 ms to D1; the first seconds warm it and do not count. */
export async function measureAwaited(stage: Stage, order: AwaitedOrder): Promise<Awaited> {
  const { contestant, ratePerSecond, seconds, callers, door } = order;
  const readTally = async () => {
    const response = await fetch(`http://127.0.0.1:${stage.workers.port(contestant)}/tally`);
    return (await response.json()) as Tally;
  };
  const base = { contestant, mode: "unary", connections: 1, ratePerSecond, callers, door } as const;
  await runRound(stage, { ...base, seconds: Math.min(5, seconds / 3) });
  await readTally();
  const round = await runRound(stage, { ...base, seconds });
  const tally = await readTally();
  if (round.d1 === undefined) throw new Error("the round had no gauge");
  return {
    ratePerSecond,
    callers,
    requests: tally.requests,
    withoutWaiting: 1 - tally.waitedForAny / tally.requests,
    withoutOwnTrip: 1 - tally.waitedForOwn / tally.requests,
    beforeFetchMs: { median: quantile(tally.beforeFetchMs, 0.5), p99: quantile(tally.beforeFetchMs, 0.99) },
    d1: round.d1,
  };
}
