import { createHash, randomBytes } from "node:crypto";
import { AccessToken, TOKEN_PREFIX } from "../access-token.ts";

/** A token that nobody has: 256 random bits. */
export function newAccessToken(): AccessToken {
  return new AccessToken(TOKEN_PREFIX + randomBytes(32).toString("base64url"));
}

/**
 * How the database knows a token without holding it. No secret goes into it: 256 random bits cannot be guessed from
 * their hash, and a change of POOL_SECRET must not end every token (docs/decisions/0017).
 */
export function hashToken(token: AccessToken): string {
  return createHash("sha256").update("potluck access token/1\0").update(token.reveal()).digest("base64url");
}
