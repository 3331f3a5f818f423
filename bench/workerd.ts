import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { portsOf, serveArgs, stopProcess, WORKERD } from "../scripts/lib/workerd-process.ts";

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
  const child = spawn(WORKERD, serveArgs(config, extra), {
    // A Worker's log lines go to stdout, one or more a request: written as in production, read by nobody.
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  showSome(child.stderr);
  const { pid } = child;
  if (pid === undefined) throw new Error("workerd did not start");
  const port = await portsOf(child, sockets, START_TIMEOUT_MS);
  return { pid, port, stop: () => stopProcess(child, STOP_TIMEOUT_MS) };
}

/** What workerd has to say, up to a limit: a broken Worker under load must not drown the report. */
function showSome(stderr: Readable | null): void {
  let left = MAX_STDERR_BYTES;
  stderr?.on("data", (text: Buffer) => {
    if (left > 0) process.stderr.write(text.subarray(0, left));
    left -= text.length;
  });
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
