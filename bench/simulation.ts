import { ApiKey } from "../src/api-key.ts";
import { ignore, makeFleet, type Isolate } from "./fleet.ts";
import { SimulatedD1, type D1Load } from "./simulated-d1.ts";
import { quantile } from "./statistics.ts";
import { seededRandom, VirtualTime } from "./virtual-time.ts";

/**
 * Many isolates on one database, in virtual time: the real rotation with its shelves, the real memory of contributors
 * and the real ledger, on a simulated D1. Arrivals are Poisson; each request's isolate and caller are drawn at random.
 */
export interface Scenario {
  isolates: number;
  requestsPerSecond: number;
  poolSize: number;
  /** What counts; before it, isolates and traffic grow from nothing for `warmSeconds`. */
  seconds: number;
  /** 0: every isolate is cold at once, as after a deployment. */
  warmSeconds?: number;
  leaseMax?: number;
  leaseTtlMs?: number;
  roundTripMs?: number;
  /** Keys that Google turns down during the run, one after the other. */
  retirements?: number;
  /** Contributors who share the traffic. */
  callers?: number;
  seed?: number;
}

const DEFAULTS = {
  warmSeconds: 60,
  leaseMax: 32,
  leaseTtlMs: 30_000,
  roundTripMs: 30,
  retirements: 0,
  callers: 20,
  seed: 1,
};

export interface Outcome {
  requests: number;
  /** Share of requests that no turn came for in time: they travel on the caller's own key. */
  withoutTurn: number;
  /** Share of requests that waited for D1, and how long those waited. */
  waited: number;
  waitP95Ms: number;
  statementsPerSecond: number;
  leasesPerSecond: number;
  /** Share of its time that D1's writer is asked for; over 1 the queue only grows. */
  writerBusy: number;
  longestQueueMs: number;
  rowsReadPerRequest: number;
  rowsWrittenPerRequest: number;
  turnsPerLease: number;
  /** Share of leased turns that nobody used. */
  wasted: number;
  /** Uses of the most and of the least used key, of those that nobody turned down. */
  mostUses: number;
  leastUses: number;
  /** How long after the first isolate saw a key turned down another still used it, at worst. */
  staleMs: number;
}

/** What is counted once the fleet is warm. */
interface Tally {
  requests: number;
  withoutTurn: number;
  waits: number[];
  /** By key id. */
  uses: Uint32Array;
  load: D1Load;
}

const MODEL = "gemini";
const START_MS = 1_000_000;

export async function simulate(scenario: Scenario): Promise<Outcome> {
  const all = { ...DEFAULTS, ...scenario };
  const { isolates, requestsPerSecond, poolSize, seconds, warmSeconds, retirements, callers } = all;
  const random = seededRandom(all.seed);
  const time = new VirtualTime();
  time.now = START_MS;
  const warmAt = START_MS + warmSeconds * 1000;
  const endAt = warmAt + seconds * 1000;
  const d1 = new SimulatedD1(time, all);
  const fleet = makeFleet({ ...all, time, d1, random });
  const newTally = (): Tally => ({
    requests: 0,
    withoutTurn: 0,
    waits: [],
    uses: new Uint32Array(poolSize + 1),
    load: d1.restartLoad(),
  });
  let tally = newTally();
  const turnedDownAt = new Map<number, number>();
  let staleMs = 0;
  const retireEvery = retirements === 0 ? Infinity : Math.floor((requestsPerSecond * seconds) / (retirements + 1));

  /** From nothing to 1 while the fleet warms. */
  const grown = () => (warmSeconds === 0 ? 1 : Math.min(1, (time.now - START_MS + 1000) / (warmSeconds * 1000)));
  const drawFrom = (count: number) => Math.floor(random() * count);

  async function serve(isolate: Isolate): Promise<void> {
    const { rotation, contributors, ledger } = isolate;
    const arrivedAt = time.now;
    const mine = tally;
    mine.requests += 1;
    const index = mine.requests;
    const caller = 1 + drawFrom(Math.min(callers, poolSize));
    await contributors.sortOut([new ApiKey(String(caller))], ignore);
    ledger.countSeen(caller, ignore);
    const key = await rotation.take(MODEL, [], ignore);
    if (time.now > arrivedAt) mine.waits.push(time.now - arrivedAt);
    if (key === undefined) {
      mine.withoutTurn += 1;
      return;
    }
    mine.uses[key.id] = (mine.uses[key.id] ?? 0) + 1;
    ledger.countUse(key.id, MODEL, ignore);
    const isWarm = time.now >= warmAt;
    if (turnedDownAt.has(key.id) || (isWarm && index % retireEvery === 0)) turnDown(isolate, key.id);
  }

  function turnDown({ outcasts, rotation }: Isolate, keyId: number): void {
    const since = turnedDownAt.get(keyId) ?? time.now;
    turnedDownAt.set(keyId, since);
    staleMs = Math.max(staleMs, time.now - since);
    outcasts.add(keyId, undefined, Infinity);
    rotation.drop(keyId);
    void d1.retire(keyId);
  }

  const arrive = () => {
    const isolate = fleet[drawFrom(Math.ceil(isolates * grown()))];
    if (isolate !== undefined) void serve(isolate);
    const gapMs = (-Math.log(1 - random()) / (requestsPerSecond * grown())) * 1000;
    if (time.now + gapMs < endAt) time.at(time.now + gapMs, arrive);
  };
  time.at(START_MS, arrive);
  time.at(warmAt, () => (tally = newTally()));
  await time.runUntil(endAt);
  return { ...summarise(tally, seconds, turnedDownAt), staleMs };
}

function summarise(tally: Tally, seconds: number, gone: ReadonlyMap<number, number>): Omit<Outcome, "staleMs"> {
  const { requests, withoutTurn, waits, uses, load } = tally;
  const alive = [...uses].filter((_, id) => id > 0 && !gone.has(id));
  return {
    requests,
    withoutTurn: withoutTurn / requests,
    waited: waits.length / requests,
    waitP95Ms: waits.length === 0 ? 0 : quantile(waits, 0.95),
    statementsPerSecond: load.statements / seconds,
    leasesPerSecond: load.leases / seconds,
    writerBusy: load.busyMs / (seconds * 1000),
    longestQueueMs: load.longestQueueMs,
    rowsReadPerRequest: load.rowsRead / requests,
    rowsWrittenPerRequest: load.rowsWritten / requests,
    turnsPerLease: load.turns / load.leases,
    wasted: Math.max(0, load.turns - (requests - withoutTurn)) / load.turns,
    mostUses: alive.reduce((most, count) => Math.max(most, count), 0),
    leastUses: alive.reduce((least, count) => Math.min(least, count), Infinity),
  };
}
