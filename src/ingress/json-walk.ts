/**
 * Is told of a property: its name, how deep it lies (1: the top level), where its value begins. Returns false to
 * hear nothing of what lies inside the value.
 */
export type PropertyVisitor = (name: string, depth: number, valueAt: number) => boolean;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const LETTER_U = 0x75;
/** What may stand between JSON's strings and brackets. */
const SCALAR = /(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

/** What JSON lets stand behind a backslash, besides four hex digits behind a `u`. */
const ESCAPED = new Map(
  Object.entries({ '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }),
);
/** By character code: tables are read faster than maps and patterns, and a Chinese prompt may be nothing but escapes. */
const IS_ESCAPED = tableOf((character) => ESCAPED.has(character));
const IS_HEX = tableOf((character) => /[0-9A-Fa-f]/.test(character));

/** Google's own limit is 100. */
const MAX_DEPTH = 110;

/** What the grammar wants next. `more`: a comma, or the end of what is open. */
type Expected = "name" | "value" | "more";

/**
 * Walks the property names of a JSON object without building it: a body may be megabytes of inline images, and
 * native `indexOf` crosses a string at memory speed. True if the text is one JSON object, strictly: Google's parser
 * also takes single quotes, bare names and `\c` for `c`, and what it reads there must not escape us.
 */
export function walkJson(json: string, visit: PropertyVisitor): boolean {
  if (!isEscapedStrictly(json)) return false;
  /** One character a level: `{` or `[`. */
  const levels: string[] = [];
  let mutedBelow = Infinity;
  let expected: Expected = "value";
  /** An object or array was opened just now and may be empty. */
  let isFresh = false;
  for (let at = 0; at < json.length; at++) {
    if (isWhitespace(json.charCodeAt(at))) continue;
    const character = json.charAt(at);
    const mayEnd = expected === "more" || isFresh;
    isFresh = false;
    switch (character) {
      case "{":
      case "[":
        if (expected !== "value" || (levels.length === 0 && character === "[")) return false;
        if (levels.push(character) > MAX_DEPTH) return false;
        expected = character === "{" ? "name" : "value";
        isFresh = true;
        break;
      case "}":
      case "]":
        if (!mayEnd || levels.pop() !== (character === "}" ? "{" : "[")) return false;
        if (levels.length <= mutedBelow) mutedBelow = Infinity;
        if (levels.length === 0) return json.slice(at + 1).trim() === "";
        expected = "more";
        break;
      case ",":
        if (expected !== "more") return false;
        expected = levels.at(-1) === "{" ? "name" : "value";
        break;
      case '"': {
        const end = endOfString(json, at);
        if (end === -1 || levels.length === 0 || expected === "more") return false;
        if (expected === "value") {
          expected = "more";
          at = end;
          break;
        }
        const valueAt = beginningOfValue(json, end + 1);
        if (valueAt === -1) return false;
        if (levels.length <= mutedBelow && !visit(textBetween(json, at, end), levels.length, valueAt)) {
          // A scalar hides nothing; muted by it, the next property's value would be.
          if (json[valueAt] === "{" || json[valueAt] === "[") mutedBelow = levels.length;
        }
        expected = "value";
        at = valueAt - 1;
        break;
      }
      default:
        SCALAR.lastIndex = at;
        if (levels.length === 0 || expected !== "value" || !SCALAR.test(json)) return false;
        expected = "more";
        at = SCALAR.lastIndex - 1;
    }
  }
  return false;
}

/** The string that begins at `at`; undefined if another kind of value does. */
export function stringAt(json: string, at: number): string | undefined {
  if (json.charCodeAt(at) !== QUOTE) return undefined;
  const end = endOfString(json, at);
  return end === -1 ? undefined : textBetween(json, at, end);
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** The index of the quote that closes the string opened at `start`; -1 if none does. */
function endOfString(json: string, start: number): number {
  for (let quote = json.indexOf('"', start + 1); quote !== -1; quote = json.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (json.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
  }
  return -1;
}

function beginningOfValue(json: string, from: number): number {
  let at = from;
  while (isWhitespace(json.charCodeAt(at))) at += 1;
  if (json.charCodeAt(at) !== COLON) return -1;
  at += 1;
  while (isWhitespace(json.charCodeAt(at))) at += 1;
  return at < json.length ? at : -1;
}

/** Whether each backslash begins an escape that JSON knows. */
function isEscapedStrictly(json: string): boolean {
  for (let at = json.indexOf("\\"); at !== -1; at = nextBackslash(json, at + 2)) {
    const code = json.charCodeAt(at + 1);
    if (IS_ESCAPED[code] === 1) continue;
    if (code !== LETTER_U) return false;
    for (let digit = at + 2; digit < at + 6; digit++) if (IS_HEX[json.charCodeAt(digit)] !== 1) return false;
    at += 4;
  }
  return true;
}

/** Escapes come in rows, where a look costs a third of a search. */
function nextBackslash(json: string, from: number): number {
  return json.charCodeAt(from) === BACKSLASH ? from : json.indexOf("\\", from);
}

function tableOf(holds: (character: string) => boolean): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => (holds(String.fromCharCode(code)) ? 1 : 0));
}

/**
 * The text of a string literal, escapes undone: `"\u0066ileUri"` is `fileUri` to Google. Not by `JSON.parse`: of a string
 * with a bare line break in it, which Google takes, that makes nothing.
 */
function textBetween(json: string, open: number, close: number): string {
  const raw = json.slice(open + 1, close);
  if (!raw.includes("\\")) return raw;
  return raw.replaceAll(/\\(?:u([0-9A-Fa-f]{4})|([^]))/g, (_escape, hex: string | undefined, character: string) =>
    hex === undefined ? (ESCAPED.get(character) ?? character) : String.fromCharCode(parseInt(hex, 16)),
  );
}
