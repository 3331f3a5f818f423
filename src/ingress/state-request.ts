import type { Target } from "./target.ts";
import { toResource, toResourceOf } from "./resource-names.ts";

/** How a request without a key of its caller's has to do with the state of a Google project. */
export type StateRequest =
  /** Makes something. `raw`: the body is not JSON, or too large to be read. */
  | { kind: "create"; collection: string; body: "json" | "raw"; runsModel: boolean }
  | { kind: "list"; collection: string }
  /** Is about one thing, or what lies below it. */
  | { kind: "resource"; resource: string; isWhole: boolean; body: "json" | "raw" }
  | { kind: "live" }
  /** Belongs to a project in a way that cannot be shared out. */
  | { kind: "not_for_guests"; what: string };

/** Methods of a model that make something in its caller's project. */
const MAKING = new Set(["batchGenerateContent", "asyncBatchEmbedContent", "predictLongRunning"]);
const LIVE = /^\/ws\/google\.ai\.generativelanguage\.v1\w*\.GenerativeService\.Bidi\w+$/;
const PATH = /^(\/upload)?\/(?:v1|v1beta|v1alpha)\/(openai\/)?([^?]*)$/;

/** What can be made by a POST to the collection itself. */
const CREATED = new Set(["files", "cachedContents", "fileSearchStores"]);
const LISTED = new Set(["files", "cachedContents", "fileSearchStores", "batches", "interactions"]);
const KNOWN = new Set([...LISTED, "operations", "generatedFiles"]);

/**
 * Reads what a stateful request is about, by its path. A list of what is understood, not of what is forbidden: a path
 * that only Google understands could be another's property.
 */
export function readStateRequest(method: string, target: Target, isMultipart: boolean): StateRequest {
  const path = target.pathAndQuery.split("?", 1)[0] ?? "";
  if (LIVE.test(path)) return { kind: "live" };
  const [, upload, openAi, rest = ""] = PATH.exec(path) ?? [];
  if (openAi !== undefined) return readOpenAi(method, rest, isMultipart);
  return upload === undefined ? readNative(method, rest) : readUpload(method, rest);
}

function readUpload(method: string, rest: string): StateRequest {
  if (method === "POST" && rest === "files") return create("files", "raw");
  const resource = /^fileSearchStores\/[^/:]+:uploadToFileSearchStore$/.test(rest) ? toResource(rest) : undefined;
  if (method !== "POST" || resource === undefined) return notForGuests(`/upload/${rest}`);
  return { kind: "resource", resource, isWhole: false, body: "raw" };
}

function readNative(method: string, rest: string): StateRequest {
  const [collection = ""] = rest.split(/[/:]/, 1);
  if (rest === collection) {
    if (method === "GET" && LISTED.has(collection)) return { kind: "list", collection };
    if (method === "POST" && CREATED.has(collection)) return create(collection, "json");
    return notForGuests(rest);
  }
  if (collection === "models") return readModelPath(method, rest);
  const resource = KNOWN.has(collection) ? toResource(rest) : undefined;
  return resource === undefined ? notForGuests(rest) : about(resource, rest);
}

function readModelPath(method: string, rest: string): StateRequest {
  const verb = /^models\/[^/:]+:(\w+)$/.exec(rest)?.[1];
  if (verb !== undefined && method === "POST" && MAKING.has(verb))
    return { ...create("models", "json"), runsModel: true };
  const resource = /^models\/[^/:]+\/operations\//.test(rest) ? toResource(rest) : undefined;
  return resource === undefined ? notForGuests(rest) : about(resource, rest);
}

/** Ids may be whole names here, with their slash encoded. */
function readOpenAi(method: string, rest: string, isMultipart: boolean): StateRequest {
  const [, collection = "", encoded, below] =
    /^(files|batches|videos)(?:\/(.+?)(\/(?:cancel|content))?)?$/.exec(rest) ?? [];
  if (encoded === undefined) {
    if (method === "GET" && collection !== "") return { kind: "list", collection };
    if (method === "POST" && collection === "files") return create(collection, "raw");
    if (method === "POST" && collection === "videos") {
      return { ...create(collection, isMultipart ? "raw" : "json"), runsModel: true };
    }
    return notForGuests(rest);
  }
  const resource = toResourceOf(collection, decoded(encoded));
  if (resource === undefined) return notForGuests(rest);
  return { kind: "resource", resource, isWhole: below === undefined, body: "json" };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function create(collection: string, body: "json" | "raw") {
  return { kind: "create" as const, collection, body, runsModel: false };
}

function about(resource: string, rest: string): StateRequest {
  return { kind: "resource", resource, isWhole: rest === resource, body: "json" };
}

function notForGuests(what: string): StateRequest {
  return { kind: "not_for_guests", what };
}
