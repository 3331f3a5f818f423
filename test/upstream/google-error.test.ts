import { describe, expect, it } from "vitest";
import { parseGoogleError } from "../../src/upstream/google-error.ts";
import { fill } from "../support/google-fixture.ts";
import { googleFixtures } from "../support/google-fixtures.ts";

const VALUES = {
  key: "AIzaKey",
  project: "123456789012",
  model: "gemini-3.8-flash",
  ip: "203.0.113.7",
};
const PLAIN = '{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}';

const RPC = "type.googleapis.com/google.rpc";

function parseDetails(details: unknown): ReturnType<typeof parseGoogleError> {
  return parseGoogleError(JSON.stringify({ error: { details } }));
}

describe("an error body of Google's", () => {
  it("is read into its parts", () => {
    const fixture = googleFixtures["quota-day"];
    expect(fixture && parseGoogleError(fill(fixture, VALUES).body)).toEqual({
      code: 429,
      stringCode: undefined,
      status: "RESOURCE_EXHAUSTED",
      message: expect.stringContaining("limit: 20, model: gemini-3.8-flash"),
      hasDetails: true,
      errorInfos: [],
      quotaViolations: [
        {
          quotaId: "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
          quotaMetric: "generativelanguage.googleapis.com/generate_content_free_tier_requests",
          quotaValue: "20",
          model: "gemini-3.8-flash",
        },
      ],
      retryDelayMs: 51_000,
    });
  });

  it.each([
    ["an object", PLAIN],
    ["an array of one", `[${PLAIN}]`],
    ["indented with white space around it", `\r\n  ${JSON.stringify(JSON.parse(PLAIN), null, 2)}\n`],
    ["after a byte order mark", `\uFEFF${PLAIN}`],
    ["an SSE frame", `data: ${PLAIN}\n\n`],
    ["an SSE frame with CRLF and an event name", `event: error\r\ndata:${PLAIN}\r\n\r\ndata: [DONE]\r\n\r\n`],
    ["an SSE frame of several data lines", `data: {"error":\ndata: ${PLAIN.slice(9, -1)}}\n\n`],
    ["an SSE frame after other frames", `: hello\n\ndata: {"event_type":"start"}\n\ndata: ${PLAIN}\n\n`],
  ])("is read as %s", (_shape, body) => {
    expect(parseGoogleError(body)).toMatchObject({
      code: 503,
      status: "UNAVAILABLE",
      hasDetails: false,
    });
  });

  it("keeps the word that the interactions API sends for a code", () => {
    const error = parseGoogleError('{"error":{"code":"quota_exceeded","message":"m"}}');
    expect(error).toMatchObject({
      code: undefined,
      stringCode: "quota_exceeded",
      status: "",
      message: "m",
    });
  });

  it.each([
    "",
    " ",
    "null",
    "7",
    '"error"',
    "[]",
    "{}",
    '{"error":null}',
    '{"error":"API_KEY_INVALID"}',
    '{"error":[{"code":400}]}',
    `[${PLAIN},${PLAIN}]`,
    `[[${PLAIN}]]`,
    `${PLAIN}${PLAIN}`,
    PLAIN.slice(0, -1),
    `<html>${PLAIN}</html>`,
    `data: ${PLAIN.slice(0, -1)}\n\n`,
    `xdata: ${PLAIN}\n\n`,
  ])("is not seen in %j", (body) => {
    expect(parseGoogleError(body)).toBeUndefined();
  });

  it("reads fields of the wrong type as absent", () => {
    expect(parseGoogleError('{"error":{"code":true,"message":{},"status":[],"details":"x"}}')).toEqual({
      code: undefined,
      stringCode: undefined,
      status: "",
      message: "",
      hasDetails: true,
      errorInfos: [],
      quotaViolations: [],
      retryDelayMs: undefined,
    });
  });

  it.each([[[]], [null], [{}], [[null, 7, "x", [], {}]]])(
    "counts details that it cannot read, %j, as details",
    (details) => {
      expect(parseDetails(details)).toMatchObject({ hasDetails: true, errorInfos: [] });
    },
  );

  it("believes a type by its whole name alone", () => {
    const reason = "API_KEY_INVALID";
    const types = ["ErrorInfo", `x${RPC}.ErrorInfo`, `${RPC}.ErrorInfo2`, `${RPC}.BadRequest`, `${RPC}.errorinfo`, 7];
    expect(parseDetails(types.map((type) => ({ "@type": type, reason })))).toMatchObject({
      errorInfos: [],
    });
    expect(parseDetails([{ "@type": `${RPC}.ErrorInfo`, reason }])).toMatchObject({
      errorInfos: [{ reason, domain: undefined, metadata: {} }],
    });
  });

  it("does not take a domain of the wrong type for an absent one", () => {
    const info = { "@type": `${RPC}.ErrorInfo`, reason: "X", domain: ["googleapis.com"] };
    expect(parseDetails([info])).toMatchObject({ errorInfos: [{ domain: "" }] });
  });

  it("keeps only strings of the metadata", () => {
    const metadata = { service: "s", quota_limit_value: 0, nested: {}, list: ["x"] };
    const error = parseDetails([{ "@type": `${RPC}.ErrorInfo`, reason: "X", metadata }]);
    expect(error?.errorInfos[0]?.metadata).toEqual({ service: "s" });
  });

  it("does not let metadata named __proto__ change what an object is", () => {
    const info = `{"@type":"${RPC}.ErrorInfo","reason":"X","metadata":{"__proto__":{"polluted":"yes"},"a":"b"}}`;
    const error = parseGoogleError(`{"error":{"details":[${info}]}}`);
    expect(error?.errorInfos[0]?.metadata).toEqual({ a: "b" });
    expect({}).not.toHaveProperty("polluted");
  });

  it("reads a bounded number of details, violations and metadata", () => {
    const info = { "@type": `${RPC}.ErrorInfo`, reason: "X" };
    expect(parseDetails(Array.from({ length: 1_000 }, () => info))?.errorInfos).toHaveLength(16);
    const violations = Array.from({ length: 1_000 }, () => ({ quotaId: "PerDay" }));
    const failure = { "@type": `${RPC}.QuotaFailure`, violations };
    expect(parseDetails([failure])?.quotaViolations).toHaveLength(32);
    const metadata = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, "v"]));
    const [wide] = parseDetails([{ ...info, metadata }])?.errorInfos ?? [];
    expect(Object.keys(wide?.metadata ?? {})).toHaveLength(32);
  });

  it.each([
    ["nested arrays", "[".repeat(32_768) + "]".repeat(32_768)],
    ["nested objects", '{"error":'.repeat(7_000) + "1" + "}".repeat(7_000)],
    ["opened arrays", "[".repeat(65_536)],
    ["empty frames", "data:\n\n".repeat(9_000)],
    ["empty lines", "\n".repeat(65_536)],
    ["quotes", '\\"'.repeat(32_768)],
  ])("does not break on 64 KiB of %s", (_shape, body) => {
    expect(() => parseGoogleError(body)).not.toThrow();
  });
});
