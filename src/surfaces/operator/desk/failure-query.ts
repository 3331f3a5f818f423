import * as v from "valibot";
import type { FailureQuery } from "../../../records/records.ts";
import { idParam, text, wholeNumber } from "../api/schemas.ts";

const optional = <S extends v.GenericSchema<unknown, unknown>>(schema: S) => v.fallback(v.optional(schema), undefined);

/** As `<input type="datetime-local">` writes it; the desk means UTC. */
const time = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/));

const schema = v.object({
  from: optional(time),
  to: optional(time),
  key: optional(idParam),
  token: optional(idParam),
  model: optional(text(100)),
  verdict: optional(v.pipe(v.string(), v.regex(/^[a-z_]{1,40}$/))),
  status: optional(wholeNumber(100, 599)),
  text: optional(text(100)),
  before: optional(idParam),
});

/** What the page of failed attempts shows, as its address says. What cannot be read is as if it were not there. */
export type FailureFields = v.InferOutput<typeof schema>;

export function readFailureFields(search: URLSearchParams): FailureFields {
  const given = [...search].map(([name, value]) => [name, value.trim()] as const).filter(([, value]) => value !== "");
  return v.parse(schema, Object.fromEntries(given));
}

export function toFailureQuery({ from, to, key, token, ...same }: FailureFields): FailureQuery {
  return { ...same, keyId: key, tokenId: token, from: toTime(from), to: toTime(to), limit: 50 };
}

function toTime(local: string | undefined): number | undefined {
  const at = Date.parse(`${local}Z`);
  return Number.isNaN(at) ? undefined : at;
}

/** Where this question is answered. */
export function failuresPath(fields: FailureFields): string {
  const entries = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return entries.length === 0 ? "/admin/failures" : `/admin/failures?${new URLSearchParams(entries).toString()}`;
}
