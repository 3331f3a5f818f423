import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { backupName, isOurDump, keysIn, tablesIn, toRestore } from "../../scripts/lib/backup-files.ts";
import { migrateLocally, wranglerOn } from "../../scripts/lib/local-database.ts";
import { openFakeCloudflare, type FakeCloudflare } from "../support/fake-wrangler-account.ts";
import { execute, query } from "../support/local-d1.ts";

const BACKUP = "scripts/backup.ts";
const RESTORE = "scripts/restore.ts";

let cloudflare: FakeCloudflare;

beforeEach(async () => {
  cloudflare = await openFakeCloudflare();
});

afterEach(() => cloudflare.close());

const INSERT_KEYS = `insert into keys (fingerprint, ciphertext, secret_id, last_four, status, reason, status_changed_at, contributed_at, last_seen_at)
  values ('one', 'sealed ''one''', 'id', 'abcd', 'active', null, 1, 1, 1),
    ('two', null, 'id', '', 'withdrawn', null, 1, 1, 1),
    ('three', 'sealed; CREATE TABLE x (', 'id', 'abcd', 'retired', 'API_KEY_INVALID', 1, 1, 1);
  insert into coolings (key_id, model, until, kind) values (1, 'gemini-2.5-flash', 9, 'quota_day');
  update cursors set position = 1`;

const MIGRATIONS = join(import.meta.dirname, "../../migrations");
/** As wrangler makes it. */
const MIGRATIONS_TABLE =
  "create table d1_migrations (id integer primary key autoincrement, name text unique, applied_at timestamp default current_timestamp not null)";

const CONTENTS = [
  "select * from keys order by id",
  "select * from coolings",
  "select * from cursors",
  "select * from totals",
  "select type, name, sql from sqlite_master where name not like '\\_cf%' escape '\\' order by name",
  "select name from d1_migrations order by id",
];

/** Everything that a pool is, in a comparable form. */
const contents = (dataDir: string): unknown[] => CONTENTS.map((sql) => query(dataDir, sql));

describe("backup and restore of a local database, with the real wrangler", () => {
  it("carry a pool to an empty database as it was, triggers and totals included", async () => {
    const [from, to] = [join(cloudflare.folder, "from"), join(cloudflare.folder, "to")];
    const file = join(cloudflare.folder, "saved/pool.sql");
    // The real one: the fake stands only where the test says so.
    const env = { PATH: process.env["PATH"] ?? "" };
    await migrateLocally(from);
    execute(from, INSERT_KEYS);
    const before = contents(from);

    const saved = await cloudflare.run(BACKUP, ["--data-dir", from, "--output", file], env);
    expect(saved.output).toContain("3 keys");
    expect(saved.output).toContain("worth nothing without POOL_SECRET");
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    const restored = await cloudflare.run(RESTORE, [file, "--data-dir", to], env);
    expect(restored.output).toContain("3 keys are in");
    expect(restored.code).toBe(0);
    expect(contents(to)).toEqual(before);
    // The triggers live: totals follow.
    execute(to, "update keys set status = 'retired' where id = 1");
    expect(query(to, "select active, retired, withdrawn from totals")).toEqual([
      { active: 0, retired: 2, withdrawn: 1 },
    ]);

    const refused = await cloudflare.run(RESTORE, [file, "--data-dir", to], env);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("There are 3 keys in");
    const forced = await cloudflare.run(RESTORE, [file, "--data-dir", to, "--force"], env);
    expect(forced.code).toBe(0);
    expect(contents(to)).toEqual(before);
    // A migrated database without keys is as good as an empty one.
    await rm(to, { recursive: true });
    await migrateLocally(to);
    expect((await cloudflare.run(RESTORE, [file, "--data-dir", to], env)).code).toBe(0);
    await migrateLocally(to);
    expect(contents(to)).toEqual(before);
  }, 240_000);

  it("put an older backup in the place of a newer database, which can then be brought up to date", async () => {
    const [old, newer] = [join(cloudflare.folder, "old"), join(cloudflare.folder, "newer")];
    const file = join(cloudflare.folder, "old.sql");
    const env = { PATH: process.env["PATH"] ?? "" };
    const FIRST = ["0000_pool.sql", "0001_totals_triggers.sql"];
    const shape = await Promise.all(FIRST.map((name) => readFile(join(MIGRATIONS, name), "utf8")));
    const applied = FIRST.map((name) => `insert into d1_migrations (name) values ('${name}')`);
    await writeFile(file, [MIGRATIONS_TABLE, ...applied, ...shape, INSERT_KEYS, ""].join(";\n"));
    expect((await wranglerOn(old, ["execute", "DB", "--file", file])).code).toBe(0);
    await rm(file);
    expect((await cloudflare.run(BACKUP, ["--data-dir", old, "--output", file], env)).code).toBe(0);

    await migrateLocally(newer);
    execute(newer, "insert into key_counts values (1, 1, 1, 1, 1)");
    expect((await cloudflare.run(RESTORE, [file, "--data-dir", newer], env)).output).toContain("3 keys are in");
    await migrateLocally(newer);
    const counts = "select (select count(*) from keys) as keys, (select count(*) from key_counts) as counts";
    expect(query(newer, counts)).toEqual([{ keys: 3, counts: 0 }]);
  }, 240_000);

  it("make no backup of nothing, and write over none", async () => {
    const env = { PATH: process.env["PATH"] ?? "" };
    const file = join(cloudflare.folder, "pool.sql");
    const empty = await cloudflare.run(BACKUP, ["--data-dir", join(cloudflare.folder, "empty"), "--output", file], env);
    expect(empty.code).toBe(1);
    expect(empty.output).toContain("It holds no pool");
    expect(await readdir(cloudflare.folder)).not.toContain("pool.sql");
    await writeFile(file, "precious");
    expect((await cloudflare.run(BACKUP, ["--output", file])).output).toContain("exists already");
    expect(await readFile(file, "utf8")).toBe("precious");
  }, 60_000);
});

const DUMP = `PRAGMA defer_foreign_keys=TRUE;
CREATE TABLE IF NOT EXISTS "d1_migrations"(id INTEGER PRIMARY KEY);
CREATE TABLE \`keys\` (id integer);
INSERT INTO "keys" ("id") VALUES(1);
INSERT INTO "keys" ("id") VALUES(2);
CREATE TABLE \`totals\` (id integer);
`;

describe("backup and restore of the database on Cloudflare", () => {
  it("go through wrangler's export and import", async () => {
    await cloudflare.change({
      dump: DUMP,
      databases: [{ name: "potluck", location: "wnam" }],
      appliedMigrations: ["0000_pool.sql"],
      keys: 2,
    });
    const file = join(cloudflare.folder, "pool.sql");
    const saved = await cloudflare.run(BACKUP, ["--output", file]);
    expect(saved.code).toBe(0);
    // wrangler tells a link to the dump: nobody who reads a log should get it.
    expect(saved.output).not.toContain("signature");
    expect(cloudflare.calls().map(({ args }) => args)).toEqual([
      ["d1", "export", "DB", "--output", file, "--skip-confirmation", "--remote"],
    ]);

    const refused = await cloudflare.run(RESTORE, [file]);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("There are 2 keys in the database on Cloudflare");
    await cloudflare.change({ keys: 0 });
    cloudflare.calls();
    const restored = await cloudflare.run(RESTORE, [file]);
    expect(restored.output).toContain("2 keys are in the database on Cloudflare");
    expect(cloudflare.calls().every(({ args }) => args.includes("--remote"))).toBe(true);
    const { dump } = await cloudflare.account();
    expect(dump).toContain('DROP TABLE IF EXISTS "keys";');
    expect(dump).toContain('DROP TABLE IF EXISTS "added_later";');
  });

  it("tell wrangler's reasons, and leave no half backup", async () => {
    await cloudflare.change({
      failing: { "d1 export": "Couldn't find a D1 DB named 'potluck' (bound as 'DB') in the API." },
    });
    const file = join(cloudflare.folder, "pool.sql");
    const { code, output } = await cloudflare.run(BACKUP, ["--output", file]);
    expect(code).toBe(1);
    expect(output).toContain("Couldn't find a D1 DB");
    expect(await readdir(cloudflare.folder)).not.toContain("pool.sql");
  });

  it("restore nothing that is no backup", async () => {
    const file = join(cloudflare.folder, "other.sql");
    await writeFile(file, "CREATE TABLE users (id integer);");
    expect((await cloudflare.run(RESTORE, [file])).output).toContain("is no backup of Potluck's");
    expect((await cloudflare.run(RESTORE, [join(cloudflare.folder, "none.sql")])).output).toContain("cannot be read");
    expect((await cloudflare.run(RESTORE, [])).output).toContain("Which file?");
    expect(cloudflare.calls()).toEqual([]);
  });
});

describe("a backup file", () => {
  it("bears its time", () => {
    expect(backupName("potluck", new Date(Date.UTC(2026, 10, 21, 6, 53, 47)))).toBe("potluck-2026-11-21T06-53-47Z.sql");
  });

  it("is read by its statements, not by what its values look like", () => {
    const dump = `${DUMP}INSERT INTO "totals" ("id") VALUES('; CREATE TABLE x (');\n`;
    expect(tablesIn(dump)).toEqual(["d1_migrations", "keys", "totals"]);
    expect(keysIn(dump)).toBe(2);
    expect(isOurDump(dump)).toBe(true);
    expect(toRestore(dump, []).startsWith('DROP TABLE IF EXISTS "d1_migrations";\n')).toBe(true);
  });

  it("makes a view before the trigger that needs it", () => {
    const trigger = "CREATE TRIGGER `move` INSTEAD OF INSERT ON `leases` BEGIN\n\tSELECT 1;\nEND;";
    const view = "CREATE VIEW `leases` AS SELECT NULL AS `cursor` WHERE 0;";
    const restored = toRestore([trigger, view, "-- CREATE VIEW `comment`", ""].join("\n"), []);
    expect(restored.split("\n")).toEqual([
      'DROP VIEW IF EXISTS "leases";',
      view,
      ...trigger.split("\n"),
      "",
      "-- CREATE VIEW `comment`",
      "",
    ]);
  });
});
