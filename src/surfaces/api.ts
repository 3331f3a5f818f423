import { readJsonBody, type Body } from "../ingress/body.ts";
import { readCaller } from "../ingress/caller.ts";
import { readEphemeralToken } from "../ingress/ephemeral-token.ts";
import { HeldBytes, type Holding } from "../ingress/held-bytes.ts";
import { createTargetReader } from "../ingress/known-targets.ts";
import { queryOf } from "../ingress/query.ts";
import type { Target } from "../ingress/target.ts";
import { problemResponse, type Dialect } from "../problem.ts";
import { outgoingOf } from "../relay/outgoing.ts";
import { toReply } from "../relay/reply.ts";
import { chooseRoute, type Route } from "../relay/route.ts";
import type { Services } from "../services.ts";
import { callerProblem } from "./caller-problem.ts";
import { guests } from "./guests/guests.ts";
import { isModelList, refuseModel, withAllowedModels } from "./model-gate.ts";
import { keysToTry, tooManyNewKeys } from "./new-keys.ts";
import { openLiveByToken } from "./live.ts";
import { continueUpload, keepUploadHere, uploadIdOf } from "./upload.ts";
import type { Visit } from "./visit.ts";

/** Both dialects of the API: read the request, let it be relayed, answer. */
export function api(services: Services) {
  const { relay, access, clock } = services;
  const held = new HeldBytes();
  const readTarget = createTargetReader();
  const passChunk = continueUpload(services);
  const openLive = openLiveByToken(services);
  const answerGuest = guests(services, held);

  return async function api(visit: Visit): Promise<Response> {
    const { request, arrivedAt, defer } = visit;
    const { url } = request;
    const caller = readCaller(request.headers, queryOf(url));
    const reading = readTarget(request.method, url, "carrier" in caller ? caller.carrier : undefined);
    if (reading.kind === "unknown") return notFound(reading.message, reading.dialect);
    const { target } = reading;
    visit.about = { target, model: target.model, relayed: undefined };

    const uploadId = uploadIdOf(target, url);
    if (uploadId !== undefined) return passChunk(visit, target, uploadId, caller);
    if (caller.kind === "guest") return answerGuest(visit, target, caller.token);
    if (caller.kind !== "caller") {
      const token =
        target.operation === "ws" ? readEphemeralToken(request.headers, new URL(url).searchParams) : undefined;
      return token === undefined ? callerProblem(caller.kind, target.dialect) : openLive(visit, target, token);
    }
    const keys = await keysToTry(caller.keys, visit, services);
    if (keys === undefined) return tooManyNewKeys(target.dialect);
    const mode = request.headers.get("x-pool-mode");
    if (mode !== null && mode !== "own") return unknownMode(target.dialect);

    const holding = held.hold();
    try {
      const body = await bodyFor(request, target, services.settings.REPLAY_MAX_BYTES, holding);
      const chosen = chooseRoute(target, body);
      const route: Route = mode === "own" ? { ...chosen, kind: "pinned" } : chosen;
      visit.about.model = route.model;
      const rule = access.modelRule();
      const refused = rule && refuseModel(rule, target, route.model, body.kind !== "stream");
      if (refused !== undefined) return refused;
      const relayed = await relay({
        keys,
        route: route.kind,
        proves: target.purpose === "generating",
        arrivedAt,
        defer,
        outgoing: outgoingOf(request, target, body, route),
      });
      visit.about.relayed = relayed;
      const response = toReply(relayed, target.dialect, { now: clock(), arrivedAt });
      if (target.operation === "upload") keepUploadHere(response, keys[0], new URL(url).origin, services);
      return rule !== undefined && isModelList(request.method, target) ? withAllowedModels(response, rule) : response;
    } finally {
      holding.letGo();
    }
  };
}

/** What is bound to the caller's own key travels once: no need to hold it. */
function bodyFor(request: Request, target: Target, maxBytes: number, holding: Holding): Body | Promise<Body> {
  // Some clients send `{}` with a GET; `fetch` refuses to, and Google does not read it.
  if (request.method === "GET" || request.method === "HEAD") return { kind: "none" };
  if (target.purpose !== "stateful") return readJsonBody(request, maxBytes, holding.grow);
  return request.body === null ? { kind: "none" } : { kind: "stream", stream: request.body };
}

function notFound(message: string, dialect: Dialect): Response {
  return problemResponse({ code: 404, status: "NOT_FOUND", message }, dialect);
}

function unknownMode(dialect: Dialect): Response {
  const message = 'x-pool-mode can only be "own" (serve me by my own key alone).';
  return problemResponse({ code: 400, status: "INVALID_ARGUMENT", message }, dialect);
}
