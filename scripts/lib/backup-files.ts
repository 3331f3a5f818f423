/** What a backup is called and what is in it. Pure. */

/** `potluck-2026-11-21T06-53-47Z.sql` */
export function backupName(worker: string, at: Date): string {
  return `${worker}-${at.toISOString().slice(0, 19).replaceAll(":", "-")}Z.sql`;
}

/** The tables that a dump makes, in its order. */
export function tablesIn(dump: string): string[] {
  const names = dump.matchAll(/^CREATE TABLE (?:IF NOT EXISTS )?["`[]?(\w+)/gm);
  return Array.from(names, ([, name]) => name ?? "");
}

/** Whether it is a dump of Potluck's. */
export function isOurDump(dump: string): boolean {
  const tables = tablesIn(dump);
  return ["d1_migrations", "keys", "totals"].every((name) => tables.includes(name));
}

/** How many keys it holds, whatever their state. */
export function keysIn(dump: string): number {
  return dump.match(/^INSERT INTO ["`]?keys["`]? /gm)?.length ?? 0;
}

/** The dump, made to take the place of what is there. */
export function toRestore(dump: string): string {
  const drops = tablesIn(dump).map((name) => `DROP TABLE IF EXISTS "${name}";`);
  return [...drops, dump].join("\n");
}
