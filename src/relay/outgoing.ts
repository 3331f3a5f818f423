import type { Body } from "../ingress/body.ts";
import type { Target } from "../ingress/target.ts";
import type { Outgoing } from "../upstream/forward.ts";
import { headersForGoogle } from "../upstream/headers.ts";
import type { Route } from "./route.ts";

/** What Google gets to see of a request: everything of an attempt except the key. */
export function outgoingOf(request: Request, target: Target, body: Body, route: Route): Outgoing {
  return {
    method: request.method,
    pathAndQuery: target.pathAndQuery,
    credential: credentialOf(target),
    headers: headersForGoogle(request.headers),
    body: bodyOf(body),
    signal: request.signal,
    model: route.model,
    promptStore: route.promptStore,
  };
}

/** Google's OpenAI layer takes Bearer only, the native routes the header only (protocol notes §2). */
function credentialOf(target: Target): Outgoing["credential"] {
  return target.pathAndQuery.startsWith("/v1beta/openai/") ? "bearer" : "x-goog-api-key";
}

function bodyOf(body: Body): Outgoing["body"] {
  switch (body.kind) {
    case "none":
      return undefined;
    case "bytes":
      return body.bytes;
    case "stream":
      return body.stream;
  }
}
