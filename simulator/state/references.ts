import { isRecord } from "../json.ts";

/** Something a request refers to by name, which only its own project may use. */
export interface Reference {
  kind: "file" | "cache" | "store" | "interaction";
  name: string;
}

/** Field names that carry a reference, in both spellings of proto JSON (protocol §3, "referenced in requests as"). */
const FIELDS: Readonly<Record<string, Reference["kind"]>> = {
  fileUri: "file",
  file_uri: "file",
  fileName: "file",
  file_name: "file",
  uri: "file",
  cachedContent: "cache",
  cached_content: "cache",
  fileSearchStoreNames: "store",
  file_search_store_names: "store",
  previous_interaction_id: "interaction",
};

const NAMES: Readonly<Record<Reference["kind"], RegExp>> = {
  file: /^(?:https:\/\/[^/]+\/v1[a-z]*\/)?(files\/[\w-]+)(?::download.*)?$/,
  cache: /^(cachedContents\/[\w-]+)$/,
  store: /^(fileSearchStores\/[\w-]+)$/,
  interaction: /^(.+)$/,
};

/** Every reference in a body, wherever it stands. Prompt text is no reference: only the fields above are read. */
export function findReferences(value: unknown, field?: string): Reference[] {
  if (Array.isArray(value)) return value.flatMap((item) => findReferences(item, field));
  if (isRecord(value)) return Object.entries(value).flatMap(([name, inner]) => findReferences(inner, name));
  const kind = field === undefined ? undefined : FIELDS[field];
  if (kind === undefined || typeof value !== "string") return [];
  const name = NAMES[kind].exec(value)?.[1];
  return name === undefined ? [] : [{ kind, name }];
}
