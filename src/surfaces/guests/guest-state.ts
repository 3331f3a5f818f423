import { readBodyFacts } from "../../ingress/body-facts.ts";
import type { Body } from "../../ingress/body.ts";
import { readModelInPath } from "../../ingress/model-in-path.ts";
import { readReferences, type References } from "../../ingress/references.ts";
import { readStateRequest, type StateRequest } from "../../ingress/state-request.ts";
import { toModelName, type Target } from "../../ingress/target.ts";
import { PINNED } from "../../relay/route.ts";
import type { Services } from "../../services.ts";
import { modelRefused, refuseModel, UNREAD } from "../model-gate.ts";
import { keepUploadHere } from "../upload.ts";
import { spendRequest, type Guest } from "./admission.ts";
import { placeReply } from "./guest-reply.ts";
import { uploadResource } from "./guest-upload.ts";
import { toCall, type GuestVisit, type ReadWhole } from "./guest-visit.ts";
import { holderOf, homeOf, type Place } from "./holder.ts";
import { modelsInside } from "./models-inside.ts";
import { faultOfUpload } from "./upload-start.ts";
import { noteMade } from "./note-made.ts";
import { withOwnThings } from "./own-list.ts";
import { invalid, notForGuests } from "./refusals.ts";

type Shared = Exclude<StateRequest, { kind: "not_for_guests" }>;

/** What a request is to be sent with. */
interface Plan {
  body: Body;
  place: Place;
  model: string | undefined;
}

/** Collections whose things grow more things while they are worked on: files with results. */
const GROWING = /^(?:batches|operations|videos|models)\//;

/** What belongs to a Google project: files, caches, batches, stores, operations, Live sessions. */
export async function guestState(
  visited: GuestVisit,
  guest: Guest,
  readWhole: ReadWhole,
  services: Services,
): Promise<Response> {
  const { visit, target } = visited;
  const isMultipart = visit.request.headers.get("content-type")?.startsWith("multipart/") === true;
  const asked = readStateRequest(visit.request.method, target, isMultipart);
  if (asked.kind === "not_for_guests") return notForGuests(asked.what, target.dialect);
  const plan = await planOf(asked, visited, guest, readWhole, services);
  if (plan instanceof Response) return plan;
  if (visit.about !== undefined) visit.about.model = plan.model;
  const unspent = await spendRequest(guest, visit, target, services);
  if (unspent !== undefined) return unspent;
  const call = toCall(visited, guest, plan.body, { ...PINNED, model: plan.model });
  const { place } = plan;
  const relayed = await services.guests.byHolder(call, place);
  const response = placeReply(relayed, visited, { guest, place }, services);
  return afterwards(response, asked, { visited, guest, place }, services);
}

/** Which key the request goes to, and with what body; the answer that refuses it instead. */
async function planOf(
  asked: Shared,
  visited: GuestVisit,
  guest: Guest,
  readWhole: ReadWhole,
  services: Services,
): Promise<Plan | Response> {
  const { visit, target } = visited;
  const { dialect } = target;
  const isJson = (asked.kind === "create" || asked.kind === "resource") && asked.body === "json";
  const isUpload = beginsUpload(asked, target);
  const read: Body | Response = isJson || isUpload ? await readWhole(visit, target) : streamOf(visit.request);
  if (read instanceof Response) return read;
  const badUpload = isUpload ? refuseUpload(read, visit.request, target) : undefined;
  if (badUpload !== undefined) return badUpload;
  const facts = isJson ? factsOf(read) : NOTHING;
  if (facts === undefined) return invalid("The body must be one JSON object.", dialect);
  const { resources, unnamed, hasInputFile } = facts;
  if (unnamed.length > 0) return notForGuests(unnamed.join(", "), dialect);
  if (hasInputFile && asked.kind === "create") {
    const message = "With an access token the requests of a batch must stand in the batch itself: a file is not read.";
    return invalid(message, dialect);
  }
  const inPath = readModelInPath(target.pathAndQuery);
  const model = inPath.kind === "model" ? inPath.model : facts.model;
  const refused = refuseByRules(asked, { model, body: read }, visited, guest, services);
  if (refused !== undefined) return refused;
  const named = asked.kind === "resource" ? [asked.resource, ...resources] : resources;
  const place =
    named.length > 0 ? await holderOf(guest, named, target, services) : await homeOf(guest, target, services);
  return place instanceof Response ? place : { body: read, place, model };
}

/** Whether it brings a native file with a description of it; OpenAI's form has no place for a name. */
function beginsUpload(asked: Shared, { dialect }: Target): boolean {
  return asked.kind === "create" && asked.collection === "files" && dialect === "gemini";
}

function refuseUpload(body: Body, { headers }: Request, { pathAndQuery, dialect }: Target): Response | undefined {
  const bytes = body.kind === "bytes" ? body.bytes : new Uint8Array();
  const query = pathAndQuery.split("?")[1] ?? "";
  switch (faultOfUpload(query, headers.get("content-type") ?? "", bytes)) {
    case undefined:
      return undefined;
    case "named":
      return invalid("With an access token a file cannot be given a name of your choice; a display name can.", dialect);
    case "unreadable":
      return invalid("An upload must begin with a description of the file as one JSON object.", dialect);
  }
}

type Facts = References & { model: string | undefined };

/** What is known of a body that passes through. */
const NOTHING: Facts = { resources: [], unnamed: [], hasInputFile: false, model: undefined };

/** What a JSON body says; undefined if it is none. */
function factsOf(body: Body): Facts | undefined {
  if (body.kind !== "bytes" || body.bytes.byteLength === 0) return NOTHING;
  const facts = readBodyFacts(body.bytes);
  const references = readReferences(body.bytes);
  return facts && references && { ...references, model: toModelName(facts.model ?? "") };
}

/** What runs a model must say which, where there is a rule. */
function refuseByRules(
  asked: Shared,
  { model, body }: { model: string | undefined; body: Body },
  { target }: GuestVisit,
  guest: Guest,
  { access }: Services,
): Response | undefined {
  // A cache is of use for its model alone.
  const isMade = asked.kind === "create" && (asked.runsModel || asked.collection === "cachedContents");
  const runsModel = asked.kind === "live" || isMade;
  for (const rule of access.modelRulesOf(guest)) {
    const refused = refuseModel(rule, target, model);
    if (refused !== undefined) return refused;
    if (runsModel && model === undefined) {
      return modelRefused(UNREAD, rule, target.dialect);
    }
    const inside = runsModel ? modelsInside(body).find((name) => !rule.allows(name)) : undefined;
    if (inside !== undefined) return modelRefused(inside || "A model of that name", rule, target.dialect);
  }
  return undefined;
}

/** What the answer tells is noted, and what it must not tell is left out. */
async function afterwards(
  response: Response,
  asked: Shared,
  { visited, guest, place }: { visited: GuestVisit; guest: Guest; place: Place },
  services: Services,
): Promise<Response> {
  const { visit, target, token } = visited;
  const { access } = services;
  const made = { guest, keyId: place.id, defer: visit.defer };
  switch (asked.kind) {
    case "live":
      return response;
    case "list":
      return withOwnThings(response, asked.collection, guest, target.dialect, services);
    case "resource":
      if (target.operation === "upload")
        keepUploadHere(response, token, new URL(visit.request.url).origin, services, guest.id);
      if (visit.request.method === "DELETE" && asked.isWhole && (response.ok || response.status === 404)) {
        await access.belongings.forget(guest.id, asked.resource);
      }
      return GROWING.test(asked.resource)
        ? noteMade(response, { ...made, collection: asked.resource.split("/", 1)[0] ?? "" }, services)
        : response;
    case "create": {
      const uploads = keepUploadHere(response, token, new URL(visit.request.url).origin, services, guest.id);
      if (uploads.length === 0) return noteMade(response, { ...made, collection: asked.collection }, services);
      await access.belongings.remember(guest.id, uploads.map(uploadResource), place.id);
      return response;
    }
  }
}

function streamOf({ body }: Request): Body {
  return body === null ? { kind: "none" } : { kind: "stream", stream: body };
}
