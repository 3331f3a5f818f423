import type { Arrival } from "../arrival.ts";
import { notFound, refuse } from "../arrival.ts";
import { Collections, PROJECT_COLLECTIONS } from "./collections.ts";
import { Files, refuseFile } from "./files.ts";
import { Interactions, refuseInteraction } from "./interactions.ts";
import { pollVideo, startBatch, startVideo } from "./long-running.ts";
import { newId } from "./project-store.ts";
import type { Reference } from "./references.ts";
import { findReferences } from "./references.ts";
import type { FinishedUpload } from "./uploads.ts";
import { Uploads } from "./uploads.ts";

/** Everything that belongs to a project rather than to a key or a request (protocol §3). */
export class Property {
  readonly interactions = new Interactions();
  readonly #files = new Files();
  readonly #collections = new Collections();
  readonly #uploads = new Uploads((upload) => this.#finishUpload(upload));

  clear(): void {
    this.interactions.clear();
    this.#files.clear();
    this.#collections.clear();
    this.#uploads.clear();
  }

  /** Undefined for a collection that Google does not have. */
  serve(arrival: Arrival): Response | undefined {
    if (arrival.route.collection === "files") return this.#files.serve(arrival);
    return PROJECT_COLLECTIONS.has(arrival.route.collection) ? this.#collections.serve(arrival) : undefined;
  }

  upload(arrival: Arrival): Response | Promise<Response> {
    const { route, project } = arrival;
    const toStore = route.collection === "fileSearchStores" && route.action === "uploadToFileSearchStore";
    if (toStore && !this.#collections.owns(project, `fileSearchStores/${route.id}`)) return notFound(arrival);
    if (!toStore && route.collection !== "files") return arrival.refusals.unknownPath(arrival.url.pathname);
    return this.#uploads.start(arrival);
  }

  continueUpload(request: Request, url: URL, bytes: Uint8Array): Promise<Response | undefined> {
    return this.#uploads.continue(request, url, bytes);
  }

  startVideo(arrival: Arrival): Response {
    return startVideo(arrival, this.#collections);
  }

  pollVideo(arrival: Arrival): Promise<Response> {
    return pollVideo(arrival, this.#collections, this.#files);
  }

  startBatch(arrival: Arrival): Response {
    return startBatch(arrival, this.#collections);
  }

  /** The project that an ephemeral Live token acts for. */
  projectOfToken(token: string): string | undefined {
    return token.startsWith("auth_tokens/") ? this.#collections.projectOf(token) : undefined;
  }

  /** The refusal for a body that refers to a file, a cache, a store or an interaction of another project. */
  refuseForeign(arrival: Arrival): Response | undefined {
    const foreign = findReferences(arrival.json).find((reference) => !this.#owns(arrival.project, reference));
    switch (foreign?.kind) {
      case undefined:
        return undefined;
      case "file":
        return refuseFile(arrival, foreign.name);
      case "cache":
        return refuse(arrival, "cache-forbidden");
      case "store":
        return notFound(arrival);
      case "interaction":
        return refuseInteraction(arrival);
    }
  }

  #owns(project: string, { kind, name }: Reference): boolean {
    switch (kind) {
      case "file":
        return this.#files.owns(project, name);
      case "cache":
      case "store":
        return this.#collections.owns(project, name);
      case "interaction":
        return this.interactions.owns(project, name);
    }
  }

  async #finishUpload(upload: FinishedUpload): Promise<unknown> {
    if (upload.target === "files") return { file: await this.#files.create(upload) };
    const id = newId();
    const documentName = `${upload.target}/documents/${id}`;
    this.#collections.put(upload.project, documentName, {
      displayName: upload.displayName,
      state: "STATE_ACTIVE",
    });
    const response = { parent: upload.target, documentName };
    return this.#collections.put(upload.project, `${upload.target}/upload/operations/${id}`, {
      done: true,
      response,
    });
  }
}
