import { keyActs } from "../db/key-acts.ts";
import { keyDeskTable } from "../db/key-desk.ts";
import { keyImports } from "../db/key-imports.ts";
import { resealingTable } from "../db/resealing.ts";
import { createPoolDesk, type DeskOptions } from "./desk.ts";
import { createDeskImport } from "./desk-import.ts";

/** The operator's part of the pool, with tables of its own: nothing of it is on a request's way. */
export function openDesk(d1: D1Database, parts: Omit<DeskOptions, "table" | "acts">) {
  const table = keyDeskTable(d1);
  return {
    /** The operator's hands on the keys. */
    desk: createPoolDesk({ ...parts, table, acts: keyActs(d1) }),

    /** Keys that the operator pastes. */
    imports: createDeskImport({ ...parts, table, imports: keyImports(d1), resealing: resealingTable(d1) }),
  };
}
