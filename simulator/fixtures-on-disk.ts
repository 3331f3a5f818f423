import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Fixture } from "../test/support/google-fixture.ts";

const FOLDER = join(import.meta.dirname, "../test/fixtures/google");

/** Every recorded Google error by its case name, for processes that Vite does not bundle. Node only. */
export async function readFixtures(): Promise<Record<string, Fixture>> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".json"));
  const entries = await Promise.all(
    files.map(async (file) => [
      file.slice(0, -".json".length),
      JSON.parse(await readFile(join(FOLDER, file), "utf8")) as Fixture,
    ]),
  );
  return Object.fromEntries(entries);
}
