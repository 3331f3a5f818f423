import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether the request carries the operator's token as `Authorization: Bearer`. Digests are compared, so neither the
 * token's length nor how much of it was right shows in the time that it takes.
 */
export function isOperator(headers: Headers, adminToken: string | undefined): boolean {
  const given = bearerOf(headers);
  return adminToken !== undefined && given !== undefined && equalsSecret(given, adminToken);
}

/** What the request carries as `Authorization: Bearer`. */
export function bearerOf(headers: Headers): string | undefined {
  return /^Bearer (\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

/** Compares digests, in the same time whatever was given. */
export function equalsSecret(given: string, secret: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
