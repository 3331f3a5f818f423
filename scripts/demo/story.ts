/** The demo in words: what is about to happen, and what did. Pure. */

import { bold, dim, green, red, yellow } from "../support/paint.ts";
import { renderTable } from "../support/table.ts";
import type { Contributor, Trouble } from "./cast.ts";
import { REQUESTS_PER_DAY, REQUESTS_PER_MINUTE } from "./cast.ts";
import type { Latency } from "./latency.ts";
import type { Row, Score } from "./score.ts";

export interface Findings {
  keyCount: number;
  latency: Latency;
  /** Headers that reached the simulated Google and should not have. */
  strayHeaders: number;
  /** Keys whose text was found in the Worker's database files or log. */
  exposedKeys: number;
}

const OUTLOOK: Record<Exclude<Trouble, "none">, string> = {
  minute_quota: `may send ${REQUESTS_PER_MINUTE} requests a minute to each model`,
  day_quota: `has ${REQUESTS_PER_DAY} requests to each model left for today`,
  suspended: "will be suspended by Google soon",
  leaked: "will be reported as leaked",
  expired: "has expired already",
};

export function introduce(contributors: readonly Contributor[], requestsEach: number): string[] {
  const good = contributors.filter(({ trouble }) => trouble === "none");
  const troubled = contributors.flatMap(({ name, trouble }) =>
    trouble === "none" ? [] : [`    ${name.padEnd(6)} ${OUTLOOK[trouble]}`],
  );
  return [
    `${contributors.length} people bring a Gemini key each and send ${requestsEach} requests each, as usual, through the`,
    "official @google/genai and openai clients. The only thing they changed is the base URL.",
    "",
    `  ${good.length} of the keys are good. The other ${troubled.length}:`,
    ...troubled,
    "  And now and then Google is overloaded.",
  ];
}

export function tell(score: Score, findings: Findings): string[] {
  const verdict = score.complaints.length === 0;
  return [
    bold("What happened"),
    "",
    ...tableOf(score).map((line) => `  ${line}`),
    "",
    dim("  Gave: how many requests, anybody's, the simulated Google served with this one's key."),
    "",
    ...factsOf(score, findings).map(([name, value, note]) => {
      return `  ${name.padEnd(34)} ${value.padStart(6)}${note === "" ? "" : `   ${dim(note)}`}`;
    }),
    "",
    ...(verdict
      ? [green("✓ Everyone whose key works was served, every time, whatever happened to the other keys.")]
      : complain(score.complaints)),
  ];
}

const MAX_COMPLAINTS = 10;

function complain(complaints: readonly string[]): string[] {
  const lines = complaints.slice(0, MAX_COMPLAINTS).map((complaint) => red(`✗ ${complaint}`));
  const left = complaints.length - lines.length;
  return left === 0 ? lines : [...lines, red(`✗ … and ${left} more`)];
}

function tableOf({ rows }: Score): string[] {
  const columns = [
    { title: "Who" },
    { title: "Client" },
    { title: "Asked", align: "right" as const },
    { title: "Served", align: "right" as const },
    { title: "Key" },
    { title: "Gave", align: "right" as const },
    { title: "The key now" },
  ];
  return renderTable(
    columns,
    rows.map((row) => [
      row.contributor.name,
      row.contributor.client,
      String(row.asked),
      row.served === row.asked ? String(row.served) : yellow(String(row.served)),
      `…${row.contributor.key.slice(-4)}`,
      String(row.keyServed),
      standing(row),
    ]),
  );
}

const RESTS: Record<string, string> = {
  quota_minute: "resting: minute's quota",
  quota_day: "resting: day's quota",
  busy: "resting for some seconds",
};

/** How a key stands, for people. */
function standing({ status, lastFailure, contributor }: Row): string {
  if (status === undefined) return red(`no seat: ${shorten(lastFailure ?? "it was not served")}`);
  if (status.status !== "active") return red(`${status.status}: ${status.reason ?? "no reason given"}`);
  const [cooling] = status.coolings;
  if (cooling !== undefined) return yellow(RESTS[cooling.kind] ?? `resting: ${cooling.kind}`);
  return contributor.trouble === "minute_quota" ? yellow("at the table again") : "at the table";
}

/** Google's first sentence. */
function shorten(text: string): string {
  return /^.+?[.!](?=\s|$)/.exec(text)?.[0] ?? text;
}

function factsOf(score: Score, findings: Findings): [name: string, value: string, note: string][] {
  const { latency } = findings;
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const names = (rows: readonly Row[]) => rows.map(({ contributor }) => contributor.name).join(", ");
  return [
    ["Requests", String(score.requests), ""],
    ["  served", String(score.served), byWhom(score)],
    ["  failed", String(score.failed), whoFailed(score)],
    ["Retries", String(score.retries), `unnoticed by the callers. Google was overloaded ${score.overloads} times`],
    ["Keys at the table", String(findings.keyCount), ""],
    [
      "  cooled",
      String(score.cooled.length),
      `${names(score.cooled)}: out of quota, skipped until it is back, served all the same`,
    ],
    ["Keys retired", String(score.retired.length), `${names(score.retired)}: Google declared these keys dead`],
    [
      "The Worker adds",
      ms(latency.workerMs - latency.directMs),
      `${ms(latency.workerMs)} through it (with wrangler's local server), ${ms(latency.directMs)} direct`,
    ],
    ["Headers that should not have left", String(findings.strayHeaders), "counted by the simulated Google"],
    ["Keys readable in database or log", String(findings.exposedKeys), "searched for in the files"],
  ];
}

function byWhom({ served, servedByPool }: Score): string {
  return `${servedByPool} with somebody else's key, ${served - servedByPool} with the caller's own`;
}

function whoFailed({ rows, failed }: Score): string {
  if (failed === 0) return "";
  const names = rows.filter(({ asked, served }) => served < asked).map(({ contributor }) => contributor.name);
  return `${names.join(", ")}: got Google's own error for their own key`;
}
