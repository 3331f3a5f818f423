import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

const ROOT = join(import.meta.dirname, "../..");

/** `pnpm start` as an operator would run it. */
export interface SelfHosted {
  url: string;
  /** All that it wrote so far. */
  lines: string[];
  child: ChildProcess;
  stop: (signal?: "SIGTERM" | "SIGINT") => Promise<number>;
}

const running = new Set<ChildProcess>();

/** Starts it on a free port and waits until it says that it is ready. */
export async function startSelfHosted(env: Record<string, string>): Promise<SelfHosted> {
  const child = spawn(process.execPath, ["--no-warnings", "scripts/start.ts"], {
    cwd: ROOT,
    env: { ...process.env, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const ended = once(child, "exit").finally(() => running.delete(child));
  const lines: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr] as Readable[]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        const ready = /"event":"server.ready","url":"([^"]+)"/.exec(line)?.[1];
        if (ready !== undefined) resolve(ready);
      });
    }
    ended.then(() => reject(new Error(`It did not start.\n${lines.join("\n")}`)), reject);
  });
  return {
    url,
    lines,
    child,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      const [code] = await ended;
      return Number(code);
    },
  };
}

/** Stops what a failed test has left. Only a server that is asked to stop takes its workerd with it. */
export async function stopAllSelfHosted(): Promise<void> {
  await Promise.all([...running].map((child) => (child.kill("SIGTERM"), once(child, "exit"))));
}
