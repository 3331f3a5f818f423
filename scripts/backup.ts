/** `pnpm backup`: the whole database in a file of SQL. */

import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { backupName, isOurDump, keysIn } from "./lib/backup-files.ts";
import { choosePlace, DATABASE, PLACE_OPTIONS, PLACE_USAGE } from "./lib/database-place.ts";
import { readComplaint } from "./lib/wrangler-answers.ts";
import { readWranglerConfig } from "./lib/wrangler-config.ts";
import { readCommandLine } from "./support/command-line.ts";
import { Complaint, runScript } from "./support/lifetime.ts";
import { bold, green, yellow } from "./support/paint.ts";
import { ROOT } from "./support/wrangler.ts";

const USAGE = `pnpm backup [--local | --data-dir DIR] [--output FILE]

Saves the database to backups/<name>-<time>.sql.
${PLACE_USAGE}
  --output FILE     where to save it`;

await runScript(backup);

async function backup(): Promise<number> {
  const { worker } = await readWranglerConfig();
  const options = readCommandLine(USAGE, readOptions);
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  const place = choosePlace(options);
  const file = resolve(options.output ?? join(ROOT, "backups", backupName(worker, new Date())));
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // The file is its owner's alone before anything is in it; an older backup is never written over.
  await writeFile(file, "", { flag: "wx", mode: 0o600 }).catch(() => {
    throw new Complaint(`${file} exists already, or cannot be written.`);
  });
  const answer = await place.d1(["export", DATABASE, "--output", file, "--skip-confirmation"]);
  const dump = await readFile(file, "utf8");
  if (answer.code !== 0 || !isOurDump(dump)) {
    await rm(file, { force: true });
    const why = answer.code === 0 ? "It holds no pool: was it ever deployed or started?" : readComplaint(answer);
    throw new Complaint(`There is no backup of ${place.name}.\n\n${why}`);
  }
  await chmod(file, 0o600);
  console.log(`\n${green("✓")} ${bold(file)}\n  ${keysIn(dump)} keys, withdrawn and retired ones included\n`);
  console.log(
    yellow("It is worth nothing without POOL_SECRET: the keys in it are encrypted. Keep that secret in another place."),
  );
  return 0;
}

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: { ...PLACE_OPTIONS, output: { type: "string" }, help: { type: "boolean", short: "h", default: false } },
  });
  return values.help ? undefined : { ...values, "data-dir": values["data-dir"], output: values.output };
}
