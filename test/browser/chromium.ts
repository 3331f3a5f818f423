import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/** Debian's and GitHub's names, then Chrome's own. */
const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const ON_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/**
 * Where a Chromium is on this machine: `CHROMIUM` if that is set, else the first that tells its version. It is asked,
 * because Ubuntu has a `chromium-browser` that only says what to install.
 */
export async function findChromium(): Promise<string | undefined> {
  const { CHROMIUM, PATH = "" } = process.env;
  if (CHROMIUM !== undefined && CHROMIUM !== "") return CHROMIUM;
  const folders = PATH.split(delimiter).filter((folder) => folder !== "");
  const places = [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ON_MACOS];
  for (const place of places) if (existsSync(place) && (await tellsItsVersion(place))) return place;
  return undefined;
}

async function tellsItsVersion(program: string): Promise<boolean> {
  const run = promisify(execFile);
  return run(program, ["--version"], { timeout: 20_000 }).then(
    ({ stdout }) => /\d+\.\d+/.test(stdout),
    () => false,
  );
}
