import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { ApiKey } from "./api-key.ts";

/** The query parameter that carries a ticket. */
export const TICKET_PARAMETER = "pool_ticket";

/** Files live 48 hours at Google; no upload of one takes longer. */
const TICKET_TTL_MS = 48 * 3_600_000;

export interface TicketOffice {
  /** A ticket for the upload that Google gave this id, begun with this key. */
  issue(uploadId: string, owner: ApiKey, now: number): string;
  /** Whether the ticket is ours, for this upload, still good, and (a key sent along) for this key's owner. */
  admits(ticket: string, uploadId: string, presented: ApiKey | undefined, now: number): boolean;
}

/**
 * Google's upload URL is a capability: who has it needs no key. Ours is the same URL on the Worker with a ticket,
 * so that only uploads begun here pass through, and nobody continues another's by showing a key of their own.
 * `<expiry>.<owner>.<mac>`: the owner is a keyed hash of the key, the MAC covers all three.
 */
export function createTicketOffice(poolSecret: string): TicketOffice {
  const secret = new Uint8Array(hkdfSync("sha256", poolSecret, "potluck", "upload ticket/1", 32));
  const mac = (...parts: string[]) => createHmac("sha256", secret).update(JSON.stringify(parts)).digest("base64url");
  const ownerOf = (key: ApiKey) => mac("owner", key.reveal()).slice(0, 22);

  return {
    issue(uploadId, owner, now) {
      const expiry = (now + TICKET_TTL_MS).toString(36);
      const whose = ownerOf(owner);
      return `${expiry}.${whose}.${mac("ticket", expiry, whose, uploadId)}`;
    },

    admits(ticket, uploadId, presented, now) {
      const [expiry = "", whose = "", signature = "", ...more] = ticket.split(".");
      if (more.length > 0 || !equal(signature, mac("ticket", expiry, whose, uploadId))) return false;
      if (parseInt(expiry, 36) <= now) return false;
      return presented === undefined || equal(whose, ownerOf(presented));
    },
  };
}

/** Compares without telling by its duration how much was right. */
function equal(given: string, expected: string): boolean {
  const left = Buffer.from(given);
  const right = Buffer.from(expected);
  return left.length === right.length && timingSafeEqual(left, right);
}
