import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE = join(import.meta.dirname, "../docs/performance.md");
const BEGIN = "<!-- written by `pnpm bench --write` -->";
const END = "<!-- end of what `pnpm bench --write` writes -->";

/** Puts the report between the two marks of docs/performance.md; what stands around them stays. */
export function writeDocument(report: string): void {
  const text = readFileSync(FILE, "utf8");
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end === -1) throw new Error(`${FILE} has lost its marks`);
  writeFileSync(FILE, `${text.slice(0, begin + BEGIN.length)}\n\n${report}\n${text.slice(end)}`);
}
