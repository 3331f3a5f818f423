import { isCallersData, isReferenceAt } from "./body-facts.ts";
import { stringAt, walkJson } from "./json-walk.ts";
import { toFileResource, toResource, toResourceOf } from "./resource-names.ts";

/** What a body refers to that belongs to a Google project. */
export interface References {
  /** In one spelling each (`resource-names.ts`). */
  resources: string[];
  /** Properties that refer to something which has no such name. */
  unnamed: string[];
  /** A file that is itself full of requests, which nobody here reads. */
  hasInputFile: boolean;
}

/** Only in requests that are pinned by their path, so only those who bring no key are asked about them. */
const INPUT_FILES = new Set(["fileName", "file_name", "inputFileId", "input_file_id"]);

/** Things that a `name` in a body could say instead of the path. */
const SHARED_OUT = /^(?:batches|cachedContents|files|fileSearchStores|generatedFiles|interactions|operations)\//;

/** What a model that uses a computer sees: a kind of screen, not a resource. */
const SCREEN = /^(?:ENVIRONMENT_[A-Z]+|browser|desktop|mobile)$/;

type Meaning = (value: string) => string | undefined;

const cache: Meaning = (value) => toResourceOf("cachedContents", value);
const store: Meaning = (value) => toResourceOf("fileSearchStores", value);
const interaction: Meaning = (value) => toResourceOf("interactions", value);
const named: Meaning = (value) => (SHARED_OUT.test(value) ? toResource(value) : undefined);

/** What a property's value names. Of those that are not here nothing is known: agents, environments, tokens. */
const MEANINGS = new Map<string, Meaning>([
  ["cachedContent", cache],
  ["cached_content", cache],
  ["fileSearchStoreNames", store],
  ["file_search_store_names", store],
  ["previousInteractionId", interaction],
  ["previous_interaction_id", interaction],
  ["fileUri", toFileResource],
  ["file_uri", toFileResource],
  ["fileId", toFileResource],
  ["file_id", toFileResource],
  ["fileName", toFileResource],
  ["file_name", toFileResource],
  ["inputFileId", toFileResource],
  ["input_file_id", toFileResource],
  ["uri", toFileResource],
  ["url", toFileResource],
  ["name", named],
  ["source", named],
]);

/** Reads what a body refers to; undefined if it is not one JSON object. */
export function readReferences(body: Uint8Array): References | undefined {
  const json = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  const resources = new Set<string>();
  const unnamed = new Set<string>();
  let hasInputFile = false;
  const isObject = walkJson(json, (name, _depth, valueAt) => {
    const isInputFile = INPUT_FILES.has(name) && !json.startsWith("null", valueAt);
    hasInputFile ||= isInputFile;
    const isNamed = name === "name" && SHARED_OUT.test(stringAt(json, valueAt) ?? "");
    if (isInputFile || isNamed || isReferenceAt(json, name, valueAt)) {
      const meaning = MEANINGS.get(name);
      for (const value of stringsAt(json, valueAt)) {
        if (value !== undefined && name === "environment" && SCREEN.test(value)) continue;
        const resource = value === undefined ? undefined : meaning?.(value);
        if (resource === undefined) unnamed.add(name);
        else resources.add(resource);
      }
    }
    return !isCallersData(name);
  });
  return isObject ? { resources: [...resources], unnamed: [...unnamed], hasInputFile } : undefined;
}

/** The string that stands there, or those of the list; undefined for a value that is neither. */
function stringsAt(json: string, valueAt: number): (string | undefined)[] {
  if (json[valueAt] !== "[") return [stringAt(json, valueAt)];
  try {
    const list: unknown = JSON.parse(json.slice(valueAt, json.indexOf("]", valueAt) + 1));
    const values = Array.isArray(list) ? list : [undefined];
    return values.map((value: unknown) => (typeof value === "string" ? value : undefined));
  } catch {
    return [undefined];
  }
}
