import { describe, expect, test } from "vitest";
import { MODEL, readError, send, simulatedGoogle } from "./in-process.ts";

const KEY = "AIzaCredential";
const CHAT = "/v1beta/openai/chat/completions";
const CHAT_BODY = { model: MODEL, messages: [{ role: "user", content: "Hello" }] };
const BEARER = { authorization: `Bearer ${KEY}` };

function issued() {
  const google = simulatedGoogle();
  google.issue(KEY);
  return google;
}

describe("a native route takes exactly one credential", () => {
  test("the header is a credential, and so is ?key=", async () => {
    const google = issued();
    expect((await send(google, { key: KEY })).status).toBe(200);
    expect((await send(google, { path: `/v1/models/${MODEL}:generateContent?key=${KEY}` })).status).toBe(200);
    expect(google.calls.map((call) => call.credential)).toEqual(["header", "query"]);
  });

  test("without a credential the caller is unregistered", async () => {
    const answer = await send(issued());
    expect(answer.status).toBe(403);
    expect((await readError(answer)).message).toContain("unregistered callers");
  });

  test("a Bearer key is blocked", async () => {
    const answer = await send(issued(), { headers: BEARER });
    expect(answer.status).toBe(401);
    expect(JSON.stringify(await answer.json())).toContain("API_KEY_SERVICE_BLOCKED");
  });

  test("two credentials are one too many, even when they are equal", async () => {
    const google = issued();
    for (const answer of [
      await send(google, { key: KEY, headers: BEARER }),
      await send(google, { key: KEY, path: `/v1beta/models/${MODEL}:generateContent?key=${KEY}` }),
    ]) {
      expect(answer.status).toBe(400);
      expect((await readError(answer)).message).toContain("Multiple authentication credentials");
    }
  });

  test("a key that nobody issued is not valid; an AQ key is refused one layer earlier", async () => {
    const google = issued();
    expect((await send(google, { key: "AIzaNobody" })).status).toBe(400);
    expect((await send(google, { key: "AQ.Nobody" })).status).toBe(401);
    expect((await send(google, { key: `${KEY},AIzaOther` })).status).toBe(400);
  });
});

describe("the OpenAI route takes a Bearer key alone", () => {
  test("a Bearer key is served", async () => {
    const answer = await send(issued(), { path: CHAT, headers: BEARER, body: CHAT_BODY });
    expect(answer.status).toBe(200);
  });

  test.each([
    ["the native header", { "x-goog-api-key": KEY }, "Missing or invalid Authorization header."],
    ["nothing", {}, "Missing or invalid Authorization header."],
    ["both", { ...BEARER, "x-goog-api-key": KEY }, "Multiple authentication credentials"],
  ])("%s is a bad request", async (_, headers, message) => {
    const answer = await send(issued(), { path: CHAT, headers, body: CHAT_BODY });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(await answer.json())).toContain(message);
  });
});

test("headers that a proxy must strip are noted as violations", async () => {
  const google = issued();
  await send(google, { key: KEY, headers: { "user-agent": "sdk", "x-goog-api-client": "genai" } });
  expect(google.violations).toEqual([]);
  const leaked = {
    "x-forwarded-for": "198.51.100.1",
    "cf-connecting-ip": "198.51.100.1",
    "x-goog-user-project": "p",
    "openai-organization": "o",
    "x-pool-mode": "own",
    "x-gemini-api-privileged-user-id": "u",
  };
  await send(google, { key: KEY, headers: leaked });
  expect(google.violations.map((violation) => violation.header).sort()).toEqual(Object.keys(leaked).sort());
});

test("calls are kept in order with what arrived", async () => {
  let now = 1000;
  const google = simulatedGoogle(() => now++);
  google.issue(KEY, { project: "42" });
  await send(google, { key: KEY });
  await send(google, { key: "AIzaOther" });
  expect(google.calls).toMatchObject([
    {
      at: 1000,
      key: KEY,
      project: "42",
      method: "POST",
      model: MODEL,
      answeredStatus: 200,
      aborted: false,
    },
    { at: 1001, key: "AIzaOther", project: undefined, answeredStatus: 400 },
  ]);
  expect(google.calls[0]?.bodyText).toContain("Hello");
  expect(google.callsBy(KEY)).toHaveLength(1);
  google.reset();
  expect(google.calls).toEqual([]);
  expect((await send(google, { key: KEY })).status).toBe(400);
});
