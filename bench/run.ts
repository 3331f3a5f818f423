import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { measureAwaited, type Awaited } from "./awaited.ts";
import { startLoad } from "./load.ts";
import { writeDocument } from "./document.ts";
import {
  FULL,
  LIMIT,
  LIMIT_STREAM,
  MAIN,
  MAIN_DELAYED,
  MAIN_POOL,
  MAIN_STREAM,
  QUICK,
  TRACED,
  TRACED_CALLERS,
  type Plan,
} from "./plan.ts";
import { print, printRound } from "./print.ts";
import { runRound, type Round, type Stage } from "./rounds.ts";
import { seedPool, type Door } from "./seed.ts";
import { median } from "./statistics.ts";
import { measureStreams, startStreamServer } from "./streams.ts";
import { compare, d1Of, delayEffect, type Results } from "./summary.ts";
import { toMarkdown } from "./markdown.ts";
import {
  buildBundle,
  doorName,
  POOL_SIZES,
  startContestants,
  startD1,
  startGoogle,
  type Contestant,
} from "./topology.ts";
import type { Workerd } from "./workerd.ts";

/** `pnpm bench`: builds the Worker, serves it beside a bare pass-through, and measures both. */

/** Nothing runs on for ever, whatever hangs. */
const DEADLINE_MS = 15 * 60_000;

const OUTPUT = join(import.meta.dirname, "../.wrangler/bench");

function contestantsOf(google: number, streams: number): Contestant[] {
  const pool = { kind: "potluck", upstream: google } as const;
  return [
    { name: LIMIT, kind: "pass-through", upstream: google },
    { ...pool, name: "pool 10", size: 10 },
    { ...pool, name: "pool 1,000", size: 1000 },
    { ...pool, name: MAIN, size: MAIN_POOL },
    { ...pool, name: "pool 1,000 + 30 ms", size: 1000, delayed: true },
    { ...pool, name: MAIN_DELAYED, size: MAIN_POOL, delayed: true },
    { ...pool, name: TRACED, kind: "traced", size: MAIN_POOL, delayed: true },
    { ...pool, name: TRACED_CALLERS, kind: "traced", size: MAIN_POOL, delayed: true },
    { name: LIMIT_STREAM, kind: "pass-through", upstream: streams },
    { name: MAIN_STREAM, kind: "potluck", size: MAIN_POOL, upstream: streams },
  ];
}

/** Rounds in turns (a b c, b c a, …), so that what disturbs the machine disturbs all alike. */
async function closedLoop(stage: Stage, plan: Plan, doorOf: DoorOf): Promise<Round[]> {
  const rounds: Round[] = [];
  for (const { mode, connections, contestants, rounds: count, seconds } of plan.closedLoop) {
    for (const level of connections) {
      for (const name of contestants) await runRound(stage, order(name, mode, level, 0.7));
      for (let turn = 0; turn < count; turn++) {
        const first = turn % contestants.length;
        for (const name of [...contestants.slice(first), ...contestants.slice(0, first)]) {
          const round = await runRound(stage, order(name, mode, level, seconds));
          printRound(round);
          rounds.push(round);
        }
      }
    }
  }
  return rounds;

  function order(contestant: string, mode: Round["mode"], level: number, seconds: number) {
    const door = doorOf(contestant);
    return { contestant, mode, connections: level, seconds, ...(door === undefined ? {} : { door }) };
  }
}

type DoorOf = (contestant: string) => Door | undefined;

async function fixedRate(stage: Stage, plan: Plan): Promise<Results["fixedRate"]> {
  const { ratePerSecond, rounds: count, seconds } = plan.fixedRate;
  const rounds: Round[] = [];
  for (let turn = 0; turn < count; turn++) {
    for (const contestant of [LIMIT, MAIN]) {
      rounds.push(await runRound(stage, { contestant, mode: "unary", connections: 1, seconds, ratePerSecond }));
    }
  }
  const over = (name: string, read: (round: Round) => number) =>
    median(rounds.filter(({ contestant }) => contestant === name).map(read));
  return {
    ratePerSecond,
    limitP99Ms: over(LIMIT, (round) => round.p99Ms),
    potluckP99Ms: over(MAIN, (round) => round.p99Ms),
    limitMedianMs: over(LIMIT, (round) => round.medianMs),
    potluckMedianMs: over(MAIN, (round) => round.medianMs),
  };
}

async function measure(plan: Plan, directory: string, toStop: (() => Promise<unknown>)[]): Promise<Results> {
  const started = async <Process extends { stop: () => Promise<unknown> }>(starting: Process | Promise<Process>) => {
    const running = await starting;
    toStop.push(() => running.stop());
    return running;
  };
  print("Building the Worker, filling pools of 10, 1,000 and 50,000 keys …");
  await buildBundle(directory);
  const google = await started(startGoogle(directory));
  const streams = await started(startStreamServer());
  const d1 = await started(startD1(directory));
  for (const size of POOL_SIZES) await seedPool({ port: d1.port(doorName(size)) }, size);
  const contestants = contestantsOf(google.port("google"), streams.port);
  const workers: Workerd = await started(startContestants(directory, contestants, d1));
  const load = await started(startLoad());
  const stage: Stage = { workers, load };
  const doorOf: DoorOf = (name) => {
    const contestant = contestants.find((one) => one.name === name);
    if (contestant?.size === undefined) return undefined;
    return { port: d1.port(doorName(contestant.size, contestant.delayed)) };
  };

  print("Streams …");
  const ports = { limit: workers.port(LIMIT_STREAM), potluck: workers.port(MAIN_STREAM) };
  const streamReport = await measureStreams(ports, streams, workers.pid, plan.firstByteStreams);
  print("Rounds …");
  const rounds = await closedLoop(stage, plan, doorOf);
  print("Fixed rate …");
  const rated = await fixedRate(stage, plan);
  print("Waiting for D1 …");
  const awaited: Awaited[] = [];
  for (const order of plan.awaited) {
    const contestant = order.callers === 1 ? TRACED : TRACED_CALLERS;
    awaited.push(
      await measureAwaited(stage, { ...order, contestant, door: { port: d1.port(doorName(MAIN_POOL, true)) } }),
    );
  }
  return {
    at: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.version}`,
    plan: plan.name,
    rounds,
    comparisons: compare(rounds),
    delayEffectMs: delayEffect(rounds, [1, 16, 64]),
    awaited,
    busyD1: d1Of(rounds.filter(({ contestant, mode }) => contestant === MAIN && mode === "unary")),
    fixedRate: rated,
    streams: streamReport,
    failures: rounds.reduce((sum, { failures }) => sum + failures, 0),
  };
}

async function main(): Promise<void> {
  const plan = process.argv.includes("--quick") ? QUICK : FULL;
  const directory = mkdtempSync(join(tmpdir(), "potluck-bench-"));
  const toStop: (() => Promise<unknown>)[] = [];
  const stopAll = async () => {
    await Promise.allSettled(toStop.toReversed().map((stop) => stop()));
    rmSync(directory, { recursive: true, force: true });
  };
  const giveUp = () => void stopAll().then(() => process.exit(130));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, giveUp);
  const deadline = setTimeout(giveUp, DEADLINE_MS);
  try {
    const results = await measure(plan, directory, toStop);
    mkdirSync(OUTPUT, { recursive: true });
    const file = join(OUTPUT, `${results.at.replaceAll(/[:.]/g, "-")}.json`);
    writeFileSync(file, JSON.stringify(results, undefined, 2));
    const report = toMarkdown(results);
    print(`\n${report}\nEvery round: ${file}`);
    if (process.argv.includes("--write")) writeDocument("performance.md", report);
  } finally {
    clearTimeout(deadline);
    await stopAll();
  }
}

await main();
