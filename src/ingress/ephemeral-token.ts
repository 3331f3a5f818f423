const TOKEN = /^auth_tokens\/[\w.-]{1,512}$/;
const AUTHORIZATION = /^token\s+/i;

/**
 * The ephemeral token of a Live handshake: `?access_token=auth_tokens/…` (@google/genai for JavaScript) or
 * `Authorization: Token auth_tokens/…` (Python). It is bound to the project that minted it, which is its caller's.
 */
export function readEphemeralToken(headers: Headers, query: URLSearchParams): string | undefined {
  const candidates = [query.get("access_token"), headers.get("authorization")?.replace(AUTHORIZATION, "")];
  return candidates.find((text) => text !== null && text !== undefined && TOKEN.test(text)) ?? undefined;
}
