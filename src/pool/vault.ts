import { createCipheriv, createHmac, createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import { ApiKey } from "../api-key.ts";
import type { SealedKey } from "../db/keys.ts";

const SALT = "potluck";
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SECRET_ID_BYTES = 6;
const AES_GCM = "AES-GCM";
const decoder = new TextDecoder();

export interface Vault {
  /** Names the secret that seals now, and tells nothing of it. */
  secretId: string;
  /** HMAC-SHA-256 of the key, base64url: how the database knows a key without holding it. */
  fingerprint(key: ApiKey): string;
  /** The fingerprint under the secret that is being replaced; undefined while none is. */
  formerFingerprint(key: ApiKey): string | undefined;
  seal(key: ApiKey): SealedKey;
  /** Undefined if the ciphertext was made under no secret of ours, or not for this fingerprint. */
  open(sealed: { fingerprint: string; ciphertext: string }): Promise<ApiKey | undefined>;
}

/**
 * Seals keys under `POOL_SECRET`; while that is being replaced, under `POOL_SECRET_NEXT`, and opens what was sealed
 * under either: the tag of AES-GCM refuses the wrong one.
 */
export function createVault(poolSecret: string, nextSecret?: string): Vault {
  const former = nextSecret === undefined || nextSecret === poolSecret ? undefined : createSeal(poolSecret);
  const seal = createSeal(nextSecret ?? poolSecret);
  return {
    ...seal,
    formerFingerprint: (key) => former?.fingerprint(key),
    open: async (sealed) => (await seal.open(sealed)) ?? former?.open(sealed),
  };
}

/** The id of a secret: what an operator's script may compare without showing either side's secret. */
export function secretIdOf(secret: string): string {
  return Buffer.from(hkdfSync("sha256", secret, SALT, "secret id/1", SECRET_ID_BYTES)).toString("base64url");
}

/**
 * One secret's work. HKDF (RFC 5869) gives two independent keys from it, so that a fingerprint tells nothing of the
 * encryption. The ciphertext (AES-256-GCM, `iv | text | tag` in base64url) is bound to its fingerprint as
 * associated data: a row whose ciphertext was swapped does not open.
 */
function createSeal(secret: string): Omit<Vault, "formerFingerprint"> {
  const derive = (purpose: string) => new Uint8Array(hkdfSync("sha256", secret, SALT, purpose, 32));
  const encryptionSecret = derive("encryption/1");
  const encryptionKey = createSecretKey(encryptionSecret);
  let decryptionKey: CryptoKey | undefined;
  const fingerprintKey = derive("fingerprint/1");
  const secretId = secretIdOf(secret);

  const fingerprint = (key: ApiKey) => createHmac("sha256", fingerprintKey).update(key.reveal()).digest("base64url");

  return {
    secretId,
    fingerprint,

    seal(key) {
      const iv = randomBytes(IV_BYTES);
      const print = fingerprint(key);
      const cipher = createCipheriv("aes-256-gcm", encryptionKey, iv);
      cipher.setAAD(Buffer.from(print));
      const text = Buffer.concat([cipher.update(key.reveal(), "utf8"), cipher.final()]);
      return {
        fingerprint: print,
        ciphertext: Buffer.concat([iv, text, cipher.getAuthTag()]).toString("base64url"),
        secretId,
        lastFour: key.lastFour,
      };
    },

    // By Web Crypto, as a lease opens up to 32 keys, and `createDecipheriv` makes a stream of Node's for each.
    async open({ fingerprint: print, ciphertext }) {
      const bytes = Buffer.from(ciphertext, "base64url");
      if (bytes.length <= IV_BYTES + TAG_BYTES) return undefined;
      decryptionKey ??= await crypto.subtle.importKey("raw", encryptionSecret, AES_GCM, false, ["decrypt"]);
      const algorithm = { name: AES_GCM, iv: bytes.subarray(0, IV_BYTES), additionalData: Buffer.from(print) };
      try {
        const text = await crypto.subtle.decrypt(algorithm, decryptionKey, bytes.subarray(IV_BYTES));
        return new ApiKey(decoder.decode(text));
      } catch {
        return undefined;
      }
    },
  };
}
