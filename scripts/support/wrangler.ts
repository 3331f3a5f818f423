import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export const ROOT = join(import.meta.dirname, "../..");

/** The file behind `wrangler`'s launcher: one process less between a signal and who must get it. */
const WRANGLER = createRequire(import.meta.url).resolve("wrangler");

/** No questions, no telemetry, nothing fetched from the network, and no record of requests on the disk. */
const QUIET = {
  CI: "1",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_WRITE_LOGS: "false",
  X_LOCAL_EXPLORER: "false",
  // It would write every URL into .wrangler/state, and a URL may carry `?key=`.
  X_LOCAL_OBSERVABILITY: "false",
};

const STOP_WITHIN_MS = 5000;
const READY_WITHIN_MS = 60_000;

export interface LocalWorker {
  /** `http://127.0.0.1:port` */
  url: string;
  /** Resolves when the process has ended, by whatever cause. */
  ended: Promise<unknown>;
  stop: () => Promise<void>;
}

export interface LocalWorkerOptions {
  /** 0: any free one. */
  port: number;
  /** Where local databases are kept; without it in `.wrangler/state`. */
  persistTo?: string | undefined;
  /** Takes the place of `.dev.vars`. */
  envFile?: string | undefined;
  vars?: Record<string, string> | undefined;
  /** Gets every line that wrangler and the Worker write, from the first. */
  onLine: (line: string) => void;
}

/** Brings the local database up to date. Throws with wrangler's own words. */
export async function applyMigrations(persistTo?: string): Promise<void> {
  const child = runWrangler(["d1", "migrations", "apply", "DB", "--local", ...persistArgs(persistTo)]);
  const lines: string[] = [];
  readLines(child, (line) => lines.push(line));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`The database could not be migrated.\n${lines.join("\n")}`);
}

/** Starts `wrangler dev` on the loopback interface; resolves when it serves. Throws with wrangler's own words. */
export async function startLocalWorker(options: LocalWorkerOptions): Promise<LocalWorker> {
  const child = runWrangler(serverArgs(options));
  const early: string[] = [];
  let isReady = false;
  readLines(child, (line) => {
    if (!isReady) early.push(line);
    options.onLine(line);
  });
  const ended = once(child, "close");
  const worker = { ended, stop: () => stop(child, ended) };
  try {
    const port = await Promise.race([
      portOf(child),
      ended.then(() => Promise.reject(new Error(`The Worker did not start.\n${early.join("\n")}`))),
    ]);
    isReady = true;
    return { url: `http://127.0.0.1:${port}`, ...worker };
  } catch (error) {
    await worker.stop();
    throw error;
  }
}

function serverArgs({ port, persistTo, envFile, vars = {} }: LocalWorkerOptions): string[] {
  return [
    "dev",
    "--local",
    "--show-interactive-dev-session=false",
    "--ip=127.0.0.1",
    `--port=${port}`,
    "--inspector-port=0",
    ...persistArgs(persistTo),
    ...(envFile === undefined ? [] : ["--env-file", envFile]),
    ...Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
  ];
}

function persistArgs(persistTo: string | undefined): string[] {
  return persistTo === undefined ? [] : ["--persist-to", persistTo];
}

function runWrangler(args: string[]): ChildProcess {
  const child = spawn(process.execPath, ["--no-warnings", WRANGLER, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...QUIET },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  // A script that is stopped while the child is still starting has nobody else to end it.
  const end = () => child.kill();
  process.once("exit", end);
  child.once("close", () => process.off("exit", end));
  return child;
}

function readLines(child: ChildProcess, onLine: (line: string) => void): void {
  const streams = [child.stdout, child.stderr].filter((stream): stream is Readable => stream !== null);
  for (const input of streams) createInterface({ input }).on("line", onLine);
}

/** `wrangler dev` tells its parent over IPC where it listens. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("The Worker did not start in time.")), READY_WITHIN_MS);
    child.on("message", (message) => {
      if (typeof message !== "string") return;
      const { event, port } = JSON.parse(message) as { event?: string; port?: number };
      if (event !== "DEV_SERVER_READY" || port === undefined) return;
      clearTimeout(timer);
      resolve(port);
    });
    child.once("exit", () => clearTimeout(timer));
  });
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGINT");
  const killer = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
  await ended;
  clearTimeout(killer);
}
