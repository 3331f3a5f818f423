import { join } from "node:path";
import { ROOT } from "../support/wrangler.ts";
import { LOCAL_DATABASE, wranglerOn } from "./local-database.ts";
import { wrangler } from "./run-wrangler.ts";
import type { Answer } from "./wrangler-answers.ts";

/** Which database a command is about, and how wrangler gets at it. */
export interface Place {
  /** For people. */
  name: string;
  d1: (args: string[]) => Promise<Answer>;
}

export interface PlaceFlags {
  local: boolean;
  "data-dir": string | undefined;
}

/** Cloudflare's unless told otherwise: that of `pnpm dev` (`--local`), or a folder of `pnpm start` (`--data-dir`). */
export function choosePlace({ local, "data-dir": dataDir }: PlaceFlags): Place {
  const folder = dataDir ?? (local ? join(ROOT, ".wrangler/state") : undefined);
  if (folder !== undefined) return { name: `the database in ${folder}`, d1: (args) => wranglerOn(folder, args) };
  return { name: "the database on Cloudflare", d1: (args) => wrangler(["d1", ...args, "--remote"]) };
}

export const DATABASE = LOCAL_DATABASE;

export const PLACE_OPTIONS = {
  local: { type: "boolean", default: false },
  "data-dir": { type: "string" },
} as const;

export const PLACE_USAGE = `  --local           the database of \`pnpm dev\`, instead of the one on Cloudflare
  --data-dir DIR    the database of \`pnpm start\` in that folder (stop the server first)`;
