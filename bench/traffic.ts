import { benchKey } from "./seed.ts";

/** A request as `@google/genai` 3.1.0 sends it (recorded), with a prompt of ordinary length. */

const CLIENT = "google-genai-sdk/3.1.0 gl-node/v24.21.0";

const PROMPT =
  "You are helping the organisers of a neighbourhood dinner. Forty people come, each brings one dish, and four of " +
  "them eat no meat, two no gluten and one neither nuts nor milk. Write a friendly message of at most 120 words that " +
  "asks everyone to say what they bring, names what is still missing (two salads, bread, something sweet for the " +
  "children), and reminds them to put a small card with the ingredients beside their dish. End with the address.";

export const BODY = JSON.stringify({
  contents: [{ parts: [{ text: PROMPT }], role: "user" }],
  generationConfig: { temperature: 0.7, maxOutputTokens: 512 },
});

export const HEADERS = {
  "user-agent": CLIENT,
  "x-goog-api-client": CLIENT,
  "content-type": "application/json",
  "x-goog-api-key": benchKey(0),
  accept: "*/*",
  "accept-language": "*",
  "sec-fetch-mode": "cors",
  "accept-encoding": "gzip, deflate",
};

export type Mode = "unary" | "sse";

const PATHS: Record<Mode, string> = {
  unary: "/v1/models/gemini-2.5-flash:generateContent",
  sse: "/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
};

export const urlOf = (port: number, mode: Mode) => `http://127.0.0.1:${port}${PATHS[mode]}`;
