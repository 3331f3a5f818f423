import * as v from "valibot";
import { FINDINGS } from "../../../relay/finding.ts";
import type { Services } from "../../../services.ts";
import { invalid } from "./read-input.ts";
import { foreignCursor, route, type Route } from "./route.ts";
import { count, cursor, keyFilterEntries, MAX_ID, text, wholeNumberInBody } from "./schemas.ts";

const MINUTE_MS = 60_000;
const MONTH_MS = 30 * 24 * 60 * MINUTE_MS;

const actionBody = v.strictObject({
  action: v.picklist(
    ["verify", "cool", "retire", "restore", "delete"],
    "must be verify, cool, retire, restore or delete",
  ),
  ids: v.optional(
    v.pipe(
      v.array(wholeNumberInBody(1, MAX_ID), "must be a list of ids"),
      v.minLength(1, "must name a key"),
      v.maxLength(500, "must not name more than 500 keys"),
    ),
  ),
  filter: v.optional(
    v.pipe(v.strictObject(keyFilterEntries), v.description("Instead of ids. An empty one means all keys.")),
  ),
  forMs: v.optional(
    v.pipe(wholeNumberInBody(MINUTE_MS, MONTH_MS), v.description("Only for cool: how long. An hour if not given.")),
  ),
  after: v.optional(cursor),
  limit: v.optional(
    v.pipe(
      wholeNumberInBody(0, 500),
      v.description(
        "Keys in this step: 500 at the most, 40 for verify. 0 counts and does nothing yet; begun so, a work can repeat any step whose answer was lost.",
      ),
    ),
  ),
});

const actionReport = v.object({
  done: v.pipe(count, v.description("Keys that it was done to; for verify, keys that work.")),
  failed: v.pipe(count, v.description("For verify: keys that Google did not serve.")),
  skipped: v.pipe(count, v.description("Keys that it cannot be done to, or that are in that state already.")),
  next: v.nullable(v.pipe(v.string(), v.description("Send it as `after` for the next step; null after the last one."))),
  total: v.pipe(count, v.description("Keys that the whole work is for, as counted when it began.")),
  results: v.optional(v.array(v.object({ id: count, finding: v.picklist(FINDINGS) }))),
});

const importReport = v.object({
  found: v.pipe(count, v.description("Different keys in the whole text.")),
  duplicates: count,
  new: v.pipe(count, v.description("Taken in by this call: Google served them.")),
  restored: v.pipe(count, v.description("Of these, keys that had been retired.")),
  known: count,
  withdrawn: v.pipe(count, v.description("Taken out by their owners: they stay out.")),
  waiting: v.pipe(count, v.description("Not refused, not served: asked again later, by itself.")),
  rejected: v.array(v.object({ lastFour: v.string(), why: v.string() })),
  remaining: count,
  after: v.nullable(
    v.pipe(
      count,
      v.description(
        "So many of the text's keys have been looked at. Send it with the same text for the next ones; null at the end.",
      ),
    ),
  ),
});

/** Work on many keys, in steps: the caller repeats a call with what the one before returned. */
export function keyWorkRoutes({ desk }: Services): Route[] {
  return [
    route({
      method: "post",
      path: "/keys/actions",
      name: "actOnKeys",
      tag: "keys",
      summary: "Verifies, cools, retires, restores or deletes keys: one, a list, or a whole filter step by step.",
      body: actionBody,
      answer: actionReport,
      async handle({ body, defer }) {
        const { ids, filter, ...request } = body;
        if ((ids === undefined) === (filter === undefined)) return invalid("Send either ids or filter.");
        if (request.forMs !== undefined && request.action !== "cool") return invalid("forMs is only for cool.");
        const selection = ids === undefined ? { filter: filter ?? {} } : { ids };
        return (await desk.act({ ...request, selection }, defer)) ?? foreignCursor("after");
      },
    }),
    route({
      method: "post",
      path: "/keys/import",
      name: "importKeys",
      tag: "keys",
      summary: "Finds keys in any text and takes in those that Google serves, up to 40 a call.",
      body: v.strictObject({
        text: v.pipe(
          text(1_000_000),
          v.description("Each call reads all of it: send a long list in parts of 40 keys or so."),
        ),
        note: v.optional(text(500)),
        after: v.optional(wholeNumberInBody(0, 1_000_000)),
      }),
      answer: importReport,
      handle: ({ body }) => desk.importKeys(body.text, body.note === "" ? null : (body.note ?? null), body.after ?? 0),
    }),
  ];
}
