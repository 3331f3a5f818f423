// Finds the keys in a pasted text where it was pasted: only they are sent, each once. By the Worker's own patterns, which
// the page brings along (src/ingress/pasted-keys.ts); the Worker looks at what it is sent by the same rules.

/** @typedef {{ google: string, wrapping: string, foreign: string, maxLength: number }} Patterns */

/**
 * @param {Patterns} patterns
 * @returns {(text: string) => { keys: string[], duplicates: number }} Each key once, in the order of first appearance.
 */
export function createFinder(patterns) {
  const google = new RegExp(patterns.google, "g");
  const wrapping = new RegExp(patterns.wrapping);
  const foreign = new RegExp(patterns.foreign);

  /** @param {string} line */
  const keysOfLine = (line) => {
    const words = line.match(google);
    if (words !== null) return [...words];
    const word = wrapping.exec(line.trim())?.[1];
    return word !== undefined && isRandom(word) && !foreign.test(word) ? [word] : [];
  };

  return function findKeys(text) {
    const found = text
      .normalize("NFKC")
      .split(/\r\n|\n|\r/)
      .flatMap(keysOfLine);
    const texts = [...new Set(found)];
    return {
      keys: texts.filter(({ length }) => length <= patterns.maxLength),
      duplicates: found.length - texts.length,
    };
  };
}

/** @param {string} word */
function isRandom(word) {
  return /[0-9]/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word);
}
