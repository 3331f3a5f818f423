import type { Route } from "./route.ts";

export type CredentialKind = "header" | "query" | "bearer" | "none";

/** What a request proves its identity with, or the recorded error that Google answers instead. */
export type Credential =
  | { kind: Exclude<CredentialKind, "none">; key: string; refusal?: undefined }
  | { kind: CredentialKind; key: string | undefined; refusal: string };

/**
 * Exactly one credential, in the place that the route wants (protocol §2.1, §2.2): native routes take
 * `x-goog-api-key` or `?key=`, the OpenAI route takes `Authorization: Bearer` alone.
 */
export function readCredential(request: Request, url: URL, route: Route): Credential {
  const header = request.headers.get("x-goog-api-key") ?? undefined;
  const query = url.searchParams.get("key") ?? url.searchParams.get("access_token") ?? undefined;
  const bearer = /^Bearer\s+(.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  const present = [header, query, bearer].filter((value) => value !== undefined);
  const kind =
    header !== undefined ? "header" : query !== undefined ? "query" : bearer !== undefined ? "bearer" : "none";
  const key = header ?? query ?? bearer;

  if (present.length > 1) return { kind, key, refusal: "multiple-credentials" };
  if (route.surface === "openai") {
    return bearer === undefined
      ? { kind, key, refusal: "openai-missing-authorization" }
      : { kind: "bearer", key: bearer };
  }
  if (header) return { kind: "header", key: header };
  if (query?.startsWith("AQ.")) return { kind, key, refusal: "auth-key-unusable-object" };
  if (query) return { kind: "query", key: query };
  if (bearer) return { kind, key, refusal: "service-blocked-401" };
  return { kind: "none", key: undefined, refusal: "no-key" };
}

/** A key that no project owns: `AQ.` keys are refused by the OAuth layer, all others by the key service (§1.1). */
export function unknownKeyRefusal(key: string): string {
  return key.startsWith("AQ.") ? "auth-key-unusable-object" : "key-invalid";
}
