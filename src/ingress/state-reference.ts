/**
 * Does a generating request refer to state that only the caller's own project has: an uploaded file, a cache, a
 * file search store, an earlier interaction, a tuned model? Such a request is pinned to the caller's own key.
 *
 * Ordinary bodies pay for one search over the text. Only a body in which a telling name occurs is parsed, and then
 * the names must be real properties with real references: the same words inside a prompt mean nothing.
 */
export function refersToState(json: string): boolean {
  if (!TELLING.test(json)) return false;
  let body: unknown;
  try {
    body = JSON.parse(json);
  } catch {
    // Google will refuse it; not with another contributor's key.
    return true;
  }
  return holdsReference(body, 0);
}

/**
 * A name that a reference needs, or an ASCII letter, digit or underscore written as a `\u` escape: `"\u0066ileUri"`
 * is `fileUri` to Google and would slip past a plain search.
 */
const TELLING =
  /file_?uri|file_?id|files\/|cached_?content|file_?search_?store|previous_?interaction_?id|continuation_?token|tunedModels\/|"(?:environment|environment_?id|agent|background|session_?handle)"|\\u00(?:3[0-9]|[46][1-9a-f]|[57][0-9a]|5f)/i;

/** Properties whose mere presence refers to stored state, in both spellings that Google's JSON accepts. */
const STATE_PROPERTIES = new Set([
  "cachedcontent",
  "filesearchstorenames",
  "previousinteractionid",
  "continuationtoken",
  "environment",
  "environmentid",
  "agent",
]);

/** A file of the Files API, by name or URL. A YouTube or Cloud Storage link is nobody's state. */
const FILE_REFERENCE = /^(?:files\/|https?:\/\/generativelanguage\.googleapis\.com\/|https?:\/\/[^?#]*\/files\/)/i;
const STATE_NAME = /^(?:tunedModels|cachedContents|fileSearchStores|corpora)\//;

/** Deeper nesting than Google's own limit (100) is Google's to refuse. */
const MAX_DEPTH = 110;

function holdsReference(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depth > MAX_DEPTH) return true;
  if (Array.isArray(value)) return value.some((item) => holdsReference(item, depth + 1));
  return Object.entries(value).some(
    ([name, inner]) => isReference(name, inner) || (!isCallersData(name) && holdsReference(inner, depth + 1)),
  );
}

function isReference(name: string, value: unknown): boolean {
  const plain = name.replaceAll("_", "").toLowerCase();
  if (STATE_PROPERTIES.has(plain)) return value !== null && value !== "";
  if (typeof value !== "string") return false;
  if (plain === "fileuri" || plain === "fileid" || plain === "uri") return FILE_REFERENCE.test(value);
  if (plain === "model" || plain === "name") return STATE_NAME.test(value);
  return false;
}

/** Arguments and answers of the caller's own functions, and their schemas: free data, not Google's properties. */
function isCallersData(name: string): boolean {
  return name === "args" || name === "response" || name === "properties" || name === "arguments";
}
