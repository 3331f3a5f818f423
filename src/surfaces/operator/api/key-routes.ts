import * as v from "valibot";
import { toApiKey } from "../../../api-key.ts";
import type { Services } from "../../../services.ts";
import { invalid } from "./read-input.ts";
import { foreignCursor, notFound, route, type Route } from "./route.ts";
import { count, cursor, idParams, key, keyDetail, keyFilterEntries, text, wholeNumber } from "./schemas.ts";

const MISSING = "There is no such key.";

const listQuery = v.strictObject({
  ...keyFilterEntries,
  sort: v.optional(
    v.picklist(
      ["id", "contributed", "lastUsed", "uses", "errors", "status"],
      "must be id, contributed, lastUsed, uses, errors or status",
    ),
  ),
  order: v.optional(v.picklist(["asc", "desc"], "must be asc or desc")),
  cursor: v.optional(cursor),
  limit: v.optional(v.pipe(wholeNumber(1, 500), v.description("50 if not given."))),
});

const page = v.object({
  keys: v.array(key),
  next: v.nullable(v.pipe(v.string(), v.description("`cursor` of the next page; null on the last one."))),
  previous: v.nullable(v.pipe(v.string(), v.description("`cursor` of the page before; null on the first one."))),
  total: v.pipe(count, v.description("How many keys the filter found when the first page was asked for.")),
  totalIsExact: v.pipe(v.boolean(), v.description("False where there are more: counting ends at 100,000.")),
});

/** The keys: pages of them, one of them, the operator's note. */
export function keyRoutes({ desk }: Services): Route[] {
  return [
    route({
      method: "get",
      path: "/keys",
      name: "listKeys",
      tag: "keys",
      summary: "A page of keys, filtered and sorted. Never the keys themselves.",
      query: listQuery,
      answer: page,
      handle: async ({ query }) => (await desk.list(query)) ?? foreignCursor("cursor"),
    }),
    route({
      method: "post",
      path: "/keys/find",
      name: "findKey",
      tag: "keys",
      summary: "The key whose text is in the body.",
      body: v.strictObject({ key: text(600) }),
      answer: keyDetail,
      mayMiss: true,
      async handle({ body }) {
        const given = toApiKey(body.key.trim());
        if (given === undefined) return invalid("key must be 8 to 512 visible ASCII characters.");
        const found = await desk.findByKey(given);
        return (found && (await desk.find(found.id))) ?? notFound("This key is not in the pool.");
      },
    }),
    route({
      method: "get",
      path: "/keys/{id}",
      name: "getKey",
      tag: "keys",
      summary: "One key: its coolings, and its uses and errors by model.",
      params: idParams,
      answer: keyDetail,
      mayMiss: true,
      handle: async ({ params }) => (await desk.find(params.id)) ?? notFound(MISSING),
    }),
    route({
      method: "patch",
      path: "/keys/{id}",
      name: "noteKey",
      tag: "keys",
      summary: "Writes the operator's note. An empty one takes it away.",
      params: idParams,
      body: v.strictObject({ note: text(500) }),
      answer: keyDetail,
      mayMiss: true,
      async handle({ params, body }) {
        const noted = await desk.note(params.id, body.note);
        return (noted ? await desk.find(params.id) : undefined) ?? notFound(MISSING);
      },
    }),
  ];
}
