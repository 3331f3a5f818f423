import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the files of one run find what one of them has made for all: every process that Vitest starts inherits it. */
export const RUN_FOLDER = "POTLUCK_TEST_RUN";

export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "potluck-test-run-"));
  process.env[RUN_FOLDER] = folder;
  return () => rm(folder, { recursive: true, force: true });
}
