import { parseAccept } from "hono/utils/accept";

/**
 * Whether the client asks for HTML by name and no less than for plain text: browsers do. curl and the SDKs send
 * nothing or any type, and keep the plain answers.
 */
export function acceptsHtml(accept: string | null | undefined): boolean {
  if (!accept) return false;
  const weights = new Map(parseAccept(accept).map(({ type, q }) => [type.toLowerCase(), q]));
  const html = weights.get("text/html") ?? 0;
  return html > 0 && html >= (weights.get("text/plain") ?? 0) && html >= (weights.get("application/json") ?? 0);
}
