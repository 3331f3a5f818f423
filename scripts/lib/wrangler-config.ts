import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { Complaint } from "../support/lifetime.ts";
import { ROOT } from "../support/wrangler.ts";
import { parseJsonc } from "./jsonc.ts";

const D1_BINDING = "DB";

const schema = v.object({
  name: v.string(),
  compatibility_date: v.string(),
  compatibility_flags: v.optional(v.array(v.string()), []),
  assets: v.object({ directory: v.string() }),
  triggers: v.optional(v.object({ crons: v.optional(v.array(v.string()), []) }), {}),
  ratelimits: v.optional(
    v.array(v.object({ name: v.string(), simple: v.object({ limit: v.number(), period: v.number() }) })),
    [],
  ),
  d1_databases: v.array(
    v.object({ binding: v.string(), database_name: v.optional(v.string()), database_id: v.optional(v.string()) }),
  ),
});

/** What the scripts need to know of `wrangler.jsonc`. */
export interface WranglerConfig {
  worker: string;
  database: string;
  /** Somebody tied the binding to one database; it is neither looked for nor created. */
  databaseId: string | undefined;
  compatibilityDate: string;
  compatibilityFlags: string[];
  /** Beside the configuration. */
  assetsFolder: string;
  cron: string;
  ratelimits: { name: string; limit: number; period: number }[];
}

export async function readWranglerConfig(path = join(ROOT, "wrangler.jsonc")): Promise<WranglerConfig> {
  const result = v.safeParse(schema, parseJsonc(await readFile(path, "utf8")));
  const binding = result.success ? result.output.d1_databases.find((d1) => d1.binding === D1_BINDING) : undefined;
  if (!result.success || binding === undefined) {
    throw new Complaint(`wrangler.jsonc needs a "name", "assets" and a D1 database with the binding "${D1_BINDING}".`);
  }
  const worker = result.output.name;
  // wrangler's own name for a database that the configuration does not name.
  const database = binding.database_name ?? `${worker}-${D1_BINDING}`.toLowerCase();
  const {
    compatibility_date: compatibilityDate,
    compatibility_flags: compatibilityFlags,
    assets,
    triggers,
    ratelimits,
  } = result.output;
  return {
    worker,
    database,
    databaseId: binding.database_id,
    compatibilityDate,
    compatibilityFlags,
    assetsFolder: assets.directory,
    cron: triggers.crons[0] ?? "",
    ratelimits: ratelimits.map(({ name, simple }) => ({ name, ...simple })),
  };
}
