import { readModelInPath } from "../ingress/model-in-path.ts";
import type { Target } from "../ingress/target.ts";
import type { ModelRule } from "../access/model-rule.ts";
import { problemResponse, type Dialect } from "../problem.ts";
import { peekJson, withJson } from "./peek-json.ts";

/** Google's list is about 100 KiB. */
const MAX_LIST_BYTES = 2 * 1024 * 1024;

/**
 * The refusal of a request whose model is known and not allowed; undefined lets it pass. `model` is the one of the body.
 */
export function refuseModel(
  rule: ModelRule | undefined,
  target: Target,
  model: string | undefined,
): Response | undefined {
  if (rule === undefined) return undefined;
  const inPath = readModelInPath(target.pathAndQuery);
  if (inPath.kind === "unreadable") return modelRefused("A model of that name", rule, target.dialect);
  const asked = inPath.kind === "model" ? inPath.model : model;
  return asked === undefined || rule.allows(asked) ? undefined : modelRefused(asked, rule, target.dialect);
}

export function modelRefused(what: string, { words }: ModelRule, dialect: Dialect): Response {
  const message = `${what} may not be used here. Allowed: ${words}.`;
  return problemResponse({ code: 403, status: "PERMISSION_DENIED", message }, dialect);
}

/** Whether the request is for the list of models. */
export function isModelList(method: string, target: Target): boolean {
  return method === "GET" && target.operation === "models" && readModelInPath(target.pathAndQuery).kind === "none";
}

/** A list of models without those that are not allowed; as it came where it cannot be read. */
export async function withAllowedModels(list: Response, rule: ModelRule): Promise<Response> {
  if (!list.ok) return list;
  const { json, response } = await peekJson(list, MAX_LIST_BYTES);
  const [collection, entries] = Object.entries(json ?? {}).find(([, value]) => Array.isArray(value)) ?? [];
  if (collection === undefined || !Array.isArray(entries)) return response;
  const allowed = entries.filter((entry: unknown) => {
    const name = nameOf(entry);
    return name === undefined || rule.allows(name);
  });
  return withJson(response, { ...Object(json), [collection]: allowed });
}

/** Gemini's lists have `name`, OpenAI's `id`. */
function nameOf(entry: unknown): string | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const { name, id } = entry as { name?: unknown; id?: unknown };
  return [name, id].find((text) => typeof text === "string");
}
