/**
 * Reads one string property of a JSON object's top level without parsing the rest: a body may be megabytes of
 * inline images, and native `indexOf` walks them at memory speed. Undefined if it is not there or not a string.
 * Tolerates what it does not understand: Google judges the body, not we.
 */
export function peekTopLevelString(json: string, name: string): string | undefined {
  const after = endOfTopLevelName(json, name);
  return after === undefined ? undefined : stringAfter(json, after);
}

/** Whether the object has a property of that name at its top level, plainly spelled. */
export function hasTopLevelName(json: string, name: string): boolean {
  return json.includes(`"${name}"`) && endOfTopLevelName(json, name) !== undefined;
}

/** The index just behind the quoted name of a top-level property. */
function endOfTopLevelName(json: string, name: string): number | undefined {
  let depth = 0;
  let expectName = false;
  for (let at = 0; at < json.length; at++) {
    switch (json.charAt(at)) {
      case "{":
      case "[":
        depth += 1;
        expectName = depth === 1;
        break;
      case "}":
      case "]":
        depth -= 1;
        break;
      case ",":
        expectName = depth === 1;
        break;
      case '"': {
        const end = endOfString(json, at);
        if (end === -1) return undefined;
        if (expectName && json.slice(at + 1, end) === name) return end + 1;
        expectName = false;
        at = end;
        break;
      }
    }
  }
  return undefined;
}

/** The index of the quote that closes the string opened at `start`; -1 if none does. */
function endOfString(json: string, start: number): number {
  for (let quote = json.indexOf('"', start + 1); quote !== -1; quote = json.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (json[quote - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return quote;
  }
  return -1;
}

function stringAfter(json: string, from: number): string | undefined {
  const value = /^\s*:\s*"/.exec(json.slice(from, from + 100));
  if (value === null) return undefined;
  const start = from + value[0].length - 1;
  const end = endOfString(json, start);
  if (end === -1 || end - start > 1000) return undefined;
  try {
    const text: unknown = JSON.parse(json.slice(start, end + 1));
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}
