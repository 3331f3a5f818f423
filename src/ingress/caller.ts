import { AccessToken, isAccessToken } from "../access-token.ts";
import { toApiKey, type ApiKey } from "../api-key.ts";

/** Where the caller put the key; it decides the dialect of paths that both dialects have. */
export type Carrier = "header" | "query" | "bearer";

export type CallerReading =
  | { kind: "caller"; keys: [ApiKey, ...ApiKey[]]; carrier: Carrier }
  /** An access token of this pool, good or not, in the place of a key. */
  | { kind: "guest"; token: AccessToken; carrier: Carrier }
  /** No credential at all. */
  | { kind: "nobody" }
  /** A credential that no key can be. */
  | { kind: "malformed" };

/** More keys than this in one list are not read: each costs a look-up, and headers are bounded anyway. */
const MAX_KEYS = 100;

/** Most queries are `?alt=sse`: not worth taking apart. A percent sign may hide a letter of `key`. */
const MAY_HOLD_KEY = /key=|%/i;

const BEARER = /^bearer\s+/i;

/**
 * Who calls: the keys in `x-goog-api-key`, else in `?key=`, else in `Authorization: Bearer`. The first carrier that
 * is there counts (Gemini CLI in bearer mode sends the same key twice). Several keys are separated by commas.
 */
export function readCaller(headers: Headers, query: string): CallerReading {
  const header = headers.get("x-goog-api-key");
  if (header !== null && header !== "") return parseKeys(header, "header");
  const inQuery = MAY_HOLD_KEY.test(query) ? new URLSearchParams(query).get("key") : null;
  if (inQuery !== null && inQuery !== "") return parseKeys(inQuery, "query");
  const authorization = headers.get("authorization");
  if (authorization !== null && BEARER.test(authorization)) {
    return parseKeys(authorization.replace(BEARER, ""), "bearer");
  }
  return { kind: "nobody" };
}

function parseKeys(list: string, carrier: Carrier): CallerReading {
  const texts = list.includes(",") ? new Set(list.split(",").map((text) => text.trim())) : [list.trim()];
  const [only = "", ...others] = texts;
  // Among keys a token is passed over like anything else that no key can be.
  if (others.length === 0 && isAccessToken(only)) return { kind: "guest", token: new AccessToken(only), carrier };
  const keys = [...texts].filter((text) => text !== "").map(toApiKey);
  const [first, ...rest] = keys.slice(0, MAX_KEYS).filter((key) => key !== undefined);
  if (first === undefined) return { kind: keys.length === 0 ? "nobody" : "malformed" };
  return { kind: "caller", keys: [first, ...rest], carrier };
}
