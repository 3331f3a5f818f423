import { stringAt, walkJson } from "./json-walk.ts";

/** What a request's JSON body tells about how it can be served. */
export interface BodyFacts {
  /** The model at the top level; undefined if there is none, or more than one. */
  model: string | undefined;
  /** Whether the caller says if Google may store the prompt. */
  store: "unsaid" | "false" | "said";
  /**
   * It refers to state that only the caller's own project has: an uploaded file, a cache, a file search store, an
   * earlier interaction, a tuned model.
   */
  refersToState: boolean;
}

/** What a property's value must look like to be a reference; both spellings that Google's JSON accepts. */
type ReferenceKind = "always" | "file" | "resource";

const REFERENCES = new Map<string, ReferenceKind>([
  ["cachedContent", "always"],
  ["cached_content", "always"],
  ["fileSearchStoreNames", "always"],
  ["file_search_store_names", "always"],
  ["previousInteractionId", "always"],
  ["previous_interaction_id", "always"],
  ["continuationToken", "always"],
  ["continuation_token", "always"],
  ["environment", "always"],
  ["environmentId", "always"],
  ["environment_id", "always"],
  ["agent", "always"],
  ["fileUri", "file"],
  ["file_uri", "file"],
  ["fileId", "always"],
  ["file_id", "always"],
  ["uri", "file"],
  ["url", "file"],
  ["model", "resource"],
  ["name", "resource"],
  ["source", "resource"],
]);

/** A file of the Files API, by name or URL. A YouTube or Cloud Storage link is nobody's state. */
const FILE_REFERENCE = /^\s*(?:files\/|https?:\/\/generativelanguage\.googleapis\.com[/:]|https?:\/\/[^?#]*\/files\/)/i;
const STATE_NAME = /^(?:tunedModels|cachedContents|fileSearchStores|corpora)\//;

/** Arguments and answers of the caller's own functions, and their schemas: free data, not Google's properties. */
const CALLERS_DATA = new Set(["args", "arguments", "response", "properties"]);

/**
 * Reads the body once, names only: words inside a prompt are never looked at. Undefined if it is not one JSON object:
 * Google will refuse it, and not on another contributor's key.
 */
export function readBodyFacts(body: Uint8Array): BodyFacts | undefined {
  // Every name that matters is ASCII, so the bytes need no decoding.
  const json = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  const facts: BodyFacts = { model: undefined, store: "unsaid", refersToState: false };
  let models = 0;
  const isObject = walkJson(json, (name, depth, valueAt) => {
    if (depth === 1 && name === "model") {
      models += 1;
      facts.model = stringAt(json, valueAt);
    }
    if (depth === 1 && name === "store") {
      // Of two, nobody knows which one Google takes.
      facts.store = facts.store === "unsaid" && json.startsWith("false", valueAt) ? "false" : "said";
    }
    if (isReferenceAt(json, name, valueAt)) facts.refersToState = true;
    return !isCallersData(name);
  });
  if (!isObject) return undefined;
  // Of two models Google takes one, and its quota must not be booked on the other.
  if (models > 1) facts.model = undefined;
  return facts;
}

/** Whether the property refers to state. */
export function isReferenceAt(json: string, name: string, valueAt: number): boolean {
  const kind = REFERENCES.get(name);
  return kind !== undefined && isReference(kind, json, valueAt);
}

/** Whether what lies in the property is the caller's own and means nothing to Google. */
export function isCallersData(name: string): boolean {
  return CALLERS_DATA.has(name);
}

function isReference(kind: ReferenceKind, json: string, valueAt: number): boolean {
  switch (kind) {
    case "always":
      return !json.startsWith("null", valueAt) && !json.startsWith('""', valueAt);
    case "file":
      return FILE_REFERENCE.test(stringAt(json, valueAt) ?? "");
    case "resource":
      return STATE_NAME.test(stringAt(json, valueAt) ?? "");
  }
}
