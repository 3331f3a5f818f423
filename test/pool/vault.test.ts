import { describe, expect, it } from "vitest";
import { ApiKey } from "../../src/api-key.ts";
import { createVault } from "../../src/pool/vault.ts";
import { newKey } from "../support/table.ts";

const vault = createVault("one secret of thirty-two characters or more");
const other = createVault("another secret of thirty-two characters or more");

describe("a sealed key", () => {
  it("opens again", async () => {
    const key = newKey();
    expect((await vault.open(vault.seal(new ApiKey(key))))?.reveal()).toBe(key);
  });

  it("opens in another isolate with the same secret", async () => {
    const key = newKey();
    const again = createVault("one secret of thirty-two characters or more");
    expect((await again.open(vault.seal(new ApiKey(key))))?.reveal()).toBe(key);
  });

  it("does not open with another secret", async () => {
    expect(await other.open(vault.seal(new ApiKey(newKey())))).toBeUndefined();
  });

  it("does not open in another key's row: a swapped ciphertext would bill another's project", async () => {
    const [first, second] = [vault.seal(new ApiKey(newKey())), vault.seal(new ApiKey(newKey()))];
    expect(await vault.open({ ...first, ciphertext: second.ciphertext })).toBeUndefined();
  });

  it("does not open if a single bit was changed", async () => {
    const sealed = vault.seal(new ApiKey(newKey()));
    const bytes = Buffer.from(sealed.ciphertext, "base64url");
    for (const at of [0, 12, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(await vault.open({ ...sealed, ciphertext: changed.toString("base64url") })).toBeUndefined();
    }
  });

  it.each(["", "junk", "AAAA", "=".repeat(200), "A".repeat(38), "A".repeat(10_000)])(
    "is not %j",
    async (ciphertext) => {
      expect(await vault.open({ fingerprint: "x", ciphertext })).toBeUndefined();
    },
  );

  it("looks different each time, and never shows the key", async () => {
    const key = newKey();
    const [first, second] = [vault.seal(new ApiKey(key)), vault.seal(new ApiKey(key))];
    expect(first.ciphertext).not.toBe(second.ciphertext);
    for (const text of [JSON.stringify(first), Buffer.from(first.ciphertext, "base64url").toString("latin1")]) {
      expect(text).not.toContain(key);
    }
    expect(first.lastFour).toBe(key.slice(-4));
  });
});

describe("a fingerprint", () => {
  it("is the same for the same key, and tells keys and secrets apart", async () => {
    const key = new ApiKey(newKey());
    expect(vault.fingerprint(key)).toBe(vault.fingerprint(key));
    expect(vault.fingerprint(key)).toBe(vault.seal(key).fingerprint);
    expect(vault.fingerprint(key)).not.toBe(vault.fingerprint(new ApiKey(newKey())));
    expect(vault.fingerprint(key)).not.toBe(other.fingerprint(key));
  });
});
