import { toApiKey, type ApiKey } from "../api-key.ts";

/** The keys in a text, each once, in the order of their first appearance. */
export interface PastedKeys {
  keys: ApiKey[];
  /** How many more times one of them stood there. */
  duplicates: number;
}

/**
 * Google's two forms (protocol notes §2), wherever they stand: in CSV, JSON, `.env`, chat, between Chinese characters.
 * `AIza` has 35 characters behind it, neither more nor less; what follows `AQ.` varies.
 */
const GOOGLE_KEYS =
  /(?<![0-9A-Za-z_-])(?:AIza[0-9A-Za-z_-]{35}|[AI]Q\.[0-9A-Za-z_-]{20,400}(?:\.[0-9A-Za-z_-]{8,200})*)(?![0-9A-Za-z_-])/g;

/** Around a key that has a line of its own: a list's bullet or number, quotes, a comma. */
const WRAPPING = /^(?:[-*•]\s+|\d{1,6}[.)]\s+)?["'`]?([0-9A-Za-z._-]{30,200})["'`]?[,;]?$/;

/**
 * What begins like this is another service's secret, or a token of ours. Asking Google whether it is a key would give it
 * away.
 */
const FOREIGN =
  /^(?:potluck-|sk-|pk-|rk_|gh[a-z]_|github_pat_|glpat-|xox[a-z]-|hf_|eyJ|AKIA|ASIA|ya29\.|r8_|gsk_|nvapi-|pplx-)/;

/** As in api-key.ts: no key is longer. */
const MAX_KEY_LENGTH = 512;

/** How a key is found, for the desk's script: it looks through what is pasted before anything is sent. */
export const KEY_PATTERNS = {
  google: GOOGLE_KEYS.source,
  wrapping: WRAPPING.source,
  foreign: FOREIGN.source,
  maxLength: MAX_KEY_LENGTH,
};

/**
 * Finds the keys in any text. A word of another form counts only where it has a line to itself and looks random (upper
 * case, lower case and digits, 30 characters or more): a `.env` file holds other services' secrets, and each key that
 * is found is sent to Google.
 */
export function findKeys(text: string): PastedKeys {
  // Full-width letters and punctuation become the plain ones.
  const plain = text.normalize("NFKC");
  const found = plain.split(/\r\n|\n|\r/).flatMap(keysOfLine);
  const texts = [...new Set(found)];
  const keys = texts.map(toApiKey).filter((key) => key !== undefined);
  return { keys, duplicates: found.length - texts.length };
}

/** Whether one of Google's forms stands in the text. */
export function holdsGoogleKey(text: string): boolean {
  return text.search(GOOGLE_KEYS) !== -1;
}

function keysOfLine(line: string): string[] {
  const words = line.match(GOOGLE_KEYS);
  if (words !== null) return words;
  const word = WRAPPING.exec(line.trim())?.[1];
  return word !== undefined && isRandom(word) && !FOREIGN.test(word) ? [word] : [];
}

function isRandom(word: string): boolean {
  return /[0-9]/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word);
}
