import { describe, expect, it } from "vitest";
import { classify } from "../../src/upstream/classify.ts";
import type { KeyDeathReason, Verdict } from "../../src/verdict.ts";
import { fill } from "../support/google-fixture.ts";
import { googleFixtures } from "../support/google-fixtures.ts";

const VALUES = {
  key: "AIzaSyPoolKeyOfSomebodyElse-0123456789_",
  project: "123456789012",
  model: "gemini-3.8-flash",
  ip: "203.0.113.7",
};

const CALLER_FAULT: Verdict = { kind: "caller_fault" };
const KEY_UNSUITED: Verdict = { kind: "key_unsuited" };
const BUSY: Verdict = { kind: "busy" };
const QUOTA_DAY: Verdict = { kind: "quota_day" };
const MODEL_NOT_OFFERED: Verdict = { kind: "model_not_offered" };
const PLACE_REFUSED: Verdict = { kind: "place_refused" };
const SPENDING_CAP: Verdict = { kind: "key_broke", reason: "SPENDING_CAP" };
const PREPAY_DEPLETED: Verdict = { kind: "key_broke", reason: "PREPAY_DEPLETED" };
const DOWN: Verdict = { kind: "upstream_down", cause: "status" };
const NOT_JSON: Verdict = { kind: "upstream_down", cause: "not_json" };

function dead(reason: KeyDeathReason): Verdict {
  return { kind: "key_dead", reason, evidence: "certain" };
}

function deadIfRepeated(reason: KeyDeathReason): Verdict {
  return { kind: "key_dead", reason, evidence: "repeated" };
}

function quotaMinute(retryAfterMs: number): Verdict {
  return { kind: "quota_minute", retryAfterMs };
}

const EXPECTED: Record<string, Verdict> = {
  "key-invalid": dead("API_KEY_INVALID"),
  "key-invalid-debug-info": dead("API_KEY_INVALID"),
  "key-invalid-openai-array": dead("API_KEY_INVALID"),
  "key-invalid-event-stream": dead("API_KEY_INVALID"),
  "key-not-found": dead("API_KEY_INVALID"),
  "key-expired": dead("API_KEY_INVALID"),
  "key-leaked": dead("reported_as_leaked"),
  "key-suspended": dead("CONSUMER_SUSPENDED"),
  "project-denied": dead("project_denied_access"),
  // The interactions route's word, which is not the whole API's.
  "auth-key-unusable": BUSY,
  "auth-key-unusable-object": deadIfRepeated("ACCESS_TOKEN_TYPE_UNSUPPORTED"),
  "auth-key-rejected-no-details": KEY_UNSUITED,
  "credentials-missing": BUSY,
  "no-key": CALLER_FAULT,
  "multiple-credentials": CALLER_FAULT,
  "openai-missing-authorization": CALLER_FAULT,
  "openai-invalid-auth-key": KEY_UNSUITED,

  "service-disabled": dead("SERVICE_DISABLED"),
  "service-disabled-old-title": dead("SERVICE_DISABLED"),
  "service-blocked": dead("API_KEY_SERVICE_BLOCKED"),
  "service-blocked-401": deadIfRepeated("API_KEY_SERVICE_BLOCKED"),
  "referrer-blocked": dead("API_KEY_HTTP_REFERRER_BLOCKED"),
  "ip-blocked": dead("API_KEY_IP_ADDRESS_BLOCKED"),
  "android-blocked": dead("API_KEY_ANDROID_APP_BLOCKED"),
  "ios-blocked": dead("API_KEY_IOS_APP_BLOCKED"),
  "consumer-invalid": dead("CONSUMER_INVALID"),
  "billing-country": KEY_UNSUITED,

  "file-forbidden": KEY_UNSUITED,
  "cache-forbidden": KEY_UNSUITED,
  "tuned-model-forbidden": KEY_UNSUITED,
  "interaction-not-found": KEY_UNSUITED,

  "location-refused": PLACE_REFUSED,
  "location-refused-openai-array": PLACE_REFUSED,
  "location-refused-debug-info": PLACE_REFUSED,
  "free-tier-country": KEY_UNSUITED,
  "precondition-failed": KEY_UNSUITED,

  "quota-day": QUOTA_DAY,
  "quota-day-openai-array": QUOTA_DAY,
  "quota-day-long-delay": QUOTA_DAY,
  "quota-day-paid": QUOTA_DAY,
  "quota-day-no-value": QUOTA_DAY,
  "quota-day-and-minute": QUOTA_DAY,
  "quota-minute": quotaMinute(27_000),
  "quota-minute-tokens": quotaMinute(14_000),
  "quota-minute-no-retry-info": quotaMinute(60_000),
  "quota-minute-embed": quotaMinute(12_000),
  "limit-zero": MODEL_NOT_OFFERED,
  "limit-zero-quota-value": MODEL_NOT_OFFERED,
  busy: BUSY,
  "busy-openai-array": BUSY,
  // A tool that the key's tier does not have.
  "busy-help-only": KEY_UNSUITED,
  "busy-vertex-text": BUSY,
  "spending-cap": SPENDING_CAP,
  "spending-cap-learn-more": SPENDING_CAP,
  "spending-cap-billing-account": SPENDING_CAP,
  "spending-cap-billing-account-learn-more": SPENDING_CAP,
  "prepay-depleted-429": PREPAY_DEPLETED,
  "prepay-depleted-402": PREPAY_DEPLETED,
  "prepay-depleted-402-long": PREPAY_DEPLETED,
  "prepay-depleted-learn-more": PREPAY_DEPLETED,
  "region-quota-zero": dead("quota_limit_zero"),
  "region-quota-zero-api": dead("quota_limit_zero"),
  "region-quota-minute": quotaMinute(60_000),

  overloaded: DOWN,
  "unavailable-high-demand": DOWN,
  unavailable: DOWN,
  internal: DOWN,
  deadline: DOWN,
  "bad-gateway-html": DOWN,
  "forbidden-html": NOT_JSON,
  "automated-queries-html": NOT_JSON,
  cancelled: CALLER_FAULT,

  "model-not-found": KEY_UNSUITED,
  "model-not-found-openai-array": KEY_UNSUITED,
  "model-not-for-new-users": KEY_UNSUITED,
  "model-not-for-new-users-interactions": KEY_UNSUITED,
  "model-not-for-new-users-successor": KEY_UNSUITED,
  "model-retired": KEY_UNSUITED,
  "entity-not-found": KEY_UNSUITED,
  "unknown-field": CALLER_FAULT,
  "unknown-field-openai-array": CALLER_FAULT,
  "unknown-field-store": CALLER_FAULT,
  "too-many-tokens": CALLER_FAULT,
  "invalid-argument": CALLER_FAULT,
  "thought-signature": CALLER_FAULT,
  "thought-signature-not-bytes": CALLER_FAULT,
  "interactions-only-model": CALLER_FAULT,

  "interactions-invalid-request": CALLER_FAULT,
  "interactions-failed-precondition": KEY_UNSUITED,
  "interactions-quota-exceeded": QUOTA_DAY,
  "interactions-rate-limited": quotaMinute(60_000),
  "interactions-payment-required": KEY_UNSUITED,
  "interactions-authentication": KEY_UNSUITED,
  "interactions-permission-denied": KEY_UNSUITED,
  "interactions-model-not-found": KEY_UNSUITED,

  "hostile-unknown-field-key-expired": CALLER_FAULT,
  "hostile-model-named-suspended": KEY_UNSUITED,
  "hostile-field-violation-json": CALLER_FAULT,
  "hostile-model-named-leaked-sentence": KEY_UNSUITED,
  "hostile-model-not-for-new-users-fragment": KEY_UNSUITED,
  "hostile-unknown-field-limit-zero": CALLER_FAULT,
  "hostile-unknown-field-location": CALLER_FAULT,
  "hostile-file-named-leaked-sentence": KEY_UNSUITED,
  "hostile-file-named-denied-sentence": KEY_UNSUITED,
  // The key is restricted to websites, whatever the echoed address says.
  "hostile-referrer-echo": dead("API_KEY_HTTP_REFERRER_BLOCKED"),
};

function quotaTwin(violations: Record<string, unknown>[], message = recorded("quota-day").message): unknown {
  const details = [{ "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations }];
  return twinOf("quota-day", { message, details });
}

function judge(status: number, body: unknown, mostTokens = 600): Verdict {
  return classify({
    status,
    contentType: "application/json; charset=UTF-8",
    body: typeof body === "string" ? body : JSON.stringify(body),
    mostTokens,
  });
}

interface Recorded {
  code: number;
  status: string;
  message: string;
  details: Record<string, unknown>[] | undefined;
}

/** The recorded error with some fields changed: the twin that must be judged otherwise. */
function twinOf(name: string, changes: Partial<Recorded>): unknown {
  return { error: { ...recorded(name), ...changes } };
}

/** The recorded error with its first ErrorInfo changed. */
function twinWithInfo(name: string, changes: Record<string, unknown>): unknown {
  const error = recorded(name);
  const [info, ...rest] = error.details ?? [];
  return { error: { ...error, details: [{ ...info, ...changes }, ...rest] } };
}

function recorded(name: string): Recorded {
  const fixture = googleFixtures[name];
  if (fixture === undefined) throw new Error(`no fixture ${name}`);
  const parsed = JSON.parse(fill(fixture, VALUES).body) as { error: Recorded } | { error: Recorded }[];
  const [first] = Array.isArray(parsed) ? parsed : [parsed];
  if (first === undefined) throw new Error(`empty fixture ${name}`);
  return first.error;
}

describe("every recorded error of Google's has its verdict", () => {
  it("knows every fixture, and every fixture that it knows is there", () => {
    expect(Object.keys(EXPECTED).toSorted()).toEqual(Object.keys(googleFixtures).toSorted());
  });

  for (const [name, fixture] of Object.entries(googleFixtures)) {
    it(`judges ${name}`, () => {
      expect(classify(fill(fixture, VALUES))).toEqual(EXPECTED[name]);
    });
  }
});

describe("an answer below 400 is served", () => {
  it.each([200, 204, 206, 302, 304, 308])("serves %i without looking at the body", (status) => {
    expect(judge(status, twinOf("key-expired", {}))).toEqual({ kind: "served" });
  });
});

describe("a key dies by its reason", () => {
  it("spares the key when the reason comes with another HTTP code", () => {
    expect(judge(404, twinOf("key-invalid", {}))).toEqual(KEY_UNSUITED);
    expect(judge(403, twinOf("key-invalid", {}))).toEqual(KEY_UNSUITED);
    expect(judge(400, twinOf("key-suspended", {}))).toEqual(CALLER_FAULT);
    expect(judge(401, twinOf("key-suspended", {}))).toEqual(KEY_UNSUITED);
    expect(judge(403, twinOf("auth-key-unusable", {}))).toEqual(KEY_UNSUITED);
  });

  it("spares the key when the reason comes with another status", () => {
    expect(judge(400, twinOf("key-invalid", { status: "NOT_FOUND" }))).toEqual(CALLER_FAULT);
    expect(judge(403, twinOf("service-disabled", { status: "NOT_FOUND" }))).toEqual(KEY_UNSUITED);
  });

  it("spares the key when the reason stands in an entry of another type", () => {
    const type = "type.googleapis.com/google.rpc.BadRequest";
    expect(judge(400, twinWithInfo("key-invalid", { "@type": type }))).toEqual(CALLER_FAULT);
    expect(judge(403, twinWithInfo("key-suspended", { "@type": "ErrorInfo" }))).toEqual(KEY_UNSUITED);
  });

  it("spares the key when the reason comes from another domain", () => {
    expect(judge(400, twinWithInfo("key-invalid", { domain: "evil.example" }))).toEqual(CALLER_FAULT);
    expect(judge(400, twinWithInfo("key-invalid", { domain: undefined }))).toEqual(CALLER_FAULT);
    expect(judge(401, twinWithInfo("auth-key-unusable", { domain: "evil.example" }))).toEqual(KEY_UNSUITED);
    expect(judge(401, twinWithInfo("auth-key-unusable", { domain: 7 }))).toEqual(KEY_UNSUITED);
  });

  it("spares the key when another of Google's services is disabled", () => {
    const metadata = { service: "storage.googleapis.com", consumer: "projects/1" };
    expect(judge(403, twinWithInfo("service-disabled", { metadata }))).toEqual(KEY_UNSUITED);
  });

  it("spares the key when Google blocks a method that generates nothing", () => {
    const metadata = { methodName: "google.ai.generativelanguage.v1beta.GenerativeService.CountTokens" };
    expect(judge(403, twinWithInfo("service-blocked", { metadata }))).toEqual(KEY_UNSUITED);
  });

  it("spares the key when the reason is one that we do not know", () => {
    expect(judge(403, twinWithInfo("service-blocked", { reason: "API_KEY_NEW_BLOCKED" }))).toEqual(KEY_UNSUITED);
    expect(judge(403, twinWithInfo("service-blocked", { reason: "BILLING_DISABLED" }))).toEqual(KEY_UNSUITED);
  });

  it("spares the key when the words of the reason stand in the message alone", () => {
    expect(judge(400, twinOf("key-expired", { details: undefined }))).toEqual(CALLER_FAULT);
    expect(judge(403, twinOf("key-suspended", { details: undefined }))).toEqual(KEY_UNSUITED);
  });

  it("finds the reason wherever Google puts it among the details", () => {
    const details = recorded("key-invalid-debug-info").details?.toReversed();
    expect(judge(400, twinOf("key-invalid", { details }))).toEqual(dead("API_KEY_INVALID"));
  });
});

describe("a key dies or cools by a whole sentence", () => {
  const cases = [
    ["key-leaked", 403, KEY_UNSUITED],
    ["project-denied", 403, KEY_UNSUITED],
    ["spending-cap", 429, BUSY],
    ["prepay-depleted-429", 429, BUSY],
    ["prepay-depleted-402", 402, KEY_UNSUITED],
  ] as const;

  it.each(cases)("does not believe %s inside other words", (name, status, otherwise) => {
    const { message } = recorded(name);
    expect(judge(status, twinOf(name, { message: `models/${message} is not found` }))).toEqual(otherwise);
    expect(judge(status, twinOf(name, { message: `${message} ${message}` }))).toEqual(otherwise);
    expect(judge(status, twinOf(name, { message: message.toLowerCase() }))).toEqual(otherwise);
  });

  it.each(cases)("does not believe %s when there are details", (name, status) => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.BadRequest" }];
    expect(judge(status, twinOf(name, { details }))).toEqual(KEY_UNSUITED);
  });

  it.each(cases)("does not believe %s with another code or status", (name, status, otherwise) => {
    expect(judge(404, twinOf(name, {}))).toEqual(KEY_UNSUITED);
    expect(judge(400, twinOf(name, {}))).toEqual(CALLER_FAULT);
    expect(judge(status, twinOf(name, { status: "NOT_FOUND" }))).toEqual(otherwise);
  });
});

describe("a refusal that blames the credentials of the request", () => {
  it("is the caller's fault only word for word", () => {
    const message = `${recorded("no-key").message} And more.`;
    expect(judge(403, twinOf("no-key", { message }))).toEqual(KEY_UNSUITED);
  });

  it("is the caller's fault as a 403 too", () => {
    expect(judge(403, twinOf("multiple-credentials", {}))).toEqual(CALLER_FAULT);
  });
});

describe("a refused place", () => {
  it("is believed only as the whole sentence of a failed precondition", () => {
    const { message } = recorded("location-refused");
    expect(judge(400, twinOf("location-refused", { status: "INVALID_ARGUMENT" }))).toEqual(CALLER_FAULT);
    expect(judge(400, twinOf("location-refused", { message: `${message} x` }))).toEqual(KEY_UNSUITED);
    expect(judge(403, twinOf("location-refused", {}))).toEqual(KEY_UNSUITED);
  });

  it("is believed from the interactions API as well", () => {
    const error = { code: "failed_precondition", message: recorded("location-refused").message };
    expect(judge(400, { error })).toEqual(PLACE_REFUSED);
  });
});

describe("a quota", () => {
  function withRetryDelay(retryDelay: unknown): unknown {
    const details = recorded("quota-minute-no-retry-info").details ?? [];
    const retryInfo = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay };
    return twinOf("quota-minute-no-retry-info", { details: [...details, retryInfo] });
  }

  it("waits as long as RetryInfo says, between one second and ninety", () => {
    expect(judge(429, withRetryDelay("14.5s"))).toEqual(quotaMinute(14_500));
    expect(judge(429, withRetryDelay("0s"))).toEqual(quotaMinute(1_000));
    expect(judge(429, withRetryDelay("19h34m29.838605682s"))).toEqual(quotaMinute(90_000));
  });

  it("waits a minute when RetryInfo is nonsense", () => {
    expect(judge(429, withRetryDelay("-5s"))).toEqual(quotaMinute(60_000));
    expect(judge(429, withRetryDelay(5))).toEqual(quotaMinute(60_000));
  });

  it("is the minute's when the id names neither day nor minute", () => {
    expect(judge(429, quotaTwin([{ quotaId: "Novel", quotaValue: "1" }]))).toEqual(quotaMinute(60_000));
    expect(judge(429, quotaTwin([{}]))).toEqual(quotaMinute(60_000));
  });

  it("is not that of a model without quota unless every violation and every line says zero", () => {
    const { message } = recorded("limit-zero");
    const day = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";
    expect(judge(429, quotaTwin([{ quotaId: day, quotaValue: "20" }], message))).toEqual(QUOTA_DAY);
    expect(judge(429, quotaTwin([{ quotaId: day }], "limit: 0, model: x"))).toEqual(QUOTA_DAY);
    expect(judge(429, quotaTwin([{ quotaId: day }], message.replace("limit: 0", "limit: 05")))).toEqual(QUOTA_DAY);
    expect(judge(429, twinOf("limit-zero", { details: undefined }))).toEqual(BUSY);
  });

  it("of no region at all kills the key only for a limit on generating", () => {
    const { metadata } = recorded("region-quota-zero").details?.[0] ?? {};
    const odd = { ...(metadata as object), quota_limit: "TunedModelRequestsPerMinutePerProject" };
    expect(judge(429, twinWithInfo("region-quota-zero", { metadata: odd }))).toEqual(KEY_UNSUITED);
    expect(judge(429, twinWithInfo("region-quota-zero", { domain: undefined }))).toEqual(BUSY);
    expect(judge(403, twinOf("region-quota-zero", {}))).toEqual(KEY_UNSUITED);
  });

  it("of a region for the day holds until midnight", () => {
    const metadata = {
      quota_limit: "GenerateContentRequestsPerDayPerProject",
      quota_limit_value: "50",
    };
    expect(judge(429, twinWithInfo("region-quota-minute", { metadata }))).toEqual(QUOTA_DAY);
  });

  it("said outside a 429 says nothing about the key", () => {
    expect(judge(400, twinOf("quota-day", {}))).toEqual(CALLER_FAULT);
    expect(judge(400, twinOf("limit-zero", {}))).toEqual(CALLER_FAULT);
    expect(judge(400, { error: { code: "quota_exceeded", message: "" } })).toEqual(CALLER_FAULT);
  });
});

describe("a 404", () => {
  it.each(["model-not-found", "model-not-for-new-users", "model-retired", "entity-not-found"])(
    "leaves the key alone and is asked of the caller's own: models differ by project (%s)",
    (name) => {
      expect(judge(404, twinOf(name, {}))).toEqual(KEY_UNSUITED);
    },
  );
});

describe("a 429 whose details name no quota", () => {
  it("cools nothing if they name no wait either: the key's tier may lack the tool that was asked for", () => {
    const help = { "@type": "type.googleapis.com/google.rpc.Help" };
    const retry = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "3s" };
    expect(judge(429, twinOf("busy", { details: [help] }))).toEqual(KEY_UNSUITED);
    expect(judge(429, twinOf("busy", { details: [help, retry] }))).toEqual(BUSY);
    expect(judge(429, twinOf("busy", {}))).toEqual(BUSY);
  });
});

describe("a quota of input tokens", () => {
  const minute = { quotaId: "GenerateContentInputTokensPerModelPerMinute-FreeTier", quotaValue: "250000" };
  const day = { quotaId: "GenerateContentInputTokensPerModelPerDay-FreeTier", quotaValue: "250000" };
  const requests = { quotaId: "GenerateRequestsPerDayPerProjectPerModel-FreeTier", quotaValue: "20" };

  it("says nothing about the key, if this prompt alone may exceed it: else one caller cools the whole pool", () => {
    expect(judge(429, quotaTwin([minute]), 3_000_000)).toEqual(KEY_UNSUITED);
    expect(judge(429, quotaTwin([day, minute]), 500_000)).toEqual(KEY_UNSUITED);
    // Of digits each byte is a token.
    expect(judge(429, quotaTwin([day]), 260_000)).toEqual(KEY_UNSUITED);
  });

  it("cools the key, if an ordinary prompt hits it", () => {
    expect(judge(429, quotaTwin([day]), 240_000)).toEqual(QUOTA_DAY);
    expect(judge(429, quotaTwin([minute]), 600)).toMatchObject({ kind: "quota_minute" });
  });

  it("does not hide another quota that is used up as well, or one without a value", () => {
    expect(judge(429, quotaTwin([day, requests]), 3_000_000)).toEqual(QUOTA_DAY);
    expect(judge(429, quotaTwin([{ quotaId: day.quotaId }]), 3_000_000)).toEqual(QUOTA_DAY);
  });
});

describe("a quota broken by a request of any number of tokens (a video, a page)", () => {
  const minute = { quotaId: "GenerateContentInputTokensPerModelPerMinute-FreeTier", quotaValue: "250000" };
  const day = { quotaId: "GenerateContentInputTokensPerModelPerDay-FreeTier" };
  const requests = { quotaId: "GenerateRequestsPerDayPerProjectPerModel-FreeTier", quotaValue: "20" };

  it("says nothing about the key if it is one of tokens, told or not", () => {
    expect(judge(429, quotaTwin([minute]), Infinity)).toEqual(KEY_UNSUITED);
    expect(judge(429, quotaTwin([day, minute]), Infinity)).toEqual(KEY_UNSUITED);
    const metadata = { quota_limit: "GenerateContentInputTokensPerMinutePerProjectPerRegion", quota_limit_value: "9" };
    expect(judge(429, twinWithInfo("region-quota-minute", { metadata }), Infinity)).toEqual(KEY_UNSUITED);
  });

  it("cools the key if it is one of requests", () => {
    expect(judge(429, quotaTwin([requests]), Infinity)).toEqual(QUOTA_DAY);
    expect(judge(429, quotaTwin([minute, requests]), Infinity)).toEqual(QUOTA_DAY);
    expect(judge(429, twinOf("region-quota-minute", {}), Infinity)).toMatchObject({ kind: "quota_minute" });
  });

  it("cools the key for no longer than the quota of requests that is broken as well", () => {
    const perMinute = { quotaId: "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", quotaValue: "10" };
    expect(judge(429, quotaTwin([day, perMinute]), Infinity)).toMatchObject({ kind: "quota_minute" });
    expect(judge(429, quotaTwin([day, perMinute]))).toEqual(QUOTA_DAY);
  });

  it("is believed to be none at all: zero is zero for every prompt", () => {
    expect(judge(429, twinOf("limit-zero", {}), Infinity)).toEqual({ kind: "model_not_offered" });
  });

  it("says nothing in interactions, which do not tell whether tokens or requests are meant", () => {
    for (const code of ["quota_exceeded", "rate_limit_exceeded"]) {
      expect(judge(429, { error: { code, message: "" } }, Infinity)).toEqual(KEY_UNSUITED);
      expect(judge(429, { error: { code, message: "" } })).not.toEqual(KEY_UNSUITED);
    }
  });
});

describe("a 401 of another route than the native ones that generate", () => {
  const info = (method: string) => ({ metadata: { method, service: "generativelanguage.googleapis.com" } });

  it("never counts towards retirement: the caller picks the route, and native ones may still take the key", () => {
    const chat = info("google.ai.generativelanguage.v1main.GenerativeService.GenerateContent");
    for (const name of ["auth-key-unusable", "credentials-missing"]) {
      expect(judge(401, twinWithInfo(name, chat))).toEqual(BUSY);
    }
    for (const method of [
      "google.learning.gemini.api.interactions.v1beta.InteractionsService.CreateInteractionHttp",
      "google.ai.generativelanguage.v1beta.ModelService.ListModels",
      "google.ai.generativelanguage.v1beta.GenerativeService.CountTokens",
    ]) {
      expect(judge(401, twinWithInfo("auth-key-unusable", info(method)))).toEqual(BUSY);
    }
    const native = info("google.ai.generativelanguage.v1beta.GenerativeService.GenerateContent");
    expect(judge(401, twinWithInfo("auth-key-unusable", native))).toMatchObject({ kind: "key_dead" });
  });
});

describe("an answer that Google's API did not write", () => {
  it.each([401, 402, 403, 429])("counts as Google being down for a refusal with %i", (status) => {
    for (const body of ["", "Forbidden", "{", "null", '{"error":"no"}', '{"error":[]}', "[]"]) {
      expect(judge(status, body)).toEqual(NOT_JSON);
    }
  });

  it.each([400, 404, 405, 413])("counts as the caller's fault for %i", (status) => {
    expect(judge(status, "")).toEqual(CALLER_FAULT);
    expect(judge(status, "not json")).toEqual(CALLER_FAULT);
  });

  it("is not believed about a key, whatever JSON stands under an HTML label", () => {
    const body = JSON.stringify(twinOf("key-expired", {}));
    expect(classify({ status: 400, contentType: "TEXT/HTML", body })).toEqual(CALLER_FAULT);
    expect(classify({ status: 403, contentType: "TEXT/HTML", body })).toEqual(NOT_JSON);
  });

  it("is not read for a word about the key", () => {
    const body = `<p>${JSON.stringify(twinOf("key-suspended", {}))}</p>`;
    expect(judge(403, body)).toEqual(NOT_JSON);
  });
});

describe("a server's failure", () => {
  it.each([500, 502, 503, 504, 524, 599])("never touches the key, whatever %i says", (status) => {
    expect(judge(status, twinOf("key-suspended", {}))).toEqual(DOWN);
    expect(judge(status, twinOf("key-leaked", {}))).toEqual(DOWN);
  });
});

describe("any other refusal", () => {
  it.each([405, 408, 409, 412, 413, 415, 416, 425, 499])("is the caller's fault for %i", (status) => {
    expect(judge(status, twinOf("key-suspended", {}))).toEqual(CALLER_FAULT);
  });
});
