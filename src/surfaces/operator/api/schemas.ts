import * as v from "valibot";
import { SETTINGS } from "../../../settings.ts";

/**
 * The parts that the routes' schemas are made of. A schema has two readers: a request is held against it, and the
 * OpenAPI document is made of it. So each check is one that JSON Schema knows too.
 */

/** A whole number in a path or a query: it arrives as text. */
export function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,15}$/, message),
    v.transform(Number),
    v.number(),
    v.integer(message),
    v.minValue(min, message),
    v.maxValue(max, message),
  );
}

/** The same in a JSON body. */
export function wholeNumberInBody(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
}

export function text(maxLength: number) {
  return v.pipe(v.string("must be text"), v.maxLength(maxLength, `must not be longer than ${maxLength} characters`));
}

/** Ids are SQLite's: far below this for as long as the project lives. */
export const MAX_ID = 999_999_999_999_999;

export const idParam = wholeNumber(1, MAX_ID);
export const idParams = v.strictObject({ id: idParam });

/** Epoch milliseconds. */
const time = v.pipe(v.number(), v.integer(), v.description("Epoch milliseconds."));
export const timeInAnswer = time;
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));
export const cursor = v.pipe(text(500), v.description("`next` of the answer before, for the same question."));

export const status = v.picklist(
  ["active", "resting", "cooling", "retired", "withdrawn"],
  "must be active, resting, cooling, retired or withdrawn",
);
export const reason = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_.-]{1,100}$/, "must be a reason, such as API_KEY_INVALID"),
);
export const search = v.pipe(
  v.string(),
  v.regex(
    /^(?:[0-9]{1,15}|[!-~]{4})$/,
    "must be a key's id or its last four characters; a whole key goes in the body of POST /api/admin/keys/find",
  ),
  v.description("A key's id, or its last four characters."),
);

/** Patterns of a token's models: what the setting accepts, and the desk's form. */
export const models = v.pipe(SETTINGS.MODELS.schema, v.description("Names, `*` for any characters; empty for all."));

/** What keys a list, an export or a work on a whole filter is about. */
export const keyFilterEntries = { status: v.optional(status), reason: v.optional(reason), q: v.optional(search) };

export const key = v.object({
  id: count,
  lastFour: v.pipe(v.string(), v.description("Empty once the key has been withdrawn.")),
  status: v.picklist(["active", "retired", "withdrawn"]),
  reason: v.nullable(
    v.pipe(v.string(), v.description("Why it was retired: Google's reason, `operator`, or `unproven`.")),
  ),
  words: v.nullable(v.pipe(v.string(), v.description("What Google said, redacted."))),
  origin: v.picklist(["contributed", "imported"]),
  note: v.nullable(v.string()),
  uses: count,
  errors: count,
  contributedAt: time,
  lastSeenAt: time,
  lastUsedAt: v.nullable(time),
  statusChangedAt: time,
  restingUntil: v.nullable(time),
  recheckAt: v.nullable(time),
  cooling: v.pipe(count, v.description("For how many models it cools now.")),
});

export const keyDetail = v.object({
  ...key.entries,
  coolings: v.array(
    v.object({
      model: v.string(),
      kind: v.picklist(["quota_day", "quota_minute", "model_not_offered", "busy"]),
      until: time,
    }),
  ),
  models: v.array(v.object({ model: v.string(), uses: count, errors: count, lastAt: time })),
});

export const problem = v.object({
  error: v.object({ code: count, message: v.string(), status: v.string() }),
});

/** They stand in the document once, by these names. */
export const COMPONENTS = { Key: key, KeyDetail: keyDetail, Problem: problem };
