import * as v from "valibot";
import type { KeyFilter } from "../../../pool/desk.ts";
import { reason, search, status } from "../api/schemas.ts";

/** What a page of keys shows, as its address says. What cannot be read is as if it were not there. */
export const SORTS = ["id", "contributed", "lastUsed", "uses", "errors", "status"] as const;
export type Sort = (typeof SORTS)[number];

const schema = v.object({
  status: v.fallback(v.optional(status), undefined),
  reason: v.fallback(v.optional(reason), undefined),
  q: v.fallback(v.optional(search), undefined),
  sort: v.fallback(v.optional(v.picklist(SORTS)), undefined),
  order: v.fallback(v.optional(v.picklist(["asc", "desc"])), undefined),
  cursor: v.fallback(v.optional(v.pipe(v.string(), v.regex(/^[\w-]{1,500}$/))), undefined),
});

export type KeyQuery = v.InferOutput<typeof schema>;

/** Of an address or of a form: an empty field is none. */
export function readKeyQuery(fields: URLSearchParams | FormData): KeyQuery {
  const given: Record<string, unknown> = {};
  for (const name of Object.keys(schema.entries)) {
    const value = fields.get(name);
    if (typeof value === "string" && value !== "") given[name] = value;
  }
  return v.parse(schema, given);
}

export function filterOf({ status: one, reason: two, q }: KeyQuery): KeyFilter {
  return { status: one, reason: two, q };
}

/** Where this question is answered; the first page of it, unless it has a cursor. */
export function keysPath(query: KeyQuery, path = "/admin/keys"): string {
  const entries = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return entries.length === 0 ? path : `${path}?${new URLSearchParams(entries).toString()}`;
}
