/** Reads what wrangler 4.156 answers. Pure. */

import { stripVTControlCharacters } from "node:util";
import * as v from "valibot";

export interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

const whoamiSchema = v.union([
  v.object({
    loggedIn: v.literal(true),
    email: v.optional(v.nullable(v.string())),
    accounts: v.array(v.object({ id: v.string(), name: v.string() })),
  }),
  v.object({ loggedIn: v.literal(false) }),
]);

export type Login =
  | { kind: "logged_in"; email: string | undefined; accounts: { id: string; name: string }[] }
  | { kind: "logged_out" }
  /** A token may be allowed to deploy and yet not to tell whose it is. */
  | { kind: "unclear" };

/** `wrangler whoami --json` */
export function readLogin({ stdout }: Answer): Login {
  const found = v.safeParse(whoamiSchema, parseJson(stdout));
  if (!found.success) return { kind: "unclear" };
  if (!found.output.loggedIn) return { kind: "logged_out" };
  return { kind: "logged_in", email: found.output.email ?? undefined, accounts: found.output.accounts };
}

/** The names in the JSON list of `wrangler d1 list --json` or `wrangler secret list`; undefined if it is none. */
export function readNames({ code, stdout }: Answer): Set<string> | undefined {
  if (code !== 0) return undefined;
  const list = v.safeParse(v.array(v.object({ name: v.string() })), parseJson(stdout));
  return list.success ? new Set(list.output.map(({ name }) => name)) : undefined;
}

/** `wrangler secret list` of a Worker that was never deployed. */
export function saysWorkerIsMissing({ stderr }: Answer): boolean {
  return /Worker "[^"]*" not found|\b10007\b/.test(stripVTControlCharacters(stderr));
}

/** `wrangler d1 migrations apply`: what stands in its table of names, before it lists their fate. */
export function readAppliedMigrations({ stdout }: Answer): string[] {
  const names = stripVTControlCharacters(stdout).matchAll(/│ (\S+\.sql) +│ ✅ +│/g);
  return [...new Set(Array.from(names, ([, name]) => name ?? ""))];
}

/** The rows of `wrangler d1 execute --json --command`, of its last statement. */
export function readRows({ code, stdout }: Answer): Record<string, unknown>[] | undefined {
  if (code !== 0) return undefined;
  const schema = v.array(v.object({ results: v.array(v.record(v.string(), v.unknown())) }));
  const result = v.safeParse(schema, parseJson(stdout));
  return result.success ? result.output.at(-1)?.results : undefined;
}

/** The public address in the records that wrangler writes to `WRANGLER_OUTPUT_FILE_PATH`: workers.dev or a domain. */
export function readDeployedUrl(records: string): string | undefined {
  const schema = v.object({ type: v.literal("deploy"), targets: v.array(v.string()) });
  const targets = records.split("\n").flatMap((line) => {
    const record = v.safeParse(schema, parseJson(line));
    return record.success ? record.output.targets : [];
  });
  const urls = targets.flatMap((target) => toUrl(target) ?? []);
  // A domain of the operator's own is what they want to hand out.
  return urls.find((url) => !url.endsWith(".workers.dev")) ?? urls[0];
}

/** `https://x.workers.dev`, `example.com (custom domain)`, `example.com/* (zone name: …)`; not `schedule: …`. */
function toUrl(target: string): string | undefined {
  const place = target.replace(/ \(.*\)$/, "").replace(/\/\*$/, "");
  if (/[\s*]/.test(place)) return undefined;
  const url = /^https?:\/\//.test(place) ? place : `https://${place}`;
  return URL.canParse(url) ? url.replace(/\/+$/, "") : undefined;
}

/** Lines that help nobody who reads why a step failed. */
const NOISE = [/^$/, /^🪵/, /If you think this is a bug/, /newer version of Wrangler/, /update available/, /^─+$/];

/** wrangler's own words about a failure, without decoration. */
export function readComplaint({ stdout, stderr }: Answer): string {
  const errors = tidy(stderr);
  return (errors.length > 0 ? errors : tidy(stdout)).join("\n");
}

function tidy(text: string): string[] {
  return stripVTControlCharacters(text)
    .split("\n")
    .map((line) => line.replace(/^✘ \[ERROR\] /, "").trimEnd())
    .filter((line) => !NOISE.some((pattern) => pattern.test(line.trim())));
}

/** The JSON in a text that may have notes around it. */
function parseJson(text: string): unknown {
  const plain = stripVTControlCharacters(text);
  const start = plain.search(/[[{]/);
  const end = Math.max(plain.lastIndexOf("]"), plain.lastIndexOf("}"));
  try {
    return JSON.parse(plain.slice(start, end + 1));
  } catch {
    return undefined;
  }
}
