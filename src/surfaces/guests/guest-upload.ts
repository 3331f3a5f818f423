import { createHash } from "node:crypto";
import type { Services } from "../../services.ts";
import { peekJson } from "../peek-json.ts";
import { namesTold } from "./told-names.ts";

/** What Google says of a file. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** The name under which an upload that has begun is remembered: Google's id of it is a secret, and long. */
export function uploadResource(uploadId: string): string {
  return `uploads/${createHash("sha256").update(uploadId).digest("base64url").slice(0, 22)}`;
}

/**
 * Sees an upload of a token's to its end: whoever has the ticket needs no token for the chunks, so the file becomes the
 * ticket's token's.
 */
export function guestUpload({ access, log }: Pick<Services, "access" | "log">) {
  return {
    /** Whether the token with this id may go on. Throws if D1 does not answer. */
    async mayGoOn(tokenId: number): Promise<boolean> {
      return (await access.recogniseId(tokenId)).kind === "good";
    },

    /** Remembers the file that the answer to a last chunk names, and gives the answer back. */
    async noteEnd(response: Response, tokenId: number, uploadId: string): Promise<Response> {
      if (!response.ok || response.headers.get("x-goog-upload-status") !== "final") return response;
      const upload = uploadResource(uploadId);
      const peeked = await peekJson(response, MAX_ANSWER_BYTES);
      try {
        const keyId = (await access.belongings.keysOf(tokenId, [upload])).get(upload);
        if (keyId === undefined) return peeked.response;
        await access.belongings.remember(tokenId, namesTold("files", peeked.json), keyId);
        await access.belongings.forget(tokenId, upload);
      } catch {
        log("warn", "access.upload_not_noted", { token: tokenId });
      }
      return peeked.response;
    },
  };
}
