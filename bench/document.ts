import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const DOCS = join(import.meta.dirname, "../docs");
const BEGIN = "<!-- measured: written by a command, do not edit -->";
const END = "<!-- end of what was measured -->";

/** Puts a report between the two marks of a page in docs/; what stands around them stays. */
export function writeDocument(page: string, report: string): void {
  const file = join(DOCS, page);
  const text = readFileSync(file, "utf8");
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end === -1) throw new Error(`${file} has lost its marks`);
  writeFileSync(file, `${text.slice(0, begin + BEGIN.length)}\n\n${report}\n\n${text.slice(end)}`);
}
