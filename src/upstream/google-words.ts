import type { ApiKey } from "../api-key.ts";
import { readErrorObject } from "./google-body.ts";
import { plainWords } from "./plain-words.ts";

/** Google's sentences about a key are shorter; what is longer repeats the request. */
const MAX_LENGTH = 500;

/**
 * What Google said in an error body, fit to be kept: without the key, anything key-shaped, project and address, and cut.
 * Undefined where the body holds no error of Google's.
 */
export function googleWords(body: string, key: ApiKey | undefined): string | undefined {
  const message = readErrorObject(body)?.["message"];
  if (typeof message !== "string" || message === "") return undefined;
  return plainWords(message, key, MAX_LENGTH);
}
