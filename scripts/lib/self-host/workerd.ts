import { spawn } from "node:child_process";
import { once } from "node:events";
import { portsOf, serveArgs, stopProcess, WORKERD } from "../workerd-process.ts";

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
  const child = spawn(WORKERD, serveArgs(config), {
    env,
    // A process group of its own: Ctrl-C at a terminal must not end it before it was asked to finish its work.
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = once(child, "close").finally(() => process.off("exit", kill));
  // A workerd that cannot be started at all tells it by `ended` alone.
  const port = await Promise.race([
    portsOf(child, sockets, READY_WITHIN_MS),
    ended.then(() => Promise.reject(new Error("workerd ended before it listened"))),
  ]);
  return { port, ended, stop: (withinMs) => stopProcess(child, withinMs) };
}
