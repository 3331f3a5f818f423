import * as v from "valibot";
import type { FailureQuery } from "../../../records/records.ts";
import { idParam, text, wholeNumber } from "../api/schemas.ts";

const optional = <S extends v.GenericSchema<unknown, unknown>>(schema: S) => v.fallback(v.optional(schema), undefined);

/** Pages that the way back remembers. */
const MAX_TRAIL = 100;

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
  /** `before` of each page that was left for an older one, the first page as 0: the way back. */
  trail: optional(v.pipe(v.string(), v.regex(/^\d{1,15}(?:,\d{1,15}){0,99}$/))),
});

/** What the page of failed attempts shows, as its address says. What cannot be read is as if it were not there. */
export type FailureFields = v.InferOutput<typeof schema>;

export function readFailureFields(search: URLSearchParams): FailureFields {
  const given = [...search].map(([name, value]) => [name, value.trim()] as const).filter(([, value]) => value !== "");
  return v.parse(schema, Object.fromEntries(given));
}

export function toFailureQuery({ from, to, key, token, trail: _trail, ...same }: FailureFields): FailureQuery {
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

/** The next page of older failures, which remembers this one. */
export function olderPath({ trail, before, ...filter }: FailureFields, next: number): string {
  const places = [...(trail?.split(",") ?? []), before ?? 0].slice(-MAX_TRAIL);
  return failuresPath({ ...filter, before: next, trail: places.join(",") });
}

/** The page that was left for this one; undefined where nothing remembers it. */
export function newerPath({ trail, before: _before, ...filter }: FailureFields): string | undefined {
  const places = trail?.split(",") ?? [];
  const place = places.pop();
  if (place === undefined) return undefined;
  const before = Number(place) || undefined;
  return failuresPath({ ...filter, before, trail: places.join(",") || undefined });
}
