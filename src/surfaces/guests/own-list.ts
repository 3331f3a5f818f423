import type { Services } from "../../services.ts";
import { problemResponse, type Dialect } from "../../problem.ts";
import { peekJson, withJson } from "../peek-json.ts";
import type { Guest } from "./admission.ts";
import { nameOfEntry } from "./told-names.ts";

/** A thousand files with all that Google says of them. */
const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** What of a list is about the list and not about its entries. */
const ABOUT_LIST = ["object", "nextPageToken", "next_page_token", "has_more"];

/**
 * A list of Google's with the guest's own things alone: others keep theirs in the same project. Nothing that is not
 * understood passes. Throws if D1 does not answer.
 */
export async function withOwnThings(
  list: Response,
  collection: string,
  guest: Guest,
  dialect: Dialect,
  { access }: Services,
): Promise<Response> {
  if (!list.ok) return list;
  const { json, response } = await peekJson(list, MAX_LIST_BYTES);
  if (typeof json !== "object" || json === null || Array.isArray(json)) return unreadable(response, dialect);
  const whole = json as Record<string, unknown>;
  const kept: Record<string, unknown> = {};
  for (const name of ABOUT_LIST) if (Object.hasOwn(whole, name)) kept[name] = whole[name];
  for (const [property, entries] of Object.entries(whole)) {
    if (!Array.isArray(entries)) continue;
    const named = entries.map((entry: unknown) => ({ entry, name: nameOfEntry(collection, entry) }));
    const names = named.flatMap(({ name }) => (name === undefined ? [] : [name]));
    const own = await access.belongings.keysOf(guest.id, names);
    kept[property] = named.filter(({ name }) => name !== undefined && own.has(name)).map(({ entry }) => entry);
  }
  return withJson(response, kept);
}

async function unreadable(response: Response, dialect: Dialect): Promise<Response> {
  await response.body?.cancel();
  const message =
    "Google's list could not be read, so it cannot be told which part of it is yours. Ask for smaller pages.";
  return problemResponse({ code: 502, status: "UNAVAILABLE", message }, dialect);
}
