import type { Carrier } from "./caller.ts";
import type { Dialect } from "../problem.ts";

/** A path whose meaning is certain: native with its version, or OpenAI's without any prefix. */
export interface RepairedPath {
  dialect: Dialect;
  /** Native: `/v1beta/…`, `/upload/…`, `/ws/…`. OpenAI: `chat/completions`, without a leading slash. */
  rest: string;
}

const VERSION = "(?:v1|v1beta|v1alpha)";
/** The native API's collections (protocol notes §3). Below a version others are left to Google: new ones appear. */
const NATIVE =
  "(?:models|tunedModels|files|generatedFiles|cachedContents|batches|interactions|fileSearchStores|operations|auth_tokens|corpora|dynamic|decisions|agents|environments|triggers|credentials|voices|webhooks)";
/** OpenAI's collections that Google's layer does not have, nor the native API. */
export const OPENAI_ABSENT =
  "(?:assistants|audio|completions|containers|conversations|evals|fine_tuning|images/(?:edits|variations)|moderations|realtime|responses|threads|uploads|vector_stores)";

/** Clients whose base URL has a version already add their own: the one they mean is the last. */
const DOUBLED_VERSION = new RegExp(`^(?:/${VERSION})+(?=/(?:${VERSION}|upload|ws)/)`);
const MISSING_VERSION = new RegExp(`^(/upload)?(/${NATIVE}(?:[/:].*)?)$`);
/** A model's name that brings its prefix, put where the prefix stands already. */
const DOUBLED_MODELS = /\/models\/(?:models(?:\/|%2F))+/i;

/** Every prefix under which OpenAI's paths are served. */
const OPENAI_PREFIX = new RegExp(`^/(?:(?:${VERSION}/)*openai(?:/${VERSION})*|hf/v1)(?:/(.*))?$`);
/** OpenAI's paths that the native API does not have, at the root or below a version. */
const OPENAI_ONLY = new RegExp(
  `^(?:/${VERSION})?/((?:chat/completions|embeddings|images/generations|videos|${OPENAI_ABSENT})(?:/.*)?)$`,
);
/** Paths that both dialects have: OpenAI's if the credential is. */
const SHARED = /^(?:\/v1)?\/((?:models|files|batches)(?:\/[^:]*)?)$/;
/** What is not Google's was meant for OpenAI, if the credential is. */
const NOT_NATIVE = new RegExp(`^/v1/(?!${NATIVE}(?:[/:]|$))(.+)$`);

/** Brings the spellings that clients produce to the one that Google has. Leaves alone what is not certain. */
export function repairPath(pathname: string, carrier: Carrier | undefined): RepairedPath {
  const path = trimmed(pathname).replace(DOUBLED_VERSION, "").replace(DOUBLED_MODELS, "/models/");
  if (path === "/chat") return { dialect: "openai", rest: "chat/completions" };
  const byCredential = carrier === "bearer" ? (SHARED.exec(path) ?? NOT_NATIVE.exec(path)) : null;
  const openAi = OPENAI_PREFIX.exec(path) ?? OPENAI_ONLY.exec(path) ?? byCredential;
  if (openAi !== null) return { dialect: "openai", rest: openAi[1] ?? "" };
  return { dialect: "gemini", rest: path.replace(MISSING_VERSION, "$1/v1beta$2") };
}

/** One slash where there were several, none at the end. Linear: no pattern of it can backtrack. */
function trimmed(pathname: string): string {
  if (!pathname.includes("//") && !pathname.endsWith("/")) return pathname;
  return `/${pathname
    .split("/")
    .filter((segment) => segment !== "")
    .join("/")}`;
}
