import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** wrangler's own miniflare and workerd: one version of the runtime, whatever wrangler is pinned to. */
const fromWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
export const MINIFLARE = fromWrangler.resolve("miniflare");
const WORKERD = (createRequire(MINIFLARE)("workerd") as { default: string }).default;

const READY_WITHIN_MS = 30_000;

export interface Workerd {
  /** The port behind the socket of that name. */
  port: (socket: string) => number;
  /** Resolves when the process has ended, by whatever cause. */
  ended: Promise<unknown>;
  /** Lets what is under way come to its end, for so long; takes no new requests. */
  stop: (withinMs: number) => Promise<void>;
}

/** Starts workerd and waits until every socket listens. Its log goes where ours goes. */
export async function startWorkerd(
  config: string,
  sockets: readonly string[],
  env: Record<string, string>,
): Promise<Workerd> {
  const child = spawn(WORKERD, ["serve", "--experimental", "--control-fd=3", config], {
    env,
    // A process group of its own: Ctrl-C at a terminal must not end it before it was asked to finish its work.
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = once(child, "close").finally(() => process.off("exit", kill));
  const ports = await Promise.race([portsOf(child, sockets), ended.then(() => new Map<string, number>())]);
  return {
    ended,
    port(socket) {
      const port = ports.get(socket);
      if (port === undefined) throw new Error(`workerd does not listen on ${socket}`);
      return port;
    },
    async stop(withinMs) {
      child.kill("SIGTERM");
      const timer = setTimeout(kill, withinMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** workerd tells where it listens on a pipe of its own. */
async function portsOf(child: ChildProcess, sockets: readonly string[]): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  const timer = setTimeout(() => child.kill("SIGKILL"), READY_WITHIN_MS);
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const event = JSON.parse(line) as { event: string; socket?: string; port?: number };
    if (event.event === "listen" && event.socket !== undefined && event.port !== undefined) {
      ports.set(event.socket, event.port);
    }
    if (sockets.every((socket) => ports.has(socket))) break;
  }
  clearTimeout(timer);
  if (sockets.some((socket) => !ports.has(socket))) throw new Error("workerd ended before it listened");
  return ports;
}
