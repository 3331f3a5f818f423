import type { ApiKey } from "../api-key.ts";
import { readClientAddress } from "../ingress/client-address.ts";
import { problemResponse, type Dialect } from "../problem.ts";
import type { Services } from "../services.ts";

/**
 * Whether the caller may try these keys. Over the limit only a contributor may: behind one address there can be many,
 * and a key that is in the pool teaches a thief nothing new.
 */
export async function mayTryKeys(
  keys: readonly ApiKey[],
  headers: Headers,
  { fairShare, pool }: Services,
): Promise<boolean> {
  if (await fairShare.mayTry(keys, readClientAddress(headers))) return true;
  const { member } = await pool.sortOut(keys);
  return member !== undefined;
}

/** The answer when they may not. */
export function tooManyNewKeys(dialect: Dialect): Response {
  const message = "Too many new keys were tried from your address. Please wait a minute.";
  const response = problemResponse({ code: 429, status: "RESOURCE_EXHAUSTED", message }, dialect);
  response.headers.set("retry-after", "60");
  return response;
}
