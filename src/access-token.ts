const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** What every access token begins with, and no key. */
export const TOKEN_PREFIX = "potluck-";

/** `potluck-` and 256 random bits in base64url. */
const TOKEN = /^potluck-[A-Za-z0-9_-]{43}$/;

/**
 * An access token of this pool's operator: its bearer brings no key and is served by the pool's. Prints masked, like a
 * key, and is no {@link ApiKey}: what sends keys to Google cannot be given one.
 */
export class AccessToken {
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

  /** Whether it looks like one that was ever handed out. */
  get isWellFormed(): boolean {
    return TOKEN.test(this.#text);
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

/** Whether the text is meant as an access token, well formed or not. */
export function isAccessToken(text: string): boolean {
  return text.slice(0, TOKEN_PREFIX.length).toLowerCase() === TOKEN_PREFIX;
}
