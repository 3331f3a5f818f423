import { hasTopLevelName, peekTopLevelString } from "../ingress/json-peek.ts";
import { refersToState } from "../ingress/state-reference.ts";
import { toModelName, type Target } from "../ingress/target.ts";
import type { Body } from "../ingress/body.ts";
import type { Outgoing } from "../upstream/forward.ts";

/** How a request may be served, and the model that its turns are counted by. */
export interface Route {
  kind: "pooled" | "pinned";
  model: string | undefined;
  promptStore: Outgoing["promptStore"];
}

/** On the caller's own key, without a look at the body. */
export const PINNED: Route = { kind: "pinned", model: undefined, promptStore: "not_applicable" };

/**
 * Pooled only if any key can serve it: what Google would find in one project only, what cannot be sent twice, and
 * what is not plainly a request for a model is pinned to the caller's own key. Pure.
 */
export function chooseRoute(target: Target, body: Body): Route {
  const pinned = (model = target.model): Route => ({ ...PINNED, model });
  if (target.purpose === "stateful" || body.kind === "stream") return pinned();
  if (body.kind === "none") return target.modelInBody ? pinned() : { ...pinned(), kind: "pooled" };
  const json = new TextDecoder().decode(body.bytes);
  const model = target.modelInBody ? modelIn(json) : target.model;
  if (model === undefined || !looksLikeJsonObject(json) || refersToState(json)) return pinned(model);
  // Interactions are stored in the project of their key unless the caller says otherwise.
  if (target.operation === "interactions" && !saysNotToStore(json)) return pinned(model);
  return { kind: "pooled", model, promptStore: promptStoreOf(target, json) };
}

/** The methods whose bodies take `store` (protocol notes §7). */
const STORING = new Set(["generateContent", "streamGenerateContent"]);

function promptStoreOf(target: Target, json: string): Outgoing["promptStore"] {
  if (!STORING.has(target.operation)) return "not_applicable";
  return hasTopLevelName(json, "store") ? "said" : "unsaid";
}

function modelIn(json: string): string | undefined {
  const name = peekTopLevelString(json, "model");
  return name === undefined ? undefined : toModelName(name);
}

/** Google refuses anything else; that answer is provoked with the caller's own key. */
function looksLikeJsonObject(json: string): boolean {
  return /^\s*\{/.test(json) && /\}\s*$/.test(json.slice(-100));
}

function saysNotToStore(json: string): boolean {
  try {
    const body: unknown = JSON.parse(json);
    return typeof body === "object" && body !== null && "store" in body && body.store === false;
  } catch {
    return false;
  }
}
