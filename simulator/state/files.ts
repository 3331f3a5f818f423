import type { Arrival } from "../arrival.ts";
import { notFound, refuse } from "../arrival.ts";
import { isRecord } from "../json.ts";
import { answer, jsonAnswer } from "../refusals.ts";
import { newId, ProjectStore, timestamp } from "./project-store.ts";

interface StoredFile {
  resource: Record<string, unknown>;
  bytes: Uint8Array;
}

export interface NewFile {
  project: string;
  bytes: Uint8Array;
  mimeType: string;
  displayName?: string | undefined;
  now: number;
  source?: "UPLOADED" | "GENERATED";
}

/** Google names its own host in a file's `uri`, whatever host the caller spoke to. */
const GOOGLE = "https://generativelanguage.googleapis.com";
const LIFETIME_MS = 48 * 3_600_000;

/** The Files API but for the upload itself (protocol §3; ai.google.dev/api/files). */
export class Files {
  readonly #files = new ProjectStore<StoredFile>();

  async create({
    project,
    bytes,
    mimeType,
    displayName,
    now,
    source = "UPLOADED",
  }: NewFile): Promise<Record<string, unknown>> {
    const name = `files/${newId()}`;
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    const resource = {
      name,
      ...(displayName === undefined ? {} : { displayName }),
      mimeType,
      sizeBytes: String(bytes.byteLength),
      createTime: timestamp(now),
      updateTime: timestamp(now),
      expirationTime: timestamp(now + LIFETIME_MS),
      sha256Hash: btoa(String.fromCharCode(...new Uint8Array(digest))),
      uri: `${GOOGLE}/v1beta/${name}`,
      ...(source === "GENERATED" ? { downloadUri: `${GOOGLE}/v1beta/${name}:download?alt=media` } : {}),
      state: "ACTIVE",
      source,
    };
    this.#files.put(project, name, { resource, bytes });
    return resource;
  }

  owns(project: string, name: string): boolean {
    return this.#files.find(project, name) !== undefined;
  }

  serve(arrival: Arrival): Response {
    const { route, project } = arrival;
    const name = `files/${route.id}`;
    if (route.action === "list") return jsonAnswer({ files: this.#files.list(project).map((file) => file.resource) });
    const file = this.#files.find(project, name);
    if (!file) return refuseFile(arrival, name);
    switch (route.action) {
      case "get":
        return jsonAnswer(file.resource);
      case "delete":
        this.#files.remove(project, name);
        return jsonAnswer({});
      case "download":
        return answer(200, String(file.resource["mimeType"]), file.bytes);
      default:
        return notFound(arrival);
    }
  }

  clear(): void {
    this.#files.clear();
  }
}

/** The recorded refusal with the id that the caller asked for. */
export function refuseFile(arrival: Arrival, name: string): Response {
  const id = name.replace(/^files\//, "").replace(/[^\w-]/g, "");
  return refuse(arrival, "file-forbidden", (body) => body.replace(/the File \S+ or/, `the File ${id} or`));
}

/** `displayName` of the metadata that starts an upload; the wire takes both spellings. */
export function readDisplayName(metadata: Record<string, unknown>): string | undefined {
  const file = isRecord(metadata["file"]) ? metadata["file"] : metadata;
  const name = file["displayName"] ?? file["display_name"];
  return typeof name === "string" ? name : undefined;
}
