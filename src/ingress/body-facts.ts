import { mayNameFile, namesFile } from "./file-links.ts";
import { stringAt, walkJson } from "./json-walk.ts";

/** What a request's JSON body tells about how it can be served. */
export interface BodyFacts {
  /** The model at the top level; undefined if there is none, or more than one. */
  model: string | undefined;
  /**
   * The different models that it names anywhere, as plain names, two at the most: `requests[].model` and
   * `generateContentRequest.model` count as well. What is no text counts as an empty name.
   */
  models: readonly string[];
  /** Whether the caller says if Google may store the prompt. */
  store: "unsaid" | "false" | "said";
  /**
   * It refers to state that only the caller's own project has: an uploaded file, a cache, a file search store, an
   * earlier interaction, a tuned model.
   */
  refersToState: boolean;
  /** It may have more tokens than bytes: pictures, sound, videos, pages that Google fetches. */
  outgrowsBytes: boolean;
}

/** What a property's value must look like to be a reference; both spellings that Google's JSON accepts. */
type ReferenceKind = "always" | "file" | "link" | "resource" | "voice";

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
  ["credential", "always"],
  ["fileUri", "file"],
  ["file_uri", "file"],
  ["fileId", "always"],
  ["file_id", "always"],
  ["uri", "link"],
  ["url", "link"],
  ["model", "resource"],
  ["name", "resource"],
  ["source", "resource"],
  ["voice", "voice"],
  ["voiceName", "voice"],
  ["voice_name", "voice"],
  ["base_voice", "voice"],
]);

const STATE_NAME = /^(?:tunedModels|cachedContents|fileSearchStores|corpora)\//;

/** A voice of one's own; Google's have plain names. */
const OWN_VOICE = /^\s*voices\//;

/** What is not text, whoever holds it, in both dialects; and what makes Google fetch pages. */
const OUTGROWING = new Set([
  "inlineData",
  "inline_data",
  "fileData",
  "file_data",
  "data",
  "bytesBase64Encoded",
  "image_url",
  "input_audio",
  "fileUri",
  "file_uri",
  "gcsUri",
  "uri",
  "url",
  "urlContext",
  "url_context",
]);
/** The same of a tool in interactions. */
const FETCHING_TOOL = "url_context";

/** Arguments and answers of the caller's own functions, and their schemas: free data, not Google's properties. */
const CALLERS_DATA = new Set(["args", "arguments", "response", "properties"]);

/**
 * Reads the body once, names only: words inside a prompt are never looked at. Undefined if it is not one JSON object:
 * Google will refuse it, and not on another contributor's key.
 */
export function readBodyFacts(body: Uint8Array | string): BodyFacts | undefined {
  const json = typeof body === "string" ? body : asLatin1(body);
  const models: string[] = [];
  const facts: BodyFacts = { model: undefined, models, store: "unsaid", refersToState: false, outgrowsBytes: false };
  let atTop = 0;
  const isObject = walkJson(json, (name, depth, valueAt) => {
    if (name === "model") {
      const model = stringAt(json, valueAt);
      if (depth === 1) {
        atTop += 1;
        facts.model = model;
      }
      if (models.length < 2 && isNamed(json, valueAt)) addPlain(models, model ?? "");
    }
    if (depth === 1 && name === "store") {
      // Of two, nobody knows which one Google takes.
      facts.store = facts.store === "unsaid" && json.startsWith("false", valueAt) ? "false" : "said";
    }
    if (isReferenceAt(json, name, valueAt)) facts.refersToState = true;
    if (OUTGROWING.has(name)) facts.outgrowsBytes = true;
    if (name === "type" && stringAt(json, valueAt) === FETCHING_TOOL) facts.outgrowsBytes = true;
    return !isCallersData(name);
  });
  if (!isObject) return undefined;
  // Of two models Google takes one, and its quota must not be booked on the other.
  if (atTop > 1) facts.model = undefined;
  return facts;
}

/** An object is the schema of something that is called so. */
function isNamed(json: string, valueAt: number): boolean {
  return json[valueAt] !== "{" && !json.startsWith("null", valueAt);
}

function addPlain(models: string[], model: string): void {
  const plain = model.replace(/^models\//, "");
  if (!models.includes(plain)) models.push(plain);
}

/** Every name that matters is ASCII, so the bytes need no decoding. */
function asLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
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
      return json[valueAt] === "[" || namesFile(stringAt(json, valueAt) ?? "");
    case "link":
      return mayNameFile(stringAt(json, valueAt) ?? "");
    case "resource":
      return STATE_NAME.test(stringAt(json, valueAt) ?? "");
    case "voice":
      return OWN_VOICE.test(stringAt(json, valueAt) ?? "");
  }
}
