import { ApiKey } from "../src/api-key.ts";
import type { KeyTable } from "../src/db/keys.ts";
import type { LeaseTable } from "../src/db/leases.ts";
import { Contributors } from "../src/pool/contributors.ts";
import { Ledger } from "../src/pool/ledger.ts";
import { Outcasts } from "../src/pool/outcasts.ts";
import { Patience } from "../src/pool/patience.ts";
import { Rotation } from "../src/pool/rotation.ts";
import type { Vault } from "../src/pool/vault.ts";
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
  /** What if the ledger wrote all counters of a flush in one statement? */
  countersInOneStatement?: boolean;
  seed?: number;
}

export interface Outcome {
  requests: number;
  /** Share of requests that no turn came for in time: they travel on the caller's own key. */
  withoutTurn: number;
  /** Share of requests that waited for D1, and how long those waited. */
  waited: number;
  waitP95Ms: number;
  statementsPerSecond: number;
  leasesPerSecond: number;
  /** Share of its time that D1's writer is busy. */
  writerBusy: number;
  longestQueueMs: number;
  rowsReadPerRequest: number;
  rowsWrittenPerRequest: number;
  turnsPerLease: number;
  /** Share of leased turns that nobody used in time. */
  wasted: number;
  /** Uses of the most and of the least used key; the fewest count from keys that could have been used. */
  mostUses: number;
  leastUses: number;
  /** How long after the first isolate saw a key turned down another still used it, at worst. */
  staleMs: number;
}

/** The settings' defaults. */
const CONTRIBUTOR_TTL_MS = 60_000;
const FLUSH_AFTER_MS = 10_000;
const D1_TIMEOUT_MS = 2000;
const MODEL = "gemini";
const START_MS = 1_000_000;
/** Stands for a prepared statement: the ledger only counts them. */
const STATEMENT = {} as D1PreparedStatement;
const ignore = () => undefined;

export async function simulate(scenario: Scenario): Promise<Outcome> {
  const { isolates, requestsPerSecond, poolSize, seconds, seed = 1 } = scenario;
  const { warmSeconds = 60, leaseMax = 32, leaseTtlMs = 30_000, roundTripMs = 30 } = scenario;
  const { retirements = 0, callers = 20, countersInOneStatement = false } = scenario;
  const random = seededRandom(seed);
  const time = new VirtualTime();
  time.now = START_MS;
  const warmAt = START_MS + warmSeconds * 1000;
  const endAt = warmAt + seconds * 1000;
  const d1 = new SimulatedD1(time, { poolSize, roundTripMs });
  const clock = () => time.now;
  const sleep = (ms: number) => time.sleep(ms);

  const log = () => undefined;
  // Only what the traffic below makes them do: nothing cools, nobody joins.
  const keys = {
    find: (fingerprint: string) => d1.find(Number(fingerprint)),
    countUses: () => STATEMENT,
    seen: () => STATEMENT,
  } as unknown as KeyTable;
  const vault = {
    fingerprint: (key: ApiKey) => key.reveal(),
    open: ({ ciphertext }: { ciphertext: string }) => new ApiKey(ciphertext),
  } as Vault;
  const batch = (statements: unknown[]) => d1.write(statements.length, countersInOneStatement ? 1 : statements.length);

  const makeIsolate = () => {
    const patience = new Patience({ timeoutMs: D1_TIMEOUT_MS, clock, sleep });
    const outcasts = new Outcasts();
    const leases = { lease: (request) => d1.lease(request) } as LeaseTable;
    const resealing = { follow: async () => undefined };
    return {
      outcasts,
      rotation: new Rotation({ leases, batch, vault, outcasts, patience, clock, log, leaseMax, leaseTtlMs }),
      contributors: new Contributors({ keys, vault, resealing, patience, clock, log, ttlMs: CONTRIBUTOR_TTL_MS }),
      ledger: new Ledger({ keys, batch, clock, sleep, random, log, flushAfterMs: FLUSH_AFTER_MS }),
    };
  };
  const fleet = Array.from({ length: isolates }, makeIsolate);

  const uses = new Uint32Array(poolSize + 1);
  const turnedDownAt = new Map<number, number>();
  let waits: number[] = [];
  let requests = 0;
  let withoutTurn = 0;
  let staleMs = 0;
  let coldLoad = { ...d1.load };

  const retireEvery = retirements === 0 ? Infinity : Math.floor((requestsPerSecond * seconds) / (retirements + 1));

  /** From nothing to 1 while the fleet warms. */
  const grown = () => (warmSeconds === 0 ? 1 : Math.min(1, (time.now - START_MS + 1000) / (warmSeconds * 1000)));

  async function serve(): Promise<void> {
    const isolate = fleet[Math.floor(random() * Math.ceil(isolates * grown()))];
    if (isolate === undefined) return;
    const { rotation, outcasts, contributors, ledger } = isolate;
    const arrivedAt = time.now;
    const index = ++requests;
    const caller = 1 + Math.floor(random() * Math.min(callers, poolSize));
    await contributors.sortOut([new ApiKey(String(caller))]);
    ledger.countSeen(caller, ignore);
    const key = await rotation.take(MODEL, [], ignore);
    if (time.now > arrivedAt) waits.push(time.now - arrivedAt);
    if (key === undefined) {
      withoutTurn += 1;
      return;
    }
    uses[key.id] = (uses[key.id] ?? 0) + 1;
    const downSince = turnedDownAt.get(key.id);
    if (downSince !== undefined) staleMs = Math.max(staleMs, time.now - downSince);
    if (downSince !== undefined || index % retireEvery === 0) {
      turnedDownAt.set(key.id, downSince ?? time.now);
      outcasts.add(key.id, undefined, Infinity);
      rotation.drop(key.id);
      void d1.retire(key.id);
    }
    ledger.countUse(key.id, ignore);
  }

  const arrive = () => {
    void serve();
    const gapMs = (-Math.log(1 - random()) / (requestsPerSecond * grown())) * 1000;
    if (time.now + gapMs < endAt) time.at(time.now + gapMs, arrive);
  };
  time.at(START_MS, arrive);
  time.at(warmAt, () => {
    coldLoad = { ...d1.load };
    d1.load.longestQueueMs = 0;
    uses.fill(0);
    [waits, requests, withoutTurn] = [[], 0, 0];
  });
  await time.runUntil(endAt);

  const load = since(d1.load, coldLoad);
  const used = requests - withoutTurn;
  const alive = [...uses].filter((_, id) => id > 0 && !turnedDownAt.has(id));
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
    wasted: Math.max(0, load.turns - used) / load.turns,
    mostUses: alive.reduce((most, count) => Math.max(most, count), 0),
    leastUses: alive.reduce((least, count) => Math.min(least, count), Infinity),
    staleMs,
  };
}

function since(now: D1Load, before: D1Load): D1Load {
  return {
    leases: now.leases - before.leases,
    turns: now.turns - before.turns,
    statements: now.statements - before.statements,
    rowsRead: now.rowsRead - before.rowsRead,
    rowsWritten: now.rowsWritten - before.rowsWritten,
    busyMs: now.busyMs - before.busyMs,
    longestQueueMs: now.longestQueueMs,
  };
}
