/** Query parameters that do not travel to Google. */
const NOT_UPSTREAM = new Set([
  // Credentials: Google also reads a token from these.
  "key",
  "access_token",
  "oauth_token",
  "bearer_token",
  // Whom to bill.
  "userproject",
  // JSONP: an error inside of it is a 200, which would prove a dead key and pass unredacted.
  "callback",
  // Ours.
  "pool_ticket",
]);

/**
 * Google's system parameters (docs.cloud.google.com/apis/docs/system-parameters) that are only about the answer's
 * format. The others say in the query what method, headers, key, project or body really count (`$httpMethod`,
 * `$httpHeaders`, `$key`, `$ct` …): with them a caller could list what belongs to a pool key's project.
 */
const HARMLESS_SYSTEM_PARAMETERS = new Set(["$alt", "$fields", "$prettyprint"]);

/** The query of a URL, `?` included, taken out without parsing the rest. */
export function queryOf(href: string): string {
  const fragment = href.indexOf("#");
  const url = fragment === -1 ? href : href.slice(0, fragment);
  const start = url.indexOf("?");
  return start === -1 ? "" : url.slice(start);
}

/** The query without what must not travel to Google, `?` included; everything else stays byte for byte. */
export function queryForGoogle(query: string): string {
  if (query === "" || query === "?") return "";
  const kept = query
    .slice(1)
    .split("&")
    .filter((pair) => mayTravel(nameOf(pair)));
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

/** The answer's form, and which page of a list: parameters that name nothing. Compared as Google does, letter for letter. */
const NAMING_NOTHING = ["alt", "$alt", "fields", "$fields", "prettyPrint", "$prettyPrint", "pageSize", "pageToken"];
const ABOUT_THE_ANSWER: ReadonlySet<string> = new Set(NAMING_NOTHING);

/** The same of requests about state: what they may say in the query besides. */
const ABOUT_STATE: ReadonlySet<string> = new Set([
  ...NAMING_NOTHING,
  "page_size",
  "page_token",
  "updateMask",
  "update_mask",
  "force",
  "uploadType",
  "upload_protocol",
  // Of interactions, and of OpenAI's lists and videos.
  "stream",
  "last_event_id",
  "include_input",
  "after",
  "limit",
  "order",
  "purpose",
  "variant",
]);

/**
 * A parameter that says something of the request itself: Google binds it to a field, as if it stood in the body
 * (`Unknown name "beta": Cannot bind query parameter` is its answer where there is no such field). So
 * `?cachedContent=…`, `?store=true` or `?name=files/…` would say there what nobody looks for. Undefined if there is none.
 */
export function fieldInQuery(query: string, about: "answer" | "state" = "answer"): string | undefined {
  if (query === "" || query === "?") return undefined;
  const known = about === "answer" ? ABOUT_THE_ANSWER : ABOUT_STATE;
  const names = query
    .slice(1)
    .split("&")
    .map((pair) => pair.split("=", 1)[0] ?? "");
  return names.find((name) => name !== "" && !known.has(decoded(name)));
}

function mayTravel(name: string): boolean {
  return name.startsWith("$") ? HARMLESS_SYSTEM_PARAMETERS.has(name) : !NOT_UPSTREAM.has(name);
}

function nameOf(pair: string): string {
  return decoded(pair.split("=", 1)[0] ?? "")
    .trim()
    .toLowerCase();
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
