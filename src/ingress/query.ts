/** Query parameters that carry a credential or are ours; none goes upstream (Google also reads a token from these). */
const CREDENTIAL_PARAMETERS = new Set(["key", "access_token", "oauth_token", "bearer_token", "pool_ticket"]);

/** The query without its credentials, `?` included; everything else stays byte for byte. */
export function withoutCredentials(query: string): string {
  if (query === "" || query === "?") return "";
  const kept = query
    .slice(1)
    .split("&")
    .filter((pair) => !CREDENTIAL_PARAMETERS.has(nameOf(pair)));
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

function nameOf(pair: string): string {
  const name = pair.split("=", 1)[0] ?? "";
  try {
    return decodeURIComponent(name).trim().toLowerCase();
  } catch {
    return name;
  }
}
