/**
 * What Google says about a key itself. Pure: no I/O, no clock.
 *
 * A key falls only on an ErrorInfo reason with the HTTP code and the status that belong to it, or, where Google sends
 * no details, on a whole sentence. The attack this stops: a body field or a model named "API key expired. Please renew
 * the API key." comes back inside a 400 or a 404, and whoever searches messages for sentences retires the whole pool.
 */

import type { KeyDeathReason, Verdict } from "../verdict.ts";
import type { ErrorInfo, GoogleError } from "./google-error.ts";

export const GOOGLE_DOMAIN = "googleapis.com";
export const GEMINI_SERVICE = "generativelanguage.googleapis.com";

interface ReasonRule {
  reason: KeyDeathReason;
  httpStatus: number;
  googleStatus: string;
  evidence: "certain" | "repeated";
  /** The 401s come without a domain in every recorded copy (protocol facts §9.5). */
  domainMayBeAbsent?: true;
}

interface SentenceRule {
  sentence: string;
  httpStatuses: readonly number[];
  googleStatus: string;
  verdict: Verdict;
}

/** The owner alone can undo these (protocol facts §1.1, §1.2). */
const FORBIDDEN_REASONS = [
  "CONSUMER_SUSPENDED",
  "CONSUMER_INVALID",
  "SERVICE_DISABLED",
  "API_KEY_SERVICE_BLOCKED",
  "API_KEY_HTTP_REFERRER_BLOCKED",
  "API_KEY_IP_ADDRESS_BLOCKED",
  "API_KEY_ANDROID_APP_BLOCKED",
  "API_KEY_IOS_APP_BLOCKED",
] as const satisfies readonly KeyDeathReason[];

const REASON_RULES: readonly ReasonRule[] = [
  {
    reason: "API_KEY_INVALID",
    httpStatus: 400,
    googleStatus: "INVALID_ARGUMENT",
    evidence: "certain",
  },
  // A 401 was also an account bug of Google's and a matter of the route, so one hit is not believed.
  {
    reason: "ACCESS_TOKEN_TYPE_UNSUPPORTED",
    httpStatus: 401,
    googleStatus: "UNAUTHENTICATED",
    evidence: "repeated",
    domainMayBeAbsent: true,
  },
  {
    reason: "CREDENTIALS_MISSING",
    httpStatus: 401,
    googleStatus: "UNAUTHENTICATED",
    evidence: "repeated",
    domainMayBeAbsent: true,
  },
  {
    reason: "API_KEY_SERVICE_BLOCKED",
    httpStatus: 401,
    googleStatus: "UNAUTHENTICATED",
    evidence: "repeated",
  },
  ...FORBIDDEN_REASONS.map((reason): ReasonRule => ({
    reason,
    httpStatus: 403,
    googleStatus: "PERMISSION_DENIED",
    evidence: "certain",
  })),
];

/** 429 until the summer of 2026, 402 since (protocol facts §1.5E). */
const BILLING_STATUSES = [402, 429] as const;

const DEPLETED_SENTENCES = [
  "Your prepayment credits are depleted.",
  "Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing.",
  "Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing. Learn more at https://ai.google.dev/gemini-api/docs/billing#prepay.",
];

/** The project's own cap, and the cap of the billing account's tier. */
const SPENDING_CAP_SENTENCES = [
  "Your project has exceeded its monthly spending cap.",
  "Your project has exceeded its monthly spending cap. Please go to AI Studio at https://ai.studio/spend to manage your project spend cap.",
  "Your project has exceeded its monthly spending cap. Please go to AI Studio at https://ai.studio/spend to manage your project spend cap. Learn more at https://ai.google.dev/gemini-api/docs/billing#project-spend-caps.",
  "Your billing account has exceeded its monthly spending cap. Please go to AI Studio at https://ai.studio/billing to manage your billing.",
  "Your billing account has exceeded its monthly spending cap. Please go to AI Studio at https://ai.studio/billing to manage your billing. Learn more at https://ai.google.dev/gemini-api/docs/billing#tier-spend-caps.",
];

const GENERATING_METHOD = /\.(?:(?:Stream)?GenerateContent|(?:Batch)?EmbedContents?|Predict)$/;

const SENTENCE_RULES: readonly SentenceRule[] = [
  {
    sentence: "Your API key was reported as leaked. Please use another API key.",
    httpStatuses: [403],
    googleStatus: "PERMISSION_DENIED",
    verdict: { kind: "key_dead", reason: "reported_as_leaked", evidence: "certain" },
  },
  {
    sentence: "Your project has been denied access. Please contact support.",
    httpStatuses: [403],
    googleStatus: "PERMISSION_DENIED",
    verdict: { kind: "key_dead", reason: "project_denied_access", evidence: "certain" },
  },
  ...DEPLETED_SENTENCES.map((sentence) => brokeRule(sentence, "PREPAY_DEPLETED")),
  ...SPENDING_CAP_SENTENCES.map((sentence) => brokeRule(sentence, "SPENDING_CAP")),
];

/** The verdict on the key where Google speaks about the key, else undefined. */
export function judgeKey(httpStatus: number, error: GoogleError): Verdict | undefined {
  return judgeByReason(httpStatus, error) ?? judgeBySentence(httpStatus, error);
}

/** Whether an ErrorInfo comes from Google about Gemini, not about another service that the request touched. */
export function speaksOfGemini(info: ErrorInfo): boolean {
  return info.domain === GOOGLE_DOMAIN && isGeminiService(info);
}

function judgeByReason(httpStatus: number, error: GoogleError): Verdict | undefined {
  const rule = REASON_RULES.find(
    (candidate) =>
      candidate.httpStatus === httpStatus &&
      candidate.googleStatus === error.status &&
      error.errorInfos.some((info) => isReasonOf(candidate, info)),
  );
  if (rule === undefined) return undefined;
  // The caller picks the route, and auth keys have been unusable on one alone: not a word about the key.
  if (rule.evidence === "repeated" && error.errorInfos.some(isAboutAnotherRoute)) return { kind: "busy" };
  return { kind: "key_dead", reason: rule.reason, evidence: rule.evidence };
}

/**
 * Google's OpenAI layer is served as API version `v1main` (protocol facts §4), interactions by another service. What a key
 * is good for is said by the methods that generate.
 */
function isAboutAnotherRoute(info: ErrorInfo): boolean {
  const method = info.metadata["method"];
  return method !== undefined && (method.includes(".v1main.") || !GENERATING_METHOD.test(method));
}

function isReasonOf(rule: ReasonRule, info: ErrorInfo): boolean {
  if (info.reason !== rule.reason || !blocksGenerating(info)) return false;
  if (info.domain === undefined) return rule.domainMayBeAbsent === true && isGeminiService(info);
  return speaksOfGemini(info);
}

/**
 * A key may be restricted to some methods. A caller who picks a blocked one must not retire a key that generates
 * well, so a refusal that names another kind of method says nothing about the key.
 */
function blocksGenerating(info: ErrorInfo): boolean {
  const method = info.metadata["methodName"];
  return method === undefined || GENERATING_METHOD.test(method);
}

/** Absent counts as Gemini: not every recorded copy names the service. */
function isGeminiService(info: ErrorInfo): boolean {
  const service = info.metadata["service"];
  return service === undefined || service === GEMINI_SERVICE;
}

function judgeBySentence(httpStatus: number, error: GoogleError): Verdict | undefined {
  if (error.hasDetails) return undefined;
  // Some of Google's sentences end in a space.
  const sentence = error.message.trim();
  return SENTENCE_RULES.find(
    (rule) =>
      rule.sentence === sentence && rule.googleStatus === error.status && rule.httpStatuses.includes(httpStatus),
  )?.verdict;
}

function brokeRule(sentence: string, reason: "PREPAY_DEPLETED" | "SPENDING_CAP"): SentenceRule {
  return {
    sentence,
    httpStatuses: BILLING_STATUSES,
    googleStatus: "RESOURCE_EXHAUSTED",
    verdict: { kind: "key_broke", reason },
  };
}
