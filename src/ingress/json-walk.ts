/**
 * Is told of a property: its name, how deep it lies (1: the top level), where its value begins. Returns false to
 * hear nothing of what lies inside the value.
 */
export type PropertyVisitor = (name: string, depth: number, valueAt: number) => boolean;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const WHITESPACE = /[ \t\r\n]/;
/** What may stand between JSON's strings and brackets. */
const SCALAR = /(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

/** Google's own limit is 100. */
const MAX_DEPTH = 110;

/**
 * Walks the property names of a JSON object without building it: a body may be megabytes of inline images, and
 * native `indexOf` crosses a string at memory speed. True if the text is one JSON object, strictly: Google's parser
 * also takes single quotes and bare names, and what it reads there must not escape us.
 */
export function walkJson(json: string, visit: PropertyVisitor): boolean {
  /** One character a level: `{` or `[`. */
  const levels: string[] = [];
  let mutedBelow = Infinity;
  let expectsName = false;
  for (let at = 0; at < json.length; at++) {
    const character = json.charAt(at);
    switch (character) {
      case "{":
      case "[":
        if (levels.length === 0 && (character === "[" || json.slice(0, at).trim() !== "")) return false;
        if (levels.push(character) > MAX_DEPTH) return false;
        expectsName = character === "{";
        break;
      case "}":
      case "]":
        if (levels.pop() !== (character === "}" ? "{" : "[")) return false;
        if (levels.length <= mutedBelow) mutedBelow = Infinity;
        if (levels.length === 0) return json.slice(at + 1).trim() === "";
        expectsName = false;
        break;
      case ",":
        expectsName = levels.at(-1) === "{";
        break;
      case ":":
      case " ":
      case "\t":
      case "\r":
      case "\n":
        break;
      case '"': {
        const end = endOfString(json, at);
        if (end === -1) return false;
        if (expectsName) {
          const valueAt = beginningOfValue(json, end + 1);
          if (valueAt === -1) return false;
          if (levels.length <= mutedBelow && !visit(textBetween(json, at, end), levels.length, valueAt)) {
            mutedBelow = levels.length;
          }
          expectsName = false;
          at = valueAt - 1;
        } else at = end;
        break;
      }
      default:
        SCALAR.lastIndex = at;
        if (expectsName || !SCALAR.test(json)) return false;
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
  while (WHITESPACE.test(json.charAt(at))) at += 1;
  if (json.charAt(at) !== ":") return -1;
  at += 1;
  while (WHITESPACE.test(json.charAt(at))) at += 1;
  return at < json.length ? at : -1;
}

/** The text of a string literal, escapes undone: `"\u0066ileUri"` is `fileUri` to Google. */
function textBetween(json: string, open: number, close: number): string {
  const raw = json.slice(open + 1, close);
  if (!raw.includes("\\")) return raw;
  try {
    const text: unknown = JSON.parse(`"${raw}"`);
    return typeof text === "string" ? text : raw;
  } catch {
    return raw;
  }
}
