import type { Load } from "./load.ts";
import { benchKey, readGauge, type D1Counts, type Door } from "./seed.ts";
import { median, quantile } from "./statistics.ts";
import { BODY, HEADERS, urlOf, type Mode } from "./traffic.ts";
import { cpuMicros, type Workerd } from "./workerd.ts";

/** What one Worker did in one round, while nobody else was loaded. */
export interface Round {
  contestant: string;
  mode: Mode;
  connections: number;
  requests: number;
  failures: number;
  perSecond: number;
  medianMs: number;
  p99Ms: number;
  /** CPU of the whole process with the Workers under test, for each request. */
  cpuUs: number;
  /** What D1 reported, for each request. */
  d1?: D1Counts;
}

export interface RoundOrder {
  contestant: string;
  mode: Mode;
  connections: number;
  seconds: number;
  ratePerSecond?: number;
  /** How many contributors share the traffic; only with a rate. */
  callers?: number;
  door?: Door;
}

export interface Stage {
  workers: Workerd;
  load: Load;
}

/** Loads one Worker for a few seconds. */
export async function runRound({ workers, load }: Stage, order: RoundOrder): Promise<Round> {
  const { contestant, mode, connections, seconds, ratePerSecond, callers = 1, door } = order;
  const before = door === undefined ? undefined : await readGauge(door);
  const cpuBefore = cpuMicros(workers.pid);
  const {
    answered,
    latencies,
    failures,
    seconds: took,
  } = await load.run({
    url: urlOf(workers.port(contestant), mode),
    headers: HEADERS,
    callerKeys: Array.from({ length: callers }, (_, index) => benchKey(index)),
    body: BODY,
    seconds,
    connections,
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
  });
  const cpu = cpuMicros(workers.pid) - cpuBefore;
  const after = door === undefined ? undefined : await readGauge(door);
  return {
    contestant,
    mode,
    connections,
    requests: answered,
    failures,
    perSecond: answered / took,
    medianMs: median(latencies),
    p99Ms: quantile(latencies, 0.99),
    cpuUs: cpu / answered,
    ...(before === undefined || after === undefined ? {} : { d1: perRequest(before, after, answered) }),
  };
}

function perRequest(before: D1Counts, after: D1Counts, requests: number): D1Counts {
  const share = (name: keyof D1Counts) => (after[name] - before[name]) / requests;
  return {
    roundTrips: share("roundTrips"),
    queries: share("queries"),
    rowsRead: share("rowsRead"),
    rowsWritten: share("rowsWritten"),
  };
}
