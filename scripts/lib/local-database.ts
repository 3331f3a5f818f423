import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Complaint } from "../support/lifetime.ts";
import { ROOT } from "../support/wrangler.ts";
import { wrangler } from "./run-wrangler.ts";
import { readComplaint, type Answer } from "./wrangler-answers.ts";
import { readWranglerConfig } from "./wrangler-config.ts";

/** The binding, which is also what wrangler calls a local database. */
export const LOCAL_DATABASE = "DB";

/**
 * Runs `wrangler d1 …` on the database in a data folder. wrangler looks for local databases beside its
 * configuration, so it gets one of its own with the folder linked beside it.
 */
export async function wranglerOn(dataDir: string, args: string[]): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), "potluck-"));
  try {
    const { worker } = await readWranglerConfig();
    const d1 = { binding: LOCAL_DATABASE, database_name: worker, migrations_dir: join(ROOT, "migrations") };
    const config = join(folder, "wrangler.json");
    await writeFile(config, JSON.stringify({ name: worker, d1_databases: [d1] }));
    await mkdir(join(folder, ".wrangler"));
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await symlink(dataDir, join(folder, ".wrangler/state"), "junction");
    return await wrangler(["d1", ...args, "--local", "--config", config], { env: { XDG_CONFIG_HOME: folder } });
  } finally {
    // The link goes, not what it leads to.
    await rm(folder, { recursive: true, force: true });
  }
}

/** Brings the database in a data folder up to date. */
export async function migrateLocally(dataDir: string): Promise<void> {
  const answer = await wranglerOn(dataDir, ["migrations", "apply", LOCAL_DATABASE]);
  if (answer.code !== 0)
    throw new Complaint(`The database could not be migrated. wrangler says:\n\n${readComplaint(answer)}`);
}
