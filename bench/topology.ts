import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { MINIFLARE } from "../scripts/lib/workerd-process.ts";
import { d1Binding, externalService, quoted, toCapnp, type WorkerService } from "./capnp.ts";
import { startWorkerd, type Workerd } from "./workerd.ts";

/**
 * Three workerd processes, as on Cloudflare's network three parties: the Workers under test (all in one process, each
 * on a plain socket, nothing before them), D1, and Google.
 */

export const POOL_SECRET = "a-secret-of-the-bench-that-is-no-secret-at-all";
export const POOL_SIZES = [10, 1000, 50_000] as const;
export type PoolSize = (typeof POOL_SIZES)[number];
export const D1_DELAY_MS = 30;

/** The name of a database's door: with or without injected latency, the database behind it is the same. */
export const doorName = (size: PoolSize, delayed = false) => `d1-${size}${delayed ? "-delayed" : ""}`;

const ROOT = join(import.meta.dirname, "..");

/** Builds the Worker as it is deployed. */
export async function buildBundle(directory: string): Promise<void> {
  const wrangler = join(ROOT, "node_modules/.bin/wrangler");
  const options = { cwd: ROOT, env: { ...process.env, WRANGLER_SEND_METRICS: "false" } };
  await promisify(execFile)(wrangler, ["deploy", "--dry-run", "--outdir", join(directory, "bundle")], options);
  copyFileSync(join(directory, "bundle/index.js"), join(directory, "potluck.js"));
}

function putWorker(directory: string, name: string): void {
  const source = readFileSync(join(import.meta.dirname, "workers", `${name}.ts`), "utf8");
  writeFileSync(join(directory, `${name}.js`), stripTypeScriptTypes(source));
}

function configure(directory: string, name: string, config: Parameters<typeof toCapnp>[0]): string {
  const file = join(directory, `${name}.capnp`);
  writeFileSync(file, toCapnp(config));
  return file;
}

export async function startGoogle(directory: string): Promise<Workerd> {
  putWorker(directory, "google");
  const worker = { name: "google", modules: [["google.js", "google.js"]], listens: true } satisfies WorkerService;
  return startWorkerd(configure(directory, "google-process", { workers: [worker] }), ["google"]);
}

/** D1 as miniflare simulates it (the same SQLite Durable Object and the same counts of rows), in a process of its own. */
export async function startD1(directory: string): Promise<Workerd> {
  putWorker(directory, "gauge");
  const parts = join(dirname(MINIFLARE), "workers");
  for (const part of ["d1/database.worker.js", "shared/index.worker.js", "shared/zod.worker.js"]) {
    copyFileSync(join(parts, part), join(directory, part.replace("/", "-")));
  }
  const disk = join(directory, "d1");
  mkdirSync(disk, { recursive: true });
  const objects: WorkerService = {
    name: "objects",
    modules: [["database.js", "d1-database.worker.js"]],
    bindings: [`(name = "MINIFLARE_BLOBS", service = "disk")`],
    // What miniflare gives it.
    compatibility: { date: "2023-07-24", flags: ["nodejs_compat", "experimental"] },
    fields: [
      `durableObjectNamespaces = [(className = "D1DatabaseObject", uniqueKey = "bench", enableSql = true)]`,
      `durableObjectStorage = (localDisk = "disk")`,
    ],
  };
  const doors = POOL_SIZES.flatMap((size) => [false, true].map((delayed) => ({ size, delayed })));
  const workers = doors.map(({ size, delayed }): WorkerService => ({
    name: doorName(size, delayed),
    modules: [["gauge.js", "gauge.js"]],
    vars: { DATABASE: `pool-${size}`, DELAY_MS: String(delayed ? D1_DELAY_MS : 0) },
    bindings: [
      `(name = "OBJECTS", durableObjectNamespace = (className = "D1DatabaseObject", serviceName = "objects"))`,
    ],
    listens: true,
  }));
  const config = configure(directory, "d1-process", {
    workers: [objects, ...workers],
    services: [`(name = "disk", disk = (path = ${quoted(disk)}, writable = true))`],
    extensions: [
      ["miniflare:shared", "shared-index.worker.js"],
      ["miniflare:zod", "shared-zod.worker.js"],
    ],
  });
  return startWorkerd(
    config,
    workers.map(({ name }) => name),
  );
}

/** A Worker under test. */
export interface Contestant {
  name: string;
  kind: "pass-through" | "potluck" | "traced";
  size?: PoolSize;
  delayed?: boolean;
  /** The port of the upstream. */
  upstream: number;
  vars?: Record<string, string>;
  /** Another build of Potluck than the one in the directory. */
  bundle?: string;
}

/** All Workers under test, in one process. */
export async function startContestants(
  directory: string,
  contestants: readonly Contestant[],
  d1: Workerd,
  extra: string[] = [],
): Promise<Workerd> {
  putWorker(directory, "pass-through");
  putWorker(directory, "trace");
  const doors = POOL_SIZES.flatMap((size) => [doorName(size), doorName(size, true)]);
  const config = configure(directory, "contestants", {
    workers: contestants.map(toWorker),
    services: doors.map((door) => externalService(door, d1.port(door))),
  });
  return startWorkerd(
    config,
    contestants.map(({ name }) => name),
    extra,
  );
}

function toWorker({
  name,
  kind,
  size = 1000,
  delayed = false,
  upstream,
  vars,
  bundle = "potluck.js",
}: Contestant): WorkerService {
  const base = { GEMINI_BASE_URL: `http://127.0.0.1:${upstream}`, ...vars };
  if (kind === "pass-through") {
    return { name, modules: [["pass-through.js", "pass-through.js"]], vars: base, listens: true };
  }
  const potluck: [string, string] = ["potluck.js", bundle];
  return {
    name,
    modules: kind === "traced" ? [["trace.js", "trace.js"], potluck] : [potluck],
    vars: { ...base, POOL_SECRET },
    bindings: [d1Binding("DB", doorName(size, delayed))],
    listens: true,
  };
}
