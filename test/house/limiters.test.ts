import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LIMITERS_ALLOW } from "../../src/pool/fair-share.ts";
import { SETTINGS } from "../../src/settings.ts";

it("The numbers of the rate limiters in wrangler.jsonc are those that the code and the settings' defaults know", async () => {
  const config = await readFile(join(import.meta.dirname, "../../wrangler.jsonc"), "utf8");
  const limitOf = (binding: string) =>
    Number(new RegExp(`"name": "${binding}"[^}]*"limit": (\\d+), "period": 60`).exec(config)?.[1]);
  expect(limitOf("FAIR_SHARE")).toBe(LIMITERS_ALLOW.contributors);
  expect(limitOf("NEW_KEYS")).toBe(LIMITERS_ALLOW.newKeys);
  expect(SETTINGS.FAIR_SHARE_PER_MINUTE.default).toBe(String(LIMITERS_ALLOW.contributors));
  expect(SETTINGS.NEW_KEYS_PER_MINUTE.default).toBe(String(LIMITERS_ALLOW.newKeys));
});
