import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { Complaint } from "../support/lifetime.ts";
import { ROOT } from "../support/wrangler.ts";
import type { Answer } from "./wrangler-answers.ts";

/** wrangler asks nothing, sends nothing home and keeps no record of what it was given. */
const QUIET = {
  CI: "1",
  NO_COLOR: "1",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_WRITE_LOGS: "false",
};

export interface RunOptions {
  /** What wrangler reads from standard input: the way for a secret, which must not stand among the arguments. */
  input?: string;
  env?: Record<string, string>;
}

export type Wrangler = (args: string[], options?: RunOptions) => Promise<Answer>;

/** Runs `wrangler` from PATH: the pinned one, which `pnpm` puts first, and which is the last resort without it. */
export const wrangler: Wrangler = async (args, { input = "", env = {} } = {}) => {
  const path = [process.env["PATH"] ?? "", join(ROOT, "node_modules/.bin")].join(delimiter);
  const [command, ...first] = wranglerCommand();
  const child = spawn(command, [...first, ...args], {
    cwd: ROOT,
    env: { ...process.env, PATH: path, ...QUIET, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // It may end before it has read everything.
  child.stdin.on("error", () => undefined).end(input);
  const end = () => child.kill();
  process.once("exit", end);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close").catch((error: unknown) => {
      throw new Complaint(`wrangler could not be started: ${String(error)}`);
    }),
  ]);
  process.off("exit", end);
  return { code: Number(code ?? 1), stdout, stderr };
};

/** Windows starts no script by its bare name. */
function wranglerCommand(): [string, ...string[]] {
  if (process.platform !== "win32") return ["wrangler"];
  return [process.execPath, createRequire(import.meta.url).resolve("wrangler")];
}
