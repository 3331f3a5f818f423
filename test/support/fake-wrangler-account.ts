import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { readCalls, type FakeAccount, type FakeCall } from "./fake-wrangler.ts";

const ROOT = join(import.meta.dirname, "../..");

export interface Ran {
  code: number;
  /** Standard output and standard error together. */
  output: string;
  stdout: string;
}

/** A Cloudflare account behind a fake `wrangler` on PATH, and a way to run the scripts against it. */
export interface FakeCloudflare {
  /** The scripts' own temporary files go here. */
  folder: string;
  run: (script: string, args?: string[], env?: Record<string, string>) => Promise<Ran>;
  /** The same for a program that is no script. */
  exec: (program: string, args: string[], env?: Record<string, string>) => Promise<Ran>;
  account: () => Promise<FakeAccount>;
  change: (change: Partial<FakeAccount>) => Promise<void>;
  /** What wrangler was asked since the last call of this function. */
  calls: () => FakeCall[];
  close: () => Promise<void>;
}

const NEW_ACCOUNT: FakeAccount = {
  loggedIn: true,
  accounts: [{ id: "acc1", name: "Operator's account" }],
  databases: [],
  secrets: undefined,
  appliedMigrations: [],
  targets: [],
  failing: {},
  keys: 0,
  dump: "",
};

export async function openFakeCloudflare(given: Partial<FakeAccount> = {}): Promise<FakeCloudflare> {
  const folder = await mkdtemp(join(tmpdir(), "fake-wrangler-"));
  const statePath = join(folder, "account.json");
  const bin = join(folder, "wrangler");
  await writeFile(statePath, JSON.stringify({ ...NEW_ACCOUNT, ...given }));
  await writeFile(
    bin,
    `#!/bin/sh\nexec "${process.execPath}" --no-warnings "${join(import.meta.dirname, "fake-wrangler.ts")}" "$@"\n`,
  );
  await chmod(bin, 0o755);
  const account = async () => JSON.parse(await readFile(statePath, "utf8")) as FakeAccount;
  let seen = 0;

  async function exec(program: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
    const { CI: _, ...inherited } = process.env;
    const child = spawn(program, args, {
      cwd: ROOT,
      env: {
        ...inherited,
        PATH: [folder, process.env["PATH"]].join(delimiter),
        TMPDIR: folder,
        FAKE_WRANGLER: statePath,
        NO_COLOR: "1",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    return { code: Number(code), output: stdout + stderr, stdout };
  }

  return {
    folder,
    account,
    exec,
    run: (script, args = [], env = {}) => exec(process.execPath, ["--no-warnings", join(ROOT, script), ...args], env),
    async change(change) {
      await writeFile(statePath, JSON.stringify({ ...(await account()), ...change }));
    },
    calls() {
      const calls = readCalls(statePath);
      const fresh = calls.slice(seen);
      seen = calls.length;
      return fresh;
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
