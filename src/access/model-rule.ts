/** Which models may be asked for. Pure. */
export interface ModelRule {
  allows: (model: string) => boolean;
  /** The rule in plain words, to end a sentence with. */
  words: string;
}

/**
 * The rule that a list of patterns means: names separated by commas, `*` for any characters, upper and lower case
 * alike, with or without `models/` in front. Undefined for an empty list, which allows all.
 */
export function readModelRule(patterns: string): ModelRule | undefined {
  const names = patterns
    .split(",")
    .map(plain)
    .filter((name) => name !== "");
  if (names.length === 0) return undefined;
  const globs = names.map((name) => name.split("*"));
  return {
    allows: (model) => globs.some((parts) => matches(parts, plain(model))),
    words: names.map(wordsOf).join(", "),
  };
}

/** Rules in use at the same time: the operator's, and those of tokens. */
const MAX_REMEMBERED = 200;

/** Reads each list once. */
export function createModelRules(): (patterns: string) => ModelRule | undefined {
  const read = new Map<string, ModelRule | undefined>();
  return (patterns) => {
    if (patterns === "") return undefined;
    const known = read.get(patterns);
    if (known !== undefined) return known;
    const rule = readModelRule(patterns);
    if (read.size >= MAX_REMEMBERED) read.clear();
    read.set(patterns, rule);
    return rule;
  };
}

function plain(name: string): string {
  return (
    name
      .trim()
      .toLowerCase()
      // A prefix with nothing behind it stays, and fits no model: a list that says something must not allow all.
      .replace(/^models\/(?=.)/, "")
  );
}

/** A pattern cut at its stars. Without regular expressions: whoever asks must not choose how long the answer takes. */
function matches(parts: readonly string[], name: string): boolean {
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

function wordsOf(pattern: string): string {
  const star = pattern.indexOf("*");
  if (star === -1) return pattern;
  if (pattern === "*") return "every model";
  return star === pattern.length - 1
    ? `every name that begins with ${pattern.slice(0, -1)}`
    : `every name like ${pattern}`;
}
