import type { Context } from "hono";
import type { ApiKey } from "../api-key.ts";
import { problemResponse } from "../problem.ts";
import { outgoingOf } from "../relay/outgoing.ts";
import { toReply } from "../relay/reply.ts";
import { PINNED } from "../relay/route.ts";
import type { Services } from "../services.ts";
import { TICKET_PARAMETER } from "../upload-ticket.ts";
import type { Target } from "../ingress/target.ts";

/** Headers in which Google tells a client where to send the chunks of a resumable upload. */
const UPLOAD_URL_HEADERS = ["x-goog-upload-url", "x-goog-upload-control-url"];

/** The upload that a request continues, as Google named it; undefined for one that begins. Two names fit no ticket. */
export function uploadIdOf(target: Target, url: URL): string | undefined {
  const ids = target.operation === "upload" ? url.searchParams.getAll("upload_id") : [];
  return ids.length === 0 ? undefined : ids.join(",");
}

/**
 * Keeps an upload on the Worker: many callers cannot reach Google's host, and some clients follow the URL to the
 * letter. The origin becomes ours, and a ticket says that this upload began here, with this key.
 */
export function keepUploadHere(response: Response, key: ApiKey, origin: string, { tickets, clock }: Services): void {
  for (const name of UPLOAD_URL_HEADERS) {
    const given = response.headers.get(name);
    if (given === null || !URL.canParse(given)) continue;
    const url = new URL(given);
    const uploadId = url.searchParams.get("upload_id");
    if (uploadId === null || !url.pathname.startsWith("/upload/")) continue;
    const ticket = tickets.issue(uploadId, key, clock());
    response.headers.set(name, `${origin}${url.pathname}${url.search}&${TICKET_PARAMETER}=${ticket}`);
  }
}

/** Passes on one chunk (or a query, or the end) of an upload. Not a byte is held; a key is not needed. */
export function continueUpload({ forward, tickets, clock }: Services) {
  return async function continueUpload(c: Context, target: Target, uploadId: string, key: ApiKey | undefined) {
    const arrivedAt = clock();
    const request = c.req.raw;
    const ticket = new URL(request.url).searchParams.get(TICKET_PARAMETER) ?? "";
    if (!tickets.admits(ticket, uploadId, key, arrivedAt)) {
      const message = "There is no such upload. Start one with POST /upload/v1beta/files and follow x-goog-upload-url.";
      return problemResponse({ code: 404, status: "NOT_FOUND", message }, target.dialect);
    }
    const body = request.body === null ? { kind: "none" as const } : { kind: "stream" as const, stream: request.body };
    const answer = await forward(outgoingOf(request, target, body, PINNED), key);
    return toReply({ answer, servedBy: "own", key, attempts: 1, contributed: false }, target.dialect, {
      now: clock(),
      arrivedAt,
    });
  };
}
