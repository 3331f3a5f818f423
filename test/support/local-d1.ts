import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Where wrangler and workerd keep local databases below a data folder; this file is about their index. */
const PLACE = "v3/d1/miniflare-D1DatabaseObject";
const INDEX = "metadata.sqlite";

/** The tests' own look at a local database that nobody has open: a `wrangler d1 execute` takes seconds. */
function open<T>(dataDir: string, use: (database: DatabaseSync) => T): T {
  const folder = join(dataDir, PLACE);
  const [file, ...others] = readdirSync(folder).filter((name) => name.endsWith(".sqlite") && name !== INDEX);
  if (file === undefined || others.length > 0) throw new Error(`${folder} does not hold one database`);
  const database = new DatabaseSync(join(folder, file));
  try {
    return use(database);
  } finally {
    database.close();
  }
}

export function query(dataDir: string, sql: string): Record<string, unknown>[] {
  return open(dataDir, (database) => database.prepare(sql).all()).map((row) => ({ ...row }));
}

/** Runs statements that answer nothing. */
export function execute(dataDir: string, statements: string): void {
  open(dataDir, (database) => database.exec(statements));
}
