import { writeDocument } from "./document.ts";
import { print } from "./print.ts";
import { FREE_PLAN_RATE, GROUPS } from "./scenarios.ts";
import { simulate, type Outcome, type Scenario } from "./simulation.ts";
import { round as cut } from "./statistics.ts";
import { ceilingOf } from "./summary.ts";
import { table, type Cell } from "./table.ts";

/** `pnpm bench:scale`: what no single machine can show, by simulation. The same numbers on every run. */

const HEAD = [
  "",
  "isolates",
  "D1 statements/s",
  "writer busy",
  "longest queue ms",
  "rows read a request",
  "rows written a request",
  "waited for D1",
  "their p95 ms",
  "no turn in time",
  "turns a lease",
  "wasted turns",
  "uses a key, least–most",
  "stale retirement s",
  "free plan, requests a day",
];

const percent = (share: number) => `${cut(share * 100, 2)} %`;

function toRow(label: string, { isolates, requestsPerSecond }: Scenario, outcome: Outcome): Cell[] {
  const perRequest = { rowsRead: outcome.rowsReadPerRequest, rowsWritten: outcome.rowsWrittenPerRequest };
  return [
    label,
    isolates,
    cut(outcome.statementsPerSecond, 1),
    percent(outcome.writerBusy),
    cut(outcome.longestQueueMs, 0),
    cut(outcome.rowsReadPerRequest),
    cut(outcome.rowsWrittenPerRequest, 3),
    percent(outcome.waited),
    cut(outcome.waitP95Ms, 0),
    percent(outcome.withoutTurn),
    cut(outcome.turnsPerLease, 1),
    percent(outcome.wasted),
    `${outcome.leastUses}–${outcome.mostUses}`,
    cut(outcome.staleMs / 1000, 1),
    requestsPerSecond > FREE_PLAN_RATE ? "" : ceilingOf(perRequest).requestsADay,
  ];
}

const parts: string[] = [];
for (const { title, runs } of GROUPS) {
  const rows: Cell[][] = [];
  for (const [label, scenario] of runs) rows.push(toRow(label, scenario, await simulate(scenario)));
  parts.push(`### ${title}\n\n${table(HEAD, rows)}`);
  print(`\n${parts.at(-1)}`);
}
if (process.argv.includes("--write")) writeDocument("scale.md", parts.join("\n\n"));
