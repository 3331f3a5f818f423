import type { Carrier } from "./caller.ts";
import type { Dialect } from "../problem.ts";

/** A path whose meaning is certain: native with its version, or OpenAI's without any prefix. */
export interface RepairedPath {
  dialect: Dialect;
  /** Native: `/v1beta/…`, `/upload/…`, `/ws/…`. OpenAI: `chat/completions`, without a leading slash. */
  rest: string;
}

const VERSION = "(?:v1|v1beta|v1alpha)";
/** Clients whose base URL has a version already add their own: the one they mean is the last. */
const DOUBLED_VERSION = new RegExp(`^(?:/${VERSION})+(?=/${VERSION}/)`);
const MISSING_VERSION =
  /^\/(?:models|tunedModels|files|cachedContents|interactions|batches|fileSearchStores)(?:[/:]|$)/;

/** Every prefix under which OpenAI's paths are served; the longest first. */
const OPENAI_PREFIX = new RegExp(`^/(?:(?:${VERSION}/)?openai(?:/v1)?|hf/v1)/(.+)$`);
/** OpenAI's paths that the native API does not have, at the root or below a version. */
const OPENAI_ONLY = new RegExp(
  `^(?:/${VERSION})?/((?:chat/completions|embeddings|images/generations|responses|completions|audio/.+|moderations|videos(?:/.+)?|images/(?:edits|variations)|assistants.*|threads.*|vector_stores.*|fine_tuning.*|realtime.*|conversations.*))$`,
);
/** Paths that both dialects have: OpenAI's if the credential is. */
const SHARED = /^\/v1\/((?:models|files|batches)(?:\/[^:]*)?)$/;

/** Brings the spellings that clients produce to the one that Google has. Leaves alone what is not certain. */
export function repairPath(pathname: string, carrier: Carrier | undefined): RepairedPath {
  const clean = trimmed(pathname).replace(DOUBLED_VERSION, "");
  if (clean === "/chat") return { dialect: "openai", rest: "chat/completions" };
  const openAi =
    OPENAI_PREFIX.exec(clean) ?? OPENAI_ONLY.exec(clean) ?? (carrier === "bearer" ? SHARED.exec(clean) : null);
  if (openAi?.[1] !== undefined) return { dialect: "openai", rest: openAi[1] };
  return { dialect: "gemini", rest: MISSING_VERSION.test(clean) ? `/v1beta${clean}` : clean };
}

/** One slash where there were several, none at the end. Linear: no pattern of it can backtrack. */
function trimmed(pathname: string): string {
  if (!pathname.includes("//") && !pathname.endsWith("/")) return pathname;
  return `/${pathname
    .split("/")
    .filter((segment) => segment !== "")
    .join("/")}`;
}
