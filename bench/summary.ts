import type { Awaited } from "./awaited.ts";
import { LIMIT, MAIN, MAIN_DELAYED, type Plan } from "./plan.ts";
import type { Round } from "./rounds.ts";
import { median } from "./statistics.ts";
import type { StreamReport } from "./streams.ts";
import type { Mode } from "./traffic.ts";

/** One line of the comparison: medians over paired rounds against the bare pass-through. */
export interface Comparison {
  contestant: string;
  mode: Mode;
  connections: number;
  throughputRatio: number;
  cpuRatio: number;
  cpuUs: number;
  limitCpuUs: number;
  perSecond: number;
  medianMs: number;
  addedMedianMs: number;
}

export interface Ceiling {
  requestsADay: number;
  boundBy: string;
}

export interface Results {
  at: string;
  machine: string;
  plan: Plan["name"];
  rounds: Round[];
  comparisons: Comparison[];
  /** Median with 30 ms to D1 minus median without, paired, by connections. */
  delayEffectMs: { connections: number; ms: number }[];
  awaited: Awaited[];
  /** D1 for each request over every closed-loop round of the main pool, unary. */
  busyD1: NonNullable<Round["d1"]>;
  fixedRate: {
    ratePerSecond: number;
    limitP99Ms: number;
    potluckP99Ms: number;
    limitMedianMs: number;
    potluckMedianMs: number;
  };
  streams: StreamReport;
  failures: number;
}

/** Pairs the n-th round of one with the n-th of the other: they ran one after the other. */
function paired(
  rounds: readonly Round[],
  one: string,
  other: string,
  mode: Mode,
  connections: number,
): [Round, Round][] {
  const of = (name: string) =>
    rounds.filter((round) => round.contestant === name && round.mode === mode && round.connections === connections);
  const others = of(other);
  return of(one).flatMap((round, index) => {
    const partner = others[index];
    return partner === undefined ? [] : [[round, partner] as [Round, Round]];
  });
}

export function compare(rounds: readonly Round[]): Comparison[] {
  const lines = new Map(rounds.map((round) => [`${round.mode} ${round.connections} ${round.contestant}`, round]));
  return [...lines.values()].map(({ contestant, mode, connections }) => {
    const pairs = paired(rounds, contestant, LIMIT, mode, connections);
    const over = (read: (round: Round, limit: Round) => number) =>
      median(pairs.map(([round, limit]) => read(round, limit)));
    return {
      contestant,
      mode,
      connections,
      throughputRatio: over((round, limit) => round.perSecond / limit.perSecond),
      cpuRatio: over((round, limit) => round.cpuUs / limit.cpuUs),
      cpuUs: over((round) => round.cpuUs),
      limitCpuUs: over((_, limit) => limit.cpuUs),
      perSecond: over((round) => round.perSecond),
      medianMs: over((round) => round.medianMs),
      addedMedianMs: over((round, limit) => round.medianMs - limit.medianMs),
    };
  });
}

export function delayEffect(rounds: readonly Round[], connections: readonly number[]): Results["delayEffectMs"] {
  return connections.map((count) => ({
    connections: count,
    ms: median(paired(rounds, MAIN_DELAYED, MAIN, "unary", count).map(([slow, fast]) => slow.medianMs - fast.medianMs)),
  }));
}

/** D1's counts for each request, over all rounds of one contestant together. */
export function d1Of(rounds: readonly Round[]): NonNullable<Round["d1"]> {
  const total = { roundTrips: 0, queries: 0, rowsRead: 0, rowsWritten: 0 };
  let requests = 0;
  for (const round of rounds) {
    if (round.d1 === undefined) continue;
    requests += round.requests;
    for (const name of ["roundTrips", "queries", "rowsRead", "rowsWritten"] as const) {
      total[name] += round.d1[name] * round.requests;
    }
  }
  return {
    roundTrips: total.roundTrips / requests,
    queries: total.queries / requests,
    rowsRead: total.rowsRead / requests,
    rowsWritten: total.rowsWritten / requests,
  };
}

/** The worst of each number over several steady rates; undefined without any. */
export function worstOf(rows: readonly Awaited[]) {
  if (rows.length === 0) return undefined;
  const most = (read: (row: Awaited) => number) => Math.max(...rows.map(read));
  return {
    withoutWaiting: Math.min(...rows.map(({ withoutWaiting }) => withoutWaiting)),
    queries: most(({ d1 }) => d1.queries),
    rowsRead: most(({ d1 }) => d1.rowsRead),
    rowsWritten: most(({ d1 }) => d1.rowsWritten),
  };
}

/** Cloudflare's free plan a day (shared/cloudflare.md 1.1, 4.1). */
const FREE_PLAN = { requests: 100_000, rowsRead: 5_000_000, rowsWritten: 100_000 };

/** How many requests a day the free plan carries at this cost. */
export function ceilingOf(d1: { rowsRead: number; rowsWritten: number }): Ceiling {
  const bounds = [
    { boundBy: "requests", requestsADay: FREE_PLAN.requests },
    { boundBy: "rows read", requestsADay: Math.floor(FREE_PLAN.rowsRead / d1.rowsRead) },
    { boundBy: "rows written", requestsADay: Math.floor(FREE_PLAN.rowsWritten / d1.rowsWritten) },
  ];
  return bounds.reduce((least, bound) => (bound.requestsADay < least.requestsADay ? bound : least));
}
