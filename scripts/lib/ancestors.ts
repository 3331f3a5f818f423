import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** `sh` may stand between a package manager and the script that it runs. */
const GENERATIONS = 3;

/**
 * Whether the command that started this script was given the flag. pnpm 12 takes `--dry-run` in `pnpm deploy
 * --dry-run` for an option of its own and runs the script without it; the script must not deploy then.
 */
export async function wasGivenTo(flag: string, command: RegExp): Promise<boolean> {
  let pid = process.ppid;
  for (let generation = 0; generation < GENERATIONS && pid > 1; generation++) {
    const ancestor = await describe(pid);
    if (ancestor === undefined) return false;
    if (command.test(ancestor.args) && ancestor.args.split(/\s+/).includes(flag)) return true;
    pid = ancestor.parent;
  }
  return false;
}

async function describe(pid: number): Promise<{ parent: number; args: string } | undefined> {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-o", "ppid=,args=", "-p", String(pid)]);
    const [, parent, args] = /^\s*(\d+)\s+(.*)$/m.exec(stdout) ?? [];
    return args === undefined ? undefined : { parent: Number(parent), args };
  } catch {
    // No `ps` (Windows, small images): `pnpm run deploy --dry-run` works everywhere.
    return undefined;
  }
}
