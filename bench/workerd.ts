import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** wrangler's own miniflare and workerd: one version of the runtime, whatever wrangler is pinned to. */
const fromWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
export const MINIFLARE = fromWrangler.resolve("miniflare");
const WORKERD = (createRequire(MINIFLARE)("workerd") as { default: string }).default;

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 3000;
const MAX_STDERR_BYTES = 4000;
/** `getconf CLK_TCK`: 100 on every Linux that Node runs on. */
const US_PER_TICK = 10_000;

/** One workerd process with its sockets, each on a port of its own on loopback. */
export interface Workerd {
  pid: number;
  port: (socket: string) => number;
  stop: () => Promise<void>;
}

/** Starts workerd on a configuration and waits until every socket listens. */
export async function startWorkerd(config: string, sockets: readonly string[], extra: string[] = []): Promise<Workerd> {
  const child = spawn(WORKERD, ["serve", "--experimental", "--control-fd=3", ...extra, config], {
    // A Worker's log lines go to stdout, one or more a request: written as in production, read by nobody.
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  showSome(child.stderr);
  const { pid } = child;
  if (pid === undefined) throw new Error("workerd did not start");
  const ports = await portsOf(child, sockets);
  return {
    pid,
    port(socket) {
      const port = ports.get(socket);
      if (port === undefined) throw new Error(`workerd has no socket ${socket}`);
      return port;
    },
    stop: () => stopProcess(child),
  };
}

/** What workerd has to say, up to a limit: a broken Worker under load must not drown the report. */
function showSome(stderr: Readable | null): void {
  let left = MAX_STDERR_BYTES;
  stderr?.on("data", (text: Buffer) => {
    if (left > 0) process.stderr.write(text.subarray(0, left));
    left -= text.length;
  });
}

async function portsOf(child: ChildProcess, sockets: readonly string[]): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  const timer = setTimeout(() => child.kill("SIGKILL"), START_TIMEOUT_MS);
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const event = JSON.parse(line) as { event: string; socket?: string; port?: number };
    if (event.event === "listen" && event.socket !== undefined && event.port !== undefined) {
      ports.set(event.socket, event.port);
    }
    if (sockets.every((socket) => ports.has(socket))) break;
  }
  clearTimeout(timer);
  const missing = sockets.filter((socket) => !ports.has(socket));
  if (missing.length > 0) throw new Error(`workerd ended before it listened on ${missing.join(", ")}`);
  return ports;
}

/** Ends a process that this run started; harder if it does not listen. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

/** CPU time that a process has used so far, in microseconds: user and system, all threads. */
export function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the name in parentheses, which may hold spaces: count from behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * US_PER_TICK;
}

/** Resident memory of a process in MiB. */
export function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib ?? NaN) / 1024;
}
