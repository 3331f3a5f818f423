import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
/** The query parameter that carries a ticket. */
export const TICKET_PARAMETER = "pool_ticket";

/** Files live 48 hours at Google; no upload of one takes longer. */
const TICKET_TTL_MS = 48 * 3_600_000;

/** A key or an access token. */
interface Credential {
  reveal(): string;
}

export interface TicketOffice {
  /** A ticket for the upload that Google gave this id, begun with this key, or with the token of this id. */
  issue(uploadId: string, owner: Credential, now: number, tokenId?: number): string;
  /** Whether the ticket is ours, for this upload, still good, and (a credential sent along) for its owner. */
  admits(ticket: string, uploadId: string, presented: Credential | undefined, now: number): boolean;
  /** The id of the access token that an admitted ticket's upload was begun with; undefined for a key's. */
  tokenIdOf(ticket: string): number | undefined;
}

/**
 * Google's upload URL is a capability: who has it needs no key. Ours is the same URL on the Worker with a ticket,
 * so that only uploads begun here pass through, and nobody continues another's by showing a key of their own.
 * `<expiry>.<owner>.<mac>`: the owner is a keyed hash of the key (of a token: and `~<id>`), the MAC covers all three.
 */
export function createTicketOffice(poolSecret: string): TicketOffice {
  const secret = new Uint8Array(hkdfSync("sha256", poolSecret, "potluck", "upload ticket/1", 32));
  const mac = (...parts: string[]) => createHmac("sha256", secret).update(JSON.stringify(parts)).digest("base64url");
  const ownerOf = (credential: Credential) => mac("owner", credential.reveal()).slice(0, 22);

  return {
    issue(uploadId, owner, now, tokenId) {
      const expiry = (now + TICKET_TTL_MS).toString(36);
      const whose = tokenId === undefined ? ownerOf(owner) : `${ownerOf(owner)}~${tokenId}`;
      return `${expiry}.${whose}.${mac("ticket", expiry, whose, uploadId)}`;
    },

    admits(ticket, uploadId, presented, now) {
      const [expiry = "", whose = "", signature = "", ...more] = ticket.split(".");
      if (more.length > 0 || !equal(signature, mac("ticket", expiry, whose, uploadId))) return false;
      if (parseInt(expiry, 36) <= now) return false;
      return presented === undefined || equal(whose.split("~", 1)[0] ?? "", ownerOf(presented));
    },

    tokenIdOf(ticket) {
      const [, id] = (ticket.split(".")[1] ?? "").split("~");
      return id === undefined ? undefined : Number(id);
    },
  };
}

/** Compares without telling by its duration how much was right. */
function equal(given: string, expected: string): boolean {
  const left = Buffer.from(given);
  const right = Buffer.from(expected);
  return left.length === right.length && timingSafeEqual(left, right);
}
