import { readBodyFacts } from "../../ingress/body-facts.ts";
import type { Target } from "../../ingress/target.ts";
import { readReferences } from "../../ingress/references.ts";
import { chooseRoute, type Route } from "../../relay/route.ts";
import type { Body } from "../../ingress/body.ts";
import type { Services } from "../../services.ts";
import { isModelList, refuseModel, withAllowedModels } from "../model-gate.ts";
import { spendRequest, type Guest } from "./admission.ts";
import { guestReply, placeReply } from "./guest-reply.ts";
import { toCall, type GuestVisit, type ReadWhole } from "./guest-visit.ts";
import { holderOf, homeOf } from "./holder.ts";
import { noteMade } from "./note-made.ts";
import { emptyPool, invalid, nobodyReady, notForGuests } from "./refusals.ts";

/** Generating, counting, lists of models: by any key of the pool, or by the one that holds what the request names. */
export async function guestTurns(
  visited: GuestVisit,
  guest: Guest,
  readWhole: ReadWhole,
  services: Services,
): Promise<Response> {
  const { visit, target } = visited;
  const { access } = services;
  const body = await readWhole(visit, target);
  if (body instanceof Response) return body;
  const route = chooseRoute(target, body);
  if (visit.about !== undefined) visit.about.model = route.model;
  const rules = access.modelRulesOf(guest);
  const refused = rules.map((rule) => refuseModel(rule, target, route.model)).find((one) => one !== undefined);
  if (refused !== undefined) return refused;
  if (route.kind === "pinned" && !isAnyKeys(target, body, route)) {
    return serveByHolder(visited, guest, { body, route }, services);
  }
  const unspent = await spendRequest(guest, visit, target, services);
  if (unspent !== undefined) return unspent;
  const relayed = await services.guests.byPool(toCall(visited, guest, body, route));
  if (relayed === undefined) {
    access.giveBack(guest);
    return nobodyIsReady(visited, route, services);
  }
  let response = guestReply(relayed, visited, services);
  if (!isModelList(visit.request.method, target)) return response;
  for (const rule of rules) response = await withAllowedModels(response, rule);
  return response;
}

/** Whether a request that looked bound to one project names nothing in the end, and leaves nothing there. */
function isAnyKeys({ operation }: Target, body: Body, { model }: Route): boolean {
  if (model === undefined || body.kind !== "bytes") return false;
  const references = readReferences(body.bytes);
  const isStored = operation === "interactions" && readBodyFacts(body.bytes)?.store !== "false";
  return references !== undefined && references.resources.length + references.unnamed.length === 0 && !isStored;
}

/** What names state goes to the key that holds it; a stored interaction to the guest's home. */
async function serveByHolder(
  visited: GuestVisit,
  guest: Guest,
  { body, route }: { body: Body; route: Route },
  services: Services,
): Promise<Response> {
  const { visit, target } = visited;
  const references = body.kind === "bytes" ? readReferences(body.bytes) : undefined;
  if (references === undefined) return invalid("The body must be one JSON object.", target.dialect);
  const { resources, unnamed } = references;
  if (unnamed.length > 0) return notForGuests(unnamed.join(", "), target.dialect);
  if (route.model === undefined) return invalid("The request must name one model.", target.dialect);
  const place =
    resources.length > 0 ? await holderOf(guest, resources, target, services) : await homeOf(guest, target, services);
  if (place instanceof Response) return place;
  const unspent = await spendRequest(guest, visit, target, services);
  if (unspent !== undefined) return unspent;
  const relayed = await services.guests.byHolder(toCall(visited, guest, body, route), place);
  const response = placeReply(relayed, visited, { guest, place }, services);
  if (target.operation !== "interactions") return response;
  return noteMade(response, { collection: "interactions", guest, keyId: place.id, defer: visit.defer }, services);
}

/** No key of the pool was there to be tried. */
async function nobodyIsReady(
  { visit, target }: GuestVisit,
  { model }: Route,
  { pool, clock }: Services,
): Promise<Response> {
  if (visit.about !== undefined) visit.about.isDry = true;
  const now = clock();
  const until = pool.blockedUntil(model ?? "*");
  if (until !== undefined && Number.isFinite(until) && until > now) return nobodyReady(until - now, target.dialect);
  const { active } = await pool.totals();
  return active === 0 ? emptyPool(target.dialect) : nobodyReady(5000, target.dialect);
}
