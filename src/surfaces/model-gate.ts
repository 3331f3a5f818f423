import { readModelInPath } from "../ingress/model-in-path.ts";
import type { Target } from "../ingress/target.ts";
import type { ModelRule } from "../access/model-rule.ts";
import { problemResponse, type Dialect } from "../problem.ts";
import { peekJson, withJson } from "./peek-json.ts";

/** Google's list is about 100 KiB. */
const MAX_LIST_BYTES = 2 * 1024 * 1024;

/**
 * The refusal of a request whose model is not allowed, cannot be read in the body where it is to stand, or is another in
 * the body than in the path; undefined lets it pass. `model` is what the reading came to: what is too large to be held
 * travels on its caller's own key anyway.
 */
export function refuseModel(
  rule: ModelRule | undefined,
  target: Target,
  model: string | undefined,
  wasRead = true,
): Response | undefined {
  if (rule === undefined) return undefined;
  const inPath = readModelInPath(target.pathAndQuery);
  if (inPath.kind === "unreadable") return modelRefused("A model of that name", rule, target.dialect);
  const asked = inPath.kind === "model" ? inPath.model : (model ?? tunedModelIn(target.pathAndQuery));
  // Two models, single quotes, an agent: Google would take what the rule has not seen.
  const isNamed = target.modelInBody || target.model !== undefined;
  if (wasRead && isNamed && model === undefined) return modelRefused(UNREAD, rule, target.dialect);
  const named = [asked, ...modelsInQuery(target.pathAndQuery)].filter((name) => name !== undefined);
  const refused = named.find((name) => !rule.allows(name));
  return refused === undefined ? undefined : modelRefused(refused, rule, target.dialect);
}

/** What else a path can be asked to generate with: a tuned model's owner names it as they like. */
const TUNED = /^\/(?:v1|v1beta|v1alpha)\/((?:tunedModels|dynamic)\/[^/:?]*):\w*(?:generate|embed|predict)/i;

function tunedModelIn(pathAndQuery: string): string | undefined {
  return TUNED.exec(pathAndQuery)?.[1];
}

/** Google binds fields of the request to parameters of the query as well. */
function modelsInQuery(pathAndQuery: string): string[] {
  const at = pathAndQuery.indexOf("?");
  if (at === -1) return [];
  const parameters = [...new URLSearchParams(pathAndQuery.slice(at))];
  return parameters.flatMap(([name, value]) => (name.trim().toLowerCase() === "model" ? [value] : []));
}

/** What is refused where a model has to be named. */
export const UNREAD = "What does not name its model where it can be read";

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
