import type { Body } from "../ingress/body.ts";
import { readBodyFacts, type BodyFacts } from "../ingress/body-facts.ts";
import { toModelName, type Target } from "../ingress/target.ts";
import type { Outgoing } from "../upstream/forward.ts";

/** How a request may be served, and the model that its turns are counted by; none if it is not plain which. */
export interface Route {
  kind: "pooled" | "pinned";
  model: string | undefined;
  promptStore: Outgoing["promptStore"];
  outgrowsBytes: boolean;
}

/** On the caller's own key, without a look at the body. */
export const PINNED: Route = { kind: "pinned", model: undefined, promptStore: "not_applicable", outgrowsBytes: false };

/**
 * Pooled only if any key can serve it: what Google would find in one project only, what cannot be sent twice, and
 * what is not plainly a request for a model is pinned to the caller's own key. Pure.
 */
export function chooseRoute(target: Target, body: Body): Route {
  const pinned: Route = { ...PINNED, model: target.model };
  if (target.purpose === "stateful" || body.kind === "stream") return pinned;
  if (body.kind === "none") return target.modelInBody ? pinned : { ...pinned, kind: "pooled" };
  const facts = readBodyFacts(body.kind === "text" ? body.text : body.bytes);
  if (facts === undefined) return PINNED;
  const model = modelOf(target, facts);
  // Interactions are stored in the project of their key unless the caller says otherwise.
  const isStored = target.operation === "interactions" && facts.store !== "false";
  const isPinned = model === undefined || facts.refersToState || isStored;
  return {
    kind: isPinned ? "pinned" : "pooled",
    model,
    promptStore: promptStoreOf(target, facts),
    outgrowsBytes: facts.outgrowsBytes,
  };
}

/** Undefined if it is not plain which one: of a path's model and another in the body, Google takes we know not which. */
function modelOf({ modelInBody, model }: Target, facts: BodyFacts): string | undefined {
  if (modelInBody) return toModelName(facts.model ?? "");
  return facts.models.every((name) => name === model) ? model : undefined;
}

/** The methods whose bodies take `store` (protocol notes §7). */
const STORING = new Set(["generateContent", "streamGenerateContent"]);

function promptStoreOf(target: Target, facts: BodyFacts): Outgoing["promptStore"] {
  if (!STORING.has(target.operation)) return "not_applicable";
  return facts.store === "unsaid" ? "unsaid" : "said";
}
