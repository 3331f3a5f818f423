/** A header that reached Google although a proxy must have stripped it. */
export interface Violation {
  at: number;
  path: string;
  header: string;
  value: string;
}

/**
 * Headers that tell Google about the caller, bill another project or confuse the credential check
 * (protocol §2.3, §2.5). `x-pool-*` are ours and mean nothing to Google.
 */
const MUST_NOT_ARRIVE = new Set([
  "cookie",
  "origin",
  "referer",
  "forwarded",
  "via",
  "true-client-ip",
  "x-real-ip",
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-ipcountry",
  "cf-visitor",
  "x-goog-user-project",
  "openai-organization",
  "openai-project",
  "x-gemini-api-privileged-user-id",
  "proxy-authorization",
]);

const MUST_NOT_ARRIVE_PREFIXES = ["x-forwarded-", "x-pool-"];

export function findViolations(request: Request, path: string, at: number): Violation[] {
  return [...request.headers]
    .filter(([name]) => MUST_NOT_ARRIVE.has(name) || MUST_NOT_ARRIVE_PREFIXES.some((prefix) => name.startsWith(prefix)))
    .map(([header, value]) => ({ at, path, header, value }));
}
