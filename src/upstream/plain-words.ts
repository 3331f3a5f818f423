import type { ApiKey } from "../api-key.ts";
import { redact } from "./redact.ts";

/** More is not read: Google's sentences are shorter, and patterns below would take their time. */
const MAX_READ = 4000;

/** `$1` stays. What redaction for a caller leaves, because it knows Google's sentences, goes when words are kept. */
const PRIVATE: readonly [RegExp, string][] = [
  // `Please retry in 34.074824224s.` is no project's number.
  [/(\d\.\d\d)\d+(?=s\b)/g, "$1"],
  [/[\w.%+-]{1,64}@[\w.-]{1,253}/g, "[address]"],
  [/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, "[address]"],
  [/(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])/g, "[address]"],
  [/\d{9,}/g, "[number]"],
  // Capitals, small letters and digits in one run: a key of a format that is not known yet, a token, an id.
  [/(?=[\w-]{0,200}[A-Z])(?=[\w-]{0,200}[a-z])(?=[\w-]{0,200}\d)[\w-]{24,}/g, "[redacted]"],
  // The one blocked-key sentence that repeats what a caller sent.
  [/(Requests from referer )[^]*?(?= are blocked)/gi, "$1[redacted]"],
];

/**
 * A message of Google's as one line of text, fit to be kept: without the key and anything key-shaped, addresses and
 * projects. Markup in it stays text; who shows it escapes it. What a caller wrote can stand in it still: only messages
 * whose verdict says what they are about are kept at all.
 */
export function plainWords(message: string, key: ApiKey | undefined, maxLength: number): string {
  let words = redact(message.slice(0, MAX_READ), { key: key?.reveal() ?? "" });
  words = words.replaceAll(/[\p{C}\s]+/gu, " ").trim();
  for (const [pattern, replacement] of PRIVATE) words = words.replaceAll(pattern, replacement);
  return words.length > maxLength ? `${words.slice(0, maxLength - 1)}…` : words;
}
