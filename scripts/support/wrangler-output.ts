/** What a person at the terminal needs of wrangler's output. Pure. */

import { stripVTControlCharacters } from "node:util";

/** wrangler's own prefix for its notes and request lines. */
const PREFIX = /^\[wrangler:info\] /;

const NOISE = [
  /^$/,
  /^Using (?:secrets|vars) defined in /,
  /^Your Worker has access to the following bindings:/,
  /^Binding +Resource/,
  /^env\./,
  /Starting local server\.\.\.$/,
  /^\[wrangler:info\] Ready on /,
];

/** Whether the line is more than wrangler's note that a request was answered. */
export function isNoRequestLine(line: string): boolean {
  return !/^\[wrangler:info\] [A-Z]+ \//.test(stripVTControlCharacters(line));
}

/** The line without wrangler's decoration; undefined if nobody misses it. Errors and the Worker's own lines stay. */
export function tidyLine(line: string): string | undefined {
  const plain = stripVTControlCharacters(line).trimEnd();
  if (NOISE.some((pattern) => pattern.test(plain))) return undefined;
  return plain.replace(PREFIX, "");
}
