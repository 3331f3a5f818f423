import type { Arrival } from "../arrival.ts";
import { invalidArgument } from "../arrival.ts";
import { readJson } from "../json.ts";
import { answer, jsonAnswer } from "../refusals.ts";
import { readDisplayName } from "./files.ts";
import { newId } from "./project-store.ts";

export interface FinishedUpload {
  project: string;
  /** Route id and collection that the upload was started for. */
  target: string;
  bytes: Uint8Array;
  mimeType: string;
  displayName: string | undefined;
  now: number;
}

interface Session extends Omit<FinishedUpload, "bytes"> {
  chunks: Uint8Array[];
  received: number;
}

/**
 * Uploads below /upload (protocol §2.6, §3). Resumable: `start` with a key answers a URL whose `upload_id` is the only
 * credential that chunks carry. Multipart: metadata and bytes in one request.
 */
export class Uploads {
  readonly #sessions = new Map<string, Session>();
  readonly #finish: (upload: FinishedUpload) => Promise<unknown>;

  constructor(finish: (upload: FinishedUpload) => Promise<unknown>) {
    this.#finish = finish;
  }

  clear(): void {
    this.#sessions.clear();
  }

  async start(arrival: Arrival): Promise<Response> {
    const { request, url, route, project, now } = arrival;
    const target = `${route.collection}/${route.id}`.replace(/\/$/, "");
    const protocol = request.headers.get("x-goog-upload-protocol");
    if (protocol === "multipart") return this.#multipart(arrival, target);
    if (protocol !== "resumable" || request.headers.get("x-goog-upload-command") !== "start") {
      return invalidArgument(
        arrival,
        "Upload request requires X-Goog-Upload-Protocol and X-Goog-Upload-Command: start.",
      );
    }
    const id = newId(48);
    const mimeType = request.headers.get("x-goog-upload-header-content-type") ?? "application/octet-stream";
    const displayName = readDisplayName(arrival.json);
    this.#sessions.set(id, {
      project,
      target,
      mimeType,
      displayName,
      now,
      chunks: [],
      received: 0,
    });
    const uploadUrl = `${url.origin}${url.pathname}?upload_id=${id}&upload_protocol=resumable`;
    return answer(200, "text/plain; charset=utf-8", null, {
      "x-goog-upload-url": uploadUrl,
      "x-goog-upload-control-url": uploadUrl,
      "x-goog-upload-status": "active",
      "x-goog-upload-chunk-granularity": "262144",
    });
  }

  /** A chunk, a query or a cancel of a running upload; undefined where the URL names none. */
  async continue(request: Request, url: URL, bytes: Uint8Array): Promise<Response | undefined> {
    const id = url.searchParams.get("upload_id");
    if (id === null || !url.pathname.startsWith("/upload/")) return undefined;
    const session = this.#sessions.get(id);
    if (!session) return answer(404, "text/plain; charset=utf-8", "Not Found");
    const commands = (request.headers.get("x-goog-upload-command") ?? "").split(",").map((word) => word.trim());
    if (commands.includes("cancel")) {
      this.#sessions.delete(id);
      return status("cancelled");
    }
    if (commands.includes("upload")) {
      const offset = Number(request.headers.get("x-goog-upload-offset") ?? "0");
      if (offset !== session.received)
        return answer(400, "text/plain; charset=utf-8", "Invalid upload offset", active(session));
      session.chunks.push(bytes);
      session.received += bytes.byteLength;
    }
    if (!commands.includes("finalize")) return answer(200, "text/plain; charset=utf-8", null, active(session));
    this.#sessions.delete(id);
    const made = await this.#finish({ ...session, bytes: join(session.chunks) });
    return jsonAnswer(made, { "x-goog-upload-status": "final" });
  }

  async #multipart(arrival: Arrival, target: string): Promise<Response> {
    const parts = splitMultipart(arrival.bytes, arrival.request.headers.get("content-type") ?? "");
    const [metadata, content] = parts ?? [];
    if (!metadata || !content) return invalidArgument(arrival);
    const described = readJson(metadata.bytes);
    if (!described) return invalidArgument(arrival);
    const displayName = readDisplayName(described);
    const { project, now } = arrival;
    const mimeType = content.contentType;
    return jsonAnswer(await this.#finish({ project, target, bytes: content.bytes, mimeType, displayName, now }));
  }
}

function status(word: string): Response {
  return answer(200, "text/plain; charset=utf-8", null, { "x-goog-upload-status": word });
}

function active(session: Session): Record<string, string> {
  return {
    "x-goog-upload-status": "active",
    "x-goog-upload-size-received": String(session.received),
  };
}

function join(chunks: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

/** The parts of a `multipart/related` body, bytes untouched (Latin-1 keeps one character a byte). */
function splitMultipart(bytes: Uint8Array, type: string): { contentType: string; bytes: Uint8Array }[] | undefined {
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary === undefined) return undefined;
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return text
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const headEnd = part.indexOf("\r\n\r\n");
      const contentType = /content-type:\s*([^\r\n]+)/i.exec(part.slice(0, headEnd))?.[1] ?? "application/octet-stream";
      const body = part.slice(headEnd + 4).replace(/\r\n$/, "");
      return { contentType, bytes: Uint8Array.from(body, (character) => character.charCodeAt(0)) };
    });
}
