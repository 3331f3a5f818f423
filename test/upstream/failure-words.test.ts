import { describe, expect, it } from "vitest";
import { ApiKey } from "../../src/api-key.ts";
import { classify } from "../../src/upstream/classify.ts";
import { failureWords } from "../../src/upstream/failure-words.ts";
import type { Answer } from "../../src/upstream/forward.ts";
import { plainWords } from "../../src/upstream/plain-words.ts";
import { fill } from "../support/google-fixture.ts";
import { googleFixtures } from "../support/google-fixtures.ts";

const KEY = "AIzaSyD-0123456789_abcdefghijklmnopqrstu";
const PROJECT = "987654321098";
const IP = "203.0.113.77";
const VALUES = { key: KEY, project: PROJECT, model: "gemini-2.5-flash", ip: IP };

function refusal(status: number, body: string, contentType = "application/json"): Answer {
  const verdict = classify({ status, contentType, body });
  return { kind: "refused", verdict, status, headers: new Headers(), text: body };
}

function refusalOf(error: { code: number; status: string; message: string; details?: object[] }): Answer {
  return refusal(error.code, JSON.stringify({ error }));
}

function wordsOfFixture(name: string): string | undefined {
  const fixture = googleFixtures[name];
  if (fixture === undefined) throw new Error(`no fixture ${name}`);
  const { status, body, contentType } = fill(fixture, VALUES);
  return failureWords(refusal(status, body, contentType), new ApiKey(KEY));
}

describe("the words that are kept of a failure", () => {
  it.each([
    ["key-leaked", "Your API key was reported as leaked. Please use another API key."],
    ["key-suspended", "Permission denied: Consumer 'api_key:[redacted]' has been suspended."],
    ["ip-blocked", /originating IP address of the call \(\[redacted\]\) violates/],
    ["service-disabled", /has not been used in project \[redacted\] before/],
    ["referrer-blocked", "Requests from referer [redacted] are blocked."],
    ["location-refused", "User location is not supported for the API use."],
    ["prepay-depleted-402", "Your prepayment credits are depleted."],
    ["quota-day", /^You exceeded your current quota/],
    ["busy", "Resource has been exhausted (e.g. check quota)."],
    ["overloaded", "The model is overloaded."],
    ["bad-gateway-html", "status"],
    ["automated-queries-html", "not_json"],
  ])("of %s", (name, expected) => {
    const words = wordsOfFixture(name);
    if (typeof expected === "string") expect(words).toBe(expected);
    else expect(words).toMatch(expected);
  });

  it.each(Object.keys(googleFixtures))("hold no secret and are short: %s", (name) => {
    const words = wordsOfFixture(name) ?? "";
    expect(words.length).toBeLessThanOrEqual(300);
    for (const secret of [KEY, KEY.slice(4, 20), PROJECT, IP]) expect(words).not.toContain(secret);
    expect(words).not.toMatch(/[\n\r\t]/);
  });

  it.each(Object.keys(googleFixtures).filter((name) => name.startsWith("hostile-")))(
    "repeat nothing that a caller wrote: %s",
    (name) => {
      const said = wordsOfFixture(name) ?? "";
      expect(said).toMatch(/^(?:[A-Z_ ]*|Requests from referer \[redacted\] are blocked\.)$/);
    },
  );

  const prompt = "my diary says that the pudding was poisoned";

  it.each([
    ["a bad argument", 400, "INVALID_ARGUMENT", `Invalid value at 'contents[0]': "${prompt}"`, "INVALID_ARGUMENT"],
    ["a refusal", 403, "PERMISSION_DENIED", `No: ${prompt}`, "PERMISSION_DENIED"],
    ["a lost model", 404, "NOT_FOUND", `models/${prompt} is not found`, "NOT_FOUND"],
    ["a failure of Google's", 500, "INTERNAL", `Could not process "${prompt}"`, "INTERNAL"],
    ["an outage", 503, "UNAVAILABLE", `The model is overloaded. It read: ${prompt}`, "The model is overloaded."],
    ["overload", 429, "RESOURCE_EXHAUSTED", `Too much: ${prompt}`, "RESOURCE_EXHAUSTED"],
  ])("never hold a prompt that Google repeats: %s", (_, code, status, message, expected) => {
    expect(failureWords(refusalOf({ code, status, message }), new ApiKey(KEY))).toBe(expected);
  });

  it("hold codes that look like codes alone", () => {
    const details = [
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "NEW_REASON", domain: "googleapis.com" },
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: prompt, domain: "googleapis.com" },
    ];
    const answer = refusalOf({ code: 403, status: prompt, message: "x", details });
    expect(failureWords(answer, undefined)).toBe("NEW_REASON");
  });

  it("name the fault where Google did not answer", () => {
    const failed: Answer = { kind: "failed", verdict: { kind: "upstream_down", cause: "timeout" } };
    expect(failureWords(failed, new ApiKey(KEY))).toBe("timeout");
  });
});

describe("plain words", () => {
  const plain = (text: string, length = 300) => plainWords(text, new ApiKey("sk-unheard-of-format"), length);

  it.each([
    ["the key, whatever its format", "Key sk-unheard-of-format is bad", "Key [redacted] is bad"],
    ["a key of another", `Use ${KEY} instead`, "Use [redacted] instead"],
    ["a key of a format to come", "Bad ZZ9aB3dE5fG7hI9jK1lM3nO5pQ7r here", "Bad [redacted] here"],
    ["an address", "Ask jane.doe+pot@mail.example.com now", "Ask [address] now"],
    ["IPv4", "From 203.0.113.7, no", "From [address], no"],
    ["IPv6", "From 2001:db8::8a2e:370:7334 or ::1 no", "From [address] or [address] no"],
    ["a project's number", "Consumer 123456789012", "Consumer [number]"],
    ["line breaks and what does not print", "a\n\u0000 \u202Eb\tc", "a b c"],
  ])("lose %s", (_, text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  it.each([
    "Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 250000, model: gemini-2.5-flash-lite-preview-09-2025 Please retry in 34.07s.",
    "Requests to this API generativelanguage.googleapis.com method google.ai.generativelanguage.v1beta.GenerativeService.StreamGenerateContent are blocked.",
    "quota_id: GenerateContentInputTokensPerModelPerMinute-FreeTier",
    "<b>not</b> \u{1F600} 'quoted' \"twice\" at 10:30",
  ])("keep what Google says: %s", (text) => {
    expect(plain(text)).toBe(text);
  });

  it("are cut to a length, and take no time over a megabyte", () => {
    expect(plain("word ".repeat(100), 40)).toHaveLength(40);
    for (const hostile of ["a".repeat(1e6), "a@".repeat(5e5), "1.".repeat(5e5), ":a".repeat(5e5), "aA1-".repeat(2e5)]) {
      expect(plain(hostile).length).toBeLessThanOrEqual(300);
    }
  });
});
