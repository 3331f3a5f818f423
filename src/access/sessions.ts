import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { SessionTable } from "../db/sessions.ts";

const SESSION_TTL_MS = 12 * 3_600_000;
const ID_BYTES = 32;
const SWEEP_LIMIT = 200;
/** `<id>.<mac>`, 256 bits each in base64url. */
const COOKIE = /^([\w-]{43})\.([\w-]{43})$/;

/** One signed-in operator. */
export interface Session {
  expiresAt: number;
  /** What a form or a script of our own pages sends along to prove that it is one. */
  csrfToken: string;
}

export type Sessions = ReturnType<typeof createSessions>;

export interface SessionsOptions {
  table: Pick<SessionTable, "insert" | "expiryOf" | "remove" | "sweep">;
  /** Without it nobody can sign in. */
  adminToken: string | undefined;
  poolSecret: string;
  clock: Clock;
}

/**
 * The operator's sessions. The cookie is a random id with a MAC, under a key that follows from both secrets: a forged
 * cookie costs no query, and a changed `ADMIN_TOKEN` ends every session. The database knows a session by a keyed hash of
 * its id, so that who reads the database cannot sign in.
 */
export function createSessions({ table, adminToken, poolSecret, clock }: SessionsOptions) {
  const secret = adminToken === undefined ? undefined : sessionSecret(adminToken, poolSecret);

  const mac = (purpose: string, id: string) =>
    createHmac("sha256", secret ?? randomBytes(ID_BYTES))
      .update(`${purpose}:${id}`)
      .digest("base64url");

  /** The id in a cookie of ours. */
  const idIn = (cookie: string): string | undefined => {
    const [, id, signature] = COOKIE.exec(cookie) ?? [];
    if (secret === undefined || id === undefined || signature === undefined) return undefined;
    return timingSafeEqual(Buffer.from(signature), Buffer.from(mac("cookie", id))) ? id : undefined;
  };

  return {
    ttlMs: SESSION_TTL_MS,

    /** Begins a session; returns what its cookie carries. */
    async open(): Promise<string> {
      const id = randomBytes(ID_BYTES).toString("base64url");
      const now = clock();
      await table.insert(mac("row", id), now, now + SESSION_TTL_MS);
      return `${id}.${mac("cookie", id)}`;
    },

    /** The session of a cookie; undefined if it is none of ours, has expired, or was ended. */
    async find(cookie: string): Promise<Session | undefined> {
      const id = idIn(cookie);
      if (id === undefined) return undefined;
      const expiresAt = await table.expiryOf(mac("row", id), clock());
      return expiresAt === undefined ? undefined : { expiresAt, csrfToken: mac("csrf", id) };
    },

    /** Ends the session, so that a copy of its cookie opens nothing any more. */
    async end(cookie: string): Promise<void> {
      const id = idIn(cookie);
      if (id !== undefined) await table.remove(mac("row", id));
    },

    /** Deletes what has ended: sessions, and windows of failed sign-ins. For the scheduled clean-up. */
    sweep: (now: number) => table.sweep(now, now - FAILURE_WINDOW_MS, SWEEP_LIMIT),
  };
}

/** Failed sign-ins of one client address are counted over this time. */
export const FAILURE_WINDOW_MS = 15 * 60_000;

function sessionSecret(adminToken: string, poolSecret: string): Uint8Array {
  const material = JSON.stringify([adminToken, poolSecret]);
  return new Uint8Array(hkdfSync("sha256", material, "potluck", "operator session/1", 32));
}
