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

/** A table or view that is in a database. */
export interface Relation {
  type: "table" | "view";
  name: string;
}

/**
 * The dump, made to take the place of `present`. All of that goes: what a newer version added and an older dump does not
 * have would be in the way of the migration that adds it.
 */
export function toRestore(dump: string, present: readonly Relation[]): string {
  const inTheWay = (type: Relation["type"]) => present.filter((one) => one.type === type).map(({ name }) => name);
  const tables = new Set([...tablesIn(dump), ...inTheWay("table")]);
  // A dump makes triggers before views (Miniflare's sorts by type), but a view's trigger needs its view.
  const views = dump.match(VIEW) ?? [];
  const viewNames = new Set([...Array.from(dump.matchAll(VIEW), ([, name]) => name), ...inTheWay("view")]);
  const drops = [
    ...Array.from(viewNames, (name) => `DROP VIEW IF EXISTS "${name}";`),
    ...Array.from(tables, (name) => `DROP TABLE IF EXISTS "${name}";`),
  ];
  return [...drops, ...views, dump.replace(VIEW, "")].join("\n");
}

/** Ours stand in one line (migrations/0003). */
const VIEW = /^CREATE VIEW ["`]?(\w+).*;$/gm;
