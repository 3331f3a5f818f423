import type { ApiKey } from "../api-key.ts";
import { readClientAddress } from "../ingress/client-address.ts";
import { problemResponse, type Dialect } from "../problem.ts";
import type { Services } from "../services.ts";
import type { Visit } from "./visit.ts";

/** Over the limit each key of a list costs a look-up. */
const MAX_LOOK_UPS = 5;

type Keys = [ApiKey, ...ApiKey[]];

/**
 * Which of the keys the caller may use: all, or over the limit only one that is in the pool, which teaches a thief
 * nothing new (behind one address there can be many contributors). Undefined if that is none.
 */
export function keysToTry(
  keys: Keys,
  { request, defer }: Pick<Visit, "request" | "defer">,
  { fairShare, pool }: Services,
): Keys | Promise<Keys | undefined> {
  const mayTry = fairShare.mayTry(keys, readClientAddress(request.headers));
  return mayTry === true ? keys : keysOfMembers(keys, mayTry, pool, defer);
}

async function keysOfMembers(
  keys: Keys,
  mayTry: boolean | Promise<boolean>,
  pool: Services["pool"],
  defer: Visit["defer"],
): Promise<Keys | undefined> {
  if (await mayTry) return keys;
  for (const key of keys.slice(0, MAX_LOOK_UPS)) {
    const { member } = await pool.sortOut([key], defer);
    if (member !== undefined) return [member.key];
  }
  return undefined;
}

/** The answer when there is none. */
export function tooManyNewKeys(dialect: Dialect): Response {
  const message = "Too many new keys were tried from your address. Please wait a minute.";
  const response = problemResponse({ code: 429, status: "RESOURCE_EXHAUSTED", message }, dialect);
  response.headers.set("retry-after", "60");
  return response;
}
