import type { Context } from "hono";
import { readBody, type Body } from "../ingress/body.ts";
import { readCaller } from "../ingress/caller.ts";
import { readEphemeralToken } from "../ingress/ephemeral-token.ts";
import { HeldBytes, type Holding } from "../ingress/held-bytes.ts";
import { readTarget, type Target } from "../ingress/target.ts";
import { problemResponse, type Dialect } from "../problem.ts";
import { outgoingOf } from "../relay/outgoing.ts";
import { toReply } from "../relay/reply.ts";
import { chooseRoute } from "../relay/route.ts";
import type { Services } from "../services.ts";
import { callerProblem } from "./caller-problem.ts";
import { keysToTry, tooManyNewKeys } from "./new-keys.ts";
import { openLiveByToken } from "./live.ts";
import { tellLog } from "./request-log.ts";
import { continueUpload, keepUploadHere, uploadIdOf } from "./upload.ts";

/** Both dialects of the API: read the request, let it be relayed, answer. */
export function api(services: Services) {
  const { relay, settings, clock } = services;
  const held = new HeldBytes();
  const passChunk = continueUpload(services);
  const openLive = openLiveByToken(services);

  return async function api(c: Context): Promise<Response> {
    const arrivedAt = clock();
    const request = c.req.raw;
    const url = new URL(request.url);
    const caller = readCaller(request.headers, url.search);
    const reading = readTarget(request.method, url, caller.kind === "caller" ? caller.carrier : undefined);
    if (reading.kind === "unknown") return notFound(reading.message, reading.dialect);
    const { target } = reading;
    tellLog(c, target, target.model);

    const uploadId = uploadIdOf(target, url);
    if (uploadId !== undefined) {
      return passChunk(c, target, uploadId, caller.kind === "caller" ? caller.keys[0] : undefined);
    }
    if (caller.kind !== "caller") {
      const token = target.operation === "ws" ? readEphemeralToken(request.headers, url.searchParams) : undefined;
      return token === undefined ? callerProblem(caller.kind, target.dialect) : openLive(c, target, token);
    }
    const keys = await keysToTry(caller.keys, request.headers, services);
    if (keys === undefined) return tooManyNewKeys(target.dialect);
    const mode = request.headers.get("x-pool-mode");
    if (mode !== null && mode !== "own") return unknownMode(target.dialect);

    const holding = held.hold();
    try {
      const body = await bodyFor(request, target, settings.REPLAY_MAX_BYTES, holding);
      const route = chooseRoute(target, body);
      tellLog(c, target, route.model);
      const relayed = await relay({
        keys,
        route: mode === "own" ? "pinned" : route.kind,
        proves: target.purpose === "generating",
        arrivedAt,
        defer: (work) => c.executionCtx.waitUntil(work),
        outgoing: outgoingOf(request, target, body, route),
      });
      const response = toReply(relayed, target.dialect, { now: clock(), arrivedAt });
      if (target.operation === "upload") keepUploadHere(response, keys[0], url.origin, services);
      return response;
    } finally {
      holding.letGo();
    }
  };
}

/** What is bound to the caller's own key travels once: no need to hold it. */
async function bodyFor(request: Request, target: Target, maxBytes: number, holding: Holding): Promise<Body> {
  // Some clients send `{}` with a GET; `fetch` refuses to, and Google does not read it.
  if (request.method === "GET" || request.method === "HEAD") return { kind: "none" };
  if (target.purpose !== "stateful") return readBody(request, maxBytes, holding.grow);
  return request.body === null ? { kind: "none" } : { kind: "stream", stream: request.body };
}

function notFound(message: string, dialect: Dialect): Response {
  return problemResponse({ code: 404, status: "NOT_FOUND", message }, dialect);
}

function unknownMode(dialect: Dialect): Response {
  const message = 'x-pool-mode can only be "own" (serve me by my own key alone).';
  return problemResponse({ code: 400, status: "INVALID_ARGUMENT", message }, dialect);
}
