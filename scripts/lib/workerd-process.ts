import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** wrangler's own miniflare and workerd: one version of the runtime, whatever wrangler is pinned to. */
const fromWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
export const MINIFLARE = fromWrangler.resolve("miniflare");
export const WORKERD = (createRequire(MINIFLARE)("workerd") as { default: string }).default;

/** workerd tells on this pipe where it listens. */
const CONTROL_FD = 3;

/** What `workerd` needs on its command line for {@link portsOf}. */
export const serveArgs = (config: string, extra: readonly string[] = []) => [
  "serve",
  "--experimental",
  `--control-fd=${CONTROL_FD}`,
  ...extra,
  config,
];

/** Waits until workerd listens on every socket; returns the port behind each name. Throws if it ends before. */
export async function portsOf(
  child: ChildProcess,
  sockets: readonly string[],
  withinMs: number,
): Promise<(socket: string) => number> {
  const ports = new Map<string, number>();
  const timer = setTimeout(() => child.kill("SIGKILL"), withinMs);
  for await (const line of createInterface({ input: child.stdio[CONTROL_FD] as Readable })) {
    const event = JSON.parse(line) as { event: string; socket?: string; port?: number };
    if (event.event === "listen" && event.socket !== undefined && event.port !== undefined) {
      ports.set(event.socket, event.port);
    }
    if (sockets.every((socket) => ports.has(socket))) break;
  }
  clearTimeout(timer);
  const missing = sockets.filter((socket) => !ports.has(socket));
  if (missing.length > 0) throw new Error(`workerd ended before it listened on ${missing.join(", ")}`);
  return function portOf(socket) {
    const port = ports.get(socket);
    if (port === undefined) throw new Error(`workerd has no socket ${socket}`);
    return port;
  };
}

/** Ends a process that the caller started; harder if it does not listen. */
export async function stopProcess(child: ChildProcess, withinMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), withinMs);
  await ended;
  clearTimeout(timer);
}
