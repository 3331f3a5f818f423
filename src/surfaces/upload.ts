import type { AccessToken } from "../access-token.ts";
import type { ApiKey } from "../api-key.ts";
import type { CallerReading } from "../ingress/caller.ts";
import { problemResponse } from "../problem.ts";
import { outgoingOf } from "../relay/outgoing.ts";
import { toReply } from "../relay/reply.ts";
import { PINNED } from "../relay/route.ts";
import type { Services } from "../services.ts";
import { TICKET_PARAMETER } from "../upload-ticket.ts";
import type { Target } from "../ingress/target.ts";
import { guestUpload } from "./guests/guest-upload.ts";
import { withoutTokens } from "./guests/guest-visit.ts";
import { unknownToken } from "./guests/refusals.ts";
import type { Visit } from "./visit.ts";

/** Headers in which Google tells a client where to send the chunks of a resumable upload. */
const UPLOAD_URL_HEADERS = ["x-goog-upload-url", "x-goog-upload-control-url"];

/** The upload that a request continues, as Google named it; undefined for one that begins. Two names fit no ticket. */
export function uploadIdOf(target: Target, href: string): string | undefined {
  if (target.operation !== "upload") return undefined;
  const ids = new URL(href).searchParams.getAll("upload_id");
  return ids.length === 0 ? undefined : ids.join(",");
}

/**
 * Keeps an upload on the Worker: many callers cannot reach Google's host, and some clients follow the URL to the
 * letter. The origin becomes ours, and a ticket says that this upload began here, with this key or token. The ids of
 * uploads that are kept.
 */
export function keepUploadHere(
  response: Response,
  owner: ApiKey | AccessToken,
  origin: string,
  { tickets, clock }: Services,
  tokenId?: number,
): string[] {
  const kept = new Set<string>();
  for (const name of UPLOAD_URL_HEADERS) {
    const given = response.headers.get(name);
    if (given === null || !URL.canParse(given)) continue;
    const url = new URL(given);
    const uploadId = url.searchParams.get("upload_id");
    if (uploadId === null || !url.pathname.startsWith("/upload/")) continue;
    const ticket = tickets.issue(uploadId, owner, clock(), tokenId);
    response.headers.set(name, `${origin}${url.pathname}${url.search}&${TICKET_PARAMETER}=${ticket}`);
    kept.add(uploadId);
  }
  return [...kept];
}

/** Passes on one chunk (or a query, or the end) of an upload. Not a byte is held; a key is not needed. */
export function continueUpload(services: Services) {
  const { forward, tickets, clock } = services;
  const guests = guestUpload(services);

  return async function continueUpload(visit: Visit, target: Target, uploadId: string, caller: CallerReading) {
    const { request, arrivedAt } = visit;
    const ticket = new URL(request.url).searchParams.get(TICKET_PARAMETER) ?? "";
    const key = caller.kind === "caller" ? caller.keys[0] : undefined;
    const presented = caller.kind === "guest" ? caller.token : key;
    if (!tickets.admits(ticket, uploadId, presented, arrivedAt)) {
      const message = "There is no such upload. Start one with POST /upload/v1beta/files and follow x-goog-upload-url.";
      return problemResponse({ code: 404, status: "NOT_FOUND", message }, target.dialect);
    }
    const tokenId = tickets.tokenIdOf(ticket);
    if (tokenId !== undefined && !(await guests.mayGoOn(tokenId))) return unknownToken(target.dialect);
    const body = request.body === null ? { kind: "none" as const } : { kind: "stream" as const, stream: request.body };
    const outgoing = outgoingOf(request, target, body, PINNED);
    const answer = await forward(tokenId === undefined ? outgoing : withoutTokens(outgoing), key);
    const servedBy = tokenId === undefined ? "own" : "pool";
    const response = toReply({ answer, servedBy, key, attempts: 1, contributed: false }, target.dialect, {
      now: clock(),
      arrivedAt,
    });
    return tokenId === undefined ? response : guests.noteEnd(response, tokenId, uploadId);
  };
}
