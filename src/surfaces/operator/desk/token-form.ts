import { readSetting, SETTINGS } from "../../../settings.ts";
import type { Services } from "../../../services.ts";

/** What an operator decides about a token, and what the database tells of one. */
export type TokenTerms = Parameters<Services["access"]["create"]>[0];
export type TokenRow = Awaited<ReturnType<Services["access"]["list"]>>[number];

/** The form's fields as they were typed. */
export interface TokenFields {
  name: string;
  models: string;
  requestLimit: string;
  limitPeriod: string;
  expiresAt: string;
}

export type WrongField = "name" | "models" | "requestLimit" | "expiresAt";
export type TokenReading = { kind: "terms"; terms: TokenTerms } | { kind: "wrong"; field: WrongField };

const MAX_NAME = 100;
const MAX_LIMIT = 1_000_000_000;
const DAY_MS = 86_400_000;
/** More than any field may have: a list of models cut off at its limit would be another list. */
const MAX_READ = 3000;

export const NO_FIELDS: TokenFields = { name: "", models: "", requestLimit: "", limitPeriod: "month", expiresAt: "" };

export function readTokenFields(form: FormData): TokenFields {
  const textOf = (name: keyof TokenFields) => {
    const value = form.get(name);
    return typeof value === "string" ? value.trim().slice(0, MAX_READ) : "";
  };
  return {
    name: textOf("name"),
    models: textOf("models"),
    requestLimit: textOf("requestLimit"),
    limitPeriod: textOf("limitPeriod"),
    expiresAt: textOf("expiresAt"),
  };
}

/** What the fields mean, or which is wrong. `before`: an end that has passed may stay. Pure: `now` is passed. */
export function readTerms(fields: TokenFields, now: number, before?: TokenRow): TokenReading {
  const { name, models, requestLimit, limitPeriod, expiresAt } = fields;
  if (name === "" || name.length > MAX_NAME) return { kind: "wrong", field: "name" };
  if (readSetting(SETTINGS.MODELS, models).kind === "invalid") return { kind: "wrong", field: "models" };
  const limit = requestLimit === "" ? null : toLimit(requestLimit);
  if (limit === undefined) return { kind: "wrong", field: "requestLimit" };
  const end = expiresAt === "" ? null : toEndOfDay(expiresAt, before?.expiresAt);
  const isOver = end !== null && end !== before?.expiresAt && !(end > now);
  if (isOver) return { kind: "wrong", field: "expiresAt" };
  const terms: TokenTerms = {
    name,
    models: models === "" ? null : models,
    requestLimit: limit,
    limitPeriod: limitPeriod === "day" || limitPeriod === "month" ? limitPeriod : "total",
    expiresAt: end,
  };
  return { kind: "terms", terms };
}

export function fieldsOf(row: TokenRow): TokenFields {
  return {
    name: row.name,
    models: row.models ?? "",
    requestLimit: row.requestLimit === null ? "" : String(row.requestLimit),
    limitPeriod: row.limitPeriod,
    expiresAt: row.expiresAt === null ? "" : toDay(row.expiresAt),
  };
}

export type TokenState = "good" | "expired" | "revoked" | "used_up";

export function stateOf({ revokedAt, expiresAt, requestLimit, used }: TokenRow, now: number): TokenState {
  if (revokedAt !== null) return "revoked";
  if (expiresAt !== null && expiresAt <= now) return "expired";
  return requestLimit !== null && used >= requestLimit ? "used_up" : "good";
}

function toLimit(text: string): number | undefined {
  const limit = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= MAX_LIMIT ? limit : undefined;
}

/** A day that was not touched keeps its hour: an end set through the JSON API may be at any. */
function toEndOfDay(day: string, before: number | null | undefined): number {
  if (typeof before === "number" && toDay(before) === day) return before;
  const start = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  return start + DAY_MS;
}

function toDay(at: number): string {
  // An end at midnight is the end of the day before.
  return new Date(at - 1).toISOString().slice(0, 10);
}
