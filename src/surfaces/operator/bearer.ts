import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether the request carries the operator's token as `Authorization: Bearer`. Digests are compared, so neither the
 * token's length nor how much of it was right shows in the time that it takes.
 */
export function isOperator(headers: Headers, adminToken: string | undefined): boolean {
  const given = /^Bearer (\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (adminToken === undefined || given === undefined) return false;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(adminToken));
}
