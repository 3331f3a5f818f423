import { existsSync } from "node:fs";
import { cp, mkdtemp, rename } from "node:fs/promises";
import { join } from "node:path";
import { applyMigrations } from "../../scripts/support/wrangler.ts";
import { RUN_FOLDER } from "./run-folder.ts";

/** Lays an empty, migrated database. wrangler migrates for seconds: the first of a run lets it, the others copy. */
export async function layDatabase(persistTo: string): Promise<void> {
  const shared = process.env[RUN_FOLDER];
  if (shared === undefined) return applyMigrations(persistTo);
  const migrated = join(shared, "migrated");
  if (!existsSync(migrated)) {
    const mine = await mkdtemp(join(shared, "migrating-"));
    await applyMigrations(mine);
    // Another process may have been faster: then its database is there, which is the same.
    await rename(mine, migrated).catch((error: unknown) => {
      if (!existsSync(migrated)) throw error;
    });
  }
  await cp(migrated, persistTo, { recursive: true });
}
