/** `pnpm restore`: puts a backup in the place of an empty database. */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isOurDump, keysIn, toRestore, type Relation } from "./lib/backup-files.ts";
import { choosePlace, DATABASE, PLACE_OPTIONS, PLACE_USAGE, type Place } from "./lib/database-place.ts";
import { readComplaint, readRows } from "./lib/wrangler-answers.ts";
import { readCommandLine } from "./support/command-line.ts";
import { Complaint, runScript, type Lifetime } from "./support/lifetime.ts";
import { green, yellow } from "./support/paint.ts";

const USAGE = `pnpm restore FILE [--local | --data-dir DIR] [--force]

Puts a backup (pnpm backup) into the database. What is there is replaced.
${PLACE_USAGE}
  --force           also if there are keys in the database`;

await runScript(restore);

async function restore({ onEnd }: Lifetime): Promise<number> {
  const options = readCommandLine(USAGE, readOptions);
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  const dump = await readFile(options.file, "utf8").catch(() => {
    throw new Complaint(`${options.file} cannot be read.`);
  });
  if (!isOurDump(dump)) throw new Complaint(`${options.file} is no backup of Potluck's.`);
  const place = choosePlace(options);
  const present = await listRelations(place);
  const keys = present.some(({ name }) => name === "keys") ? await countKeys(place) : 0;
  if (keys > 0 && !options.force) {
    throw new Complaint(
      `There are ${keys} keys in ${place.name}. To replace them: --force (and make a backup first: pnpm backup).`,
    );
  }
  const folder = await mkdtemp(join(tmpdir(), "potluck-"));
  onEnd(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "restore.sql");
  await writeFile(file, toRestore(dump, present), { mode: 0o600 });
  const answer = await place.d1(["execute", DATABASE, "--file", file, "--yes"]);
  if (answer.code !== 0)
    throw new Complaint(
      `It could not be restored; the database was left as it was. wrangler says:\n\n${readComplaint(answer)}`,
    );
  const restored = await countKeys(place);
  if (restored !== keysIn(dump))
    throw new Complaint(`${keysIn(dump)} keys were in the file, and ${restored} are in ${place.name}.`);
  console.log(`\n${green("✓")} ${restored} keys are in ${place.name}\n`);
  console.log(yellow("The Worker opens them only with the POOL_SECRET that they were encrypted under."));
  console.log("If the backup is of an older version, bring the database up to date: pnpm deploy (or pnpm start)");
  return 0;
}

async function countKeys(place: Place): Promise<number> {
  return Number((await query(place, "select count(*) as n from keys"))[0]?.["n"]);
}

/** What stands in the database but SQLite's and Cloudflare's own. */
async function listRelations(place: Place): Promise<Relation[]> {
  const rows = await query(
    place,
    "select type, name from sqlite_master where type in ('table', 'view') and name not glob 'sqlite_*' and name not glob '_cf_*'",
  );
  return rows.map(({ type, name }) => ({ type: type === "view" ? "view" : "table", name: String(name) }));
}

async function query({ name, d1 }: Place, sql: string): Promise<Record<string, unknown>[]> {
  const answer = await d1(["execute", DATABASE, "--json", "--command", sql]);
  const rows = readRows(answer);
  if (rows === undefined) throw new Complaint(`${name} does not answer. wrangler says:\n\n${readComplaint(answer)}`);
  return rows;
}

function readOptions(args: string[]) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...PLACE_OPTIONS,
      force: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new Error("Which file?");
  return { ...values, "data-dir": values["data-dir"], file };
}
