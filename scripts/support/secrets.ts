import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";

/** The lines of a `.dev.vars` file, fresh and random. */
export function freshSecrets(): string {
  const token = (bytes: number) => randomBytes(bytes).toString("base64url");
  return `POOL_SECRET=${token(32)}\nADMIN_TOKEN=${token(24)}\n`;
}

/** Writes a file of fresh secrets that only its owner may read. False, and nothing done, if there is one already. */
export async function createSecretsFile(path: string): Promise<boolean> {
  try {
    await writeFile(path, freshSecrets(), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
