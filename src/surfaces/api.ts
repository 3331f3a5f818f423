import type { Context } from "hono";
import { readBody } from "../ingress/body.ts";
import { readCaller } from "../ingress/caller.ts";
import { readTarget } from "../ingress/target.ts";
import { problemResponse } from "../problem.ts";
import { outgoingOf } from "../relay/outgoing.ts";
import { toReply } from "../relay/reply.ts";
import { chooseRoute } from "../relay/route.ts";
import type { Services } from "../services.ts";
import { callerProblem } from "./caller-problem.ts";

/** Both dialects of the API: read the request, let it be relayed, answer. */
export function api({ relay, settings, clock }: Services) {
  return async function api(c: Context): Promise<Response> {
    const arrivedAt = clock();
    const request = c.req.raw;
    const url = new URL(request.url);
    const caller = readCaller(request.headers, url.search);
    const reading = readTarget(request.method, url, caller.kind === "caller" ? caller.carrier : undefined);
    if (reading.kind === "unknown") {
      return problemResponse({ code: 404, status: "NOT_FOUND", message: reading.message }, reading.dialect);
    }
    const { target } = reading;
    if (caller.kind !== "caller") return callerProblem(caller.kind, target.dialect);
    const mode = request.headers.get("x-pool-mode");
    if (mode !== null && mode !== "own") {
      const message = `x-pool-mode can only be "own" (serve me by my own key alone).`;
      return problemResponse({ code: 400, status: "INVALID_ARGUMENT", message }, target.dialect);
    }

    const body = await readBody(request, settings.REPLAY_MAX_BYTES);
    const route = chooseRoute(target, body);
    const relayed = await relay({
      keys: caller.keys,
      route: mode === "own" ? "pinned" : route.kind,
      proves: target.purpose === "generating",
      arrivedAt,
      defer: (work) => c.executionCtx.waitUntil(work),
      outgoing: outgoingOf(request, target, body, route.model),
    });
    return toReply(relayed, target.dialect, { now: clock(), arrivedAt });
  };
}
