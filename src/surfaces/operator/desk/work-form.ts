import type { ActionRequest, DeskAction } from "../../../relay/desk.ts";
import { filterOf, readKeyQuery } from "./key-query.ts";

/** A work on keys as a form tells it. */
export type Work = ActionRequest;

const ACTIONS: readonly string[] = ["verify", "cool", "retire", "restore", "delete"] satisfies DeskAction[];

/** A page has no more. */
const MAX_IDS = 500;
const MINUTE_MS = 60_000;
const MONTH_MS = 30 * 24 * 60 * MINUTE_MS;

/** Undefined where no action is named, or no key chosen. Pure. */
export function readWork(form: FormData): Work | undefined {
  const action = form.get("action");
  if (!isAction(action)) return undefined;
  const ids = form.getAll("ids").filter((id): id is string => typeof id === "string" && /^\d{1,15}$/.test(id));
  const isAll = form.get("all") === "1";
  if (!isAll && (ids.length === 0 || ids.length > MAX_IDS)) return undefined;
  const selection = isAll ? { filter: filterOf(readKeyQuery(form)) } : { ids: ids.map(Number) };
  const after = form.get("after");
  return {
    action,
    selection,
    forMs: action === "cool" ? readSpan(form.get("forMs")) : undefined,
    after: typeof after === "string" && after !== "" ? after : undefined,
  };
}

function isAction(value: File | string | null): value is DeskAction {
  return typeof value === "string" && ACTIONS.includes(value);
}

function readSpan(value: File | string | null): number | undefined {
  const ms = typeof value === "string" && /^\d{1,12}$/.test(value) ? Number(value) : Number.NaN;
  return ms >= MINUTE_MS && ms <= MONTH_MS ? ms : undefined;
}
