import { expect, it } from "vitest";
import { readSources } from "./source.ts";

/** `===` on a secret ends at the first wrong character; the time tells an attacker how many were right. */
const SECRET = String.raw`(?:ADMIN_TOKEN|adminToken|csrfToken|signature)`;
const PLAIN_COMPARISON = new RegExp(
  String.raw`[=!]==?\s*(?:\w+\.)*${SECRET}\b|\b${SECRET}\s*[=!]==?(?!=|\s*(?:undefined|null|"))`,
);

it("compares no secret in a time that tells how much of it was right", async () => {
  const sources = await readSources();
  const wrong = sources.filter(({ text }) => PLAIN_COMPARISON.test(text));
  expect(wrong.map(({ path }) => path)).toEqual([]);
  const comparing = sources.filter(({ text }) => text.includes("timingSafeEqual"));
  expect(comparing.map(({ path }) => path)).toEqual(
    expect.arrayContaining(["access/sessions.ts", "surfaces/operator/bearer.ts", "upload-ticket.ts"]),
  );
});

it.each(["given === settings.ADMIN_TOKEN", "if (csrfToken !== given)", "signature == mac(id)"])(
  "would find: %s",
  (code) => {
    expect(PLAIN_COMPARISON.test(code)).toBe(true);
  },
);
