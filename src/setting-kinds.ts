import * as v from "valibot";

/** What a form may offer for a setting. */
export type Accepts =
  | { kind: "number"; min: number; max: number }
  | { kind: "choice"; choices: string[] }
  | { kind: "text" };

/** One row of the table of settings: its meaning for the operator, its default, and what it accepts. */
export interface Setting {
  doc: string;
  default: string;
  schema: v.GenericSchema<string, number | string>;
  accepts: Accepts;
  /** The operator may change it while the Worker runs (`live-settings.ts`). */
  live?: true;
}

const TEXT = { kind: "text" } as const;

export const wholeNumber = (min: number, max: number) => ({
  schema: v.pipe(
    v.string(),
    v.regex(/^\d+$/, "must be a whole number"),
    v.transform(Number),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  ),
  accepts: { kind: "number", min, max } as const,
});

export const choice = <const Choices extends readonly string[]>(choices: Choices) => ({
  schema: v.picklist(choices, `must be one of ${choices.join(", ")}`),
  accepts: { kind: "choice", choices: [...choices] as string[] } as const,
});

export const baseUrl = {
  schema: v.pipe(
    v.string(),
    v.url("must be a URL"),
    v.regex(/^https?:\/\/[^?#]+$/, "must be an http(s) URL without query"),
    v.transform((url) => url.replace(/\/+$/, "")),
  ),
  accepts: TEXT,
};

/** A page's address, to be linked; empty for none. Other schemes than these could run in a reader's browser. */
export const pageAddress = {
  schema: v.pipe(v.string(), v.maxLength(500), v.regex(/^(?:https?:\/\/[^\s"'<>]+)?$/, "must be an http(s) URL")),
  accepts: TEXT,
};

export const modelName = {
  schema: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "must be a model's name")),
  accepts: TEXT,
};

/** Names of models, `*` in them for any characters, separated by commas; empty for all. */
export const modelPatterns = {
  schema: v.pipe(
    v.string(),
    v.maxLength(2000, "must be at most 2000 characters"),
    v.regex(
      /^(?:[A-Za-z0-9._/*-]+(?:\s*,\s*[A-Za-z0-9._/*-]+)*)?$/,
      "must be names of models separated by commas, with * for any characters",
    ),
  ),
  accepts: TEXT,
};

export const LOCATION_HINTS = [
  "wnam",
  "enam",
  "sam",
  "weur",
  "eeur",
  "apac",
  "apac-ne",
  "apac-se",
  "oc",
  "afr",
  "me",
] as const satisfies DurableObjectLocationHint[];
