import { isAccessToken } from "./access-token.ts";

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/**
 * A Gemini API key. Whatever prints it (a template, JSON, a log line, an inspector) shows `…` and the last four
 * characters; only `reveal()` gives the text: to send, seal, redact or recognise the key, never to show it.
 */
export class ApiKey {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  get lastFour(): string {
    return this.#text.slice(-4);
  }

  toString(): string {
    return `…${this.lastFour}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [INSPECT](): string {
    return this.toString();
  }
}

/** Google's formats are opaque to us (`AIza…`, `AQ.…` and what comes next), so only what no key can be is refused. */
const PLAUSIBLE_KEY = /^[\x21-\x2b\x2d-\x7e]{8,512}$/;

/**
 * The key that a text may be: visible ASCII without a comma, 8 to 512 characters; undefined for anything else. An
 * access token is ours and never a key: it must not reach Google, whatever asks for a key.
 */
export function toApiKey(text: string): ApiKey | undefined {
  return PLAUSIBLE_KEY.test(text) && !isAccessToken(text) ? new ApiKey(text) : undefined;
}
