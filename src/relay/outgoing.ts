import type { Body } from "../ingress/body.ts";
import type { Target } from "../ingress/target.ts";
import type { Outgoing } from "../upstream/forward.ts";
import { headersForGoogle, type GoogleHeaders } from "../upstream/headers.ts";
import type { Route } from "./route.ts";

/** What Google gets to see of a request: everything of an attempt except the key. */
export function outgoingOf(request: Request, target: Target, body: Body, route: Route): Outgoing {
  return {
    method: request.method,
    pathAndQuery: target.pathAndQuery,
    credential: credentialOf(target),
    headers: headersOf(request, target, body, route),
    body: bodyOf(body),
    signal: request.signal,
    model: route.model,
    promptStore: route.promptStore,
    outgrowsBytes: route.outgrowsBytes,
  };
}

function headersOf(request: Request, target: Target, body: Body, route: Route): GoogleHeaders {
  const headers = headersForGoogle(request.headers, target.operation === "upload");
  if (route.kind === "pooled" && (body.kind === "text" || body.kind === "bytes")) asJson(headers);
  return headers;
}

/**
 * What was read as JSON has to be JSON to Google too, whatever its header says: the same bytes can be a form, or a
 * protocol buffer that names another's cache.
 */
export function asJson(headers: GoogleHeaders): void {
  headers["content-type"] = "application/json";
  // A delete makes an object slow, and few bodies are compressed.
  if ("content-encoding" in headers) delete headers["content-encoding"];
}

/** Google's OpenAI layer takes Bearer only, the native routes the header only (protocol notes §2). */
function credentialOf(target: Target): Outgoing["credential"] {
  return target.pathAndQuery.startsWith("/v1beta/openai/") ? "bearer" : "x-goog-api-key";
}

function bodyOf(body: Body): Outgoing["body"] {
  switch (body.kind) {
    case "none":
      return undefined;
    case "text":
      return body.text;
    case "bytes":
      return body.bytes;
    case "stream":
      return body.stream;
  }
}
