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

function mayTravel(name: string): boolean {
  return name.startsWith("$") ? HARMLESS_SYSTEM_PARAMETERS.has(name) : !NOT_UPSTREAM.has(name);
}

function nameOf(pair: string): string {
  const name = pair.split("=", 1)[0] ?? "";
  try {
    return decodeURIComponent(name).trim().toLowerCase();
  } catch {
    return name;
  }
}
