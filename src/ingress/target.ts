import type { Dialect } from "../problem.ts";
import type { Carrier } from "./caller.ts";
import { OPENAI_ABSENT, repairPath } from "./repair-path.ts";
import { fieldInQuery, queryForGoogle } from "./query.ts";

/**
 * What a request is for.
 * - `generating`: any key can serve it, and a 2xx proves a key.
 * - `stateless`: any key can serve it, and a 2xx proves nothing (some dead keys still list models).
 * - `stateful`: it belongs to the project of one key. Whatever is not known to be stateless counts as stateful.
 */
export type Purpose = "generating" | "stateless" | "stateful";

export interface Target {
  dialect: Dialect;
  purpose: Purpose;
  /** Path and query for Google, credentials removed. */
  pathAndQuery: string;
  /** The model, where the path tells. */
  model: string | undefined;
  /** The body tells the model. */
  modelInBody: boolean;
  /** What is asked for, for logs and messages: `generateContent`, `chat/completions`, `files` … */
  operation: string;
}

export type TargetReading =
  | { kind: "target"; target: Target }
  /** Not a path of either dialect. */
  | { kind: "unknown"; dialect: Dialect; message: string };

/** Methods of `models/{model}` that any key can serve (protocol notes §3); true: a 2xx proves the key. */
const MODEL_METHODS: Record<string, boolean> = {
  generateContent: true,
  streamGenerateContent: true,
  embedContent: true,
  batchEmbedContents: true,
  predict: true,
  generateAnswer: true,
  generateMessage: true,
  generateText: true,
  embedText: true,
  batchEmbedText: true,
  countTokens: false,
  countTextTokens: false,
  countMessageTokens: false,
};

const NATIVE_PATH = /^\/(v1|v1beta|v1alpha)\/(.+)$/;
const MODEL_METHOD = /^models\/([^/:]+):([A-Za-z]+)$/;
/** Of both dialects. */
const MODEL_READ = /^models(?:\/([^/:]+))?$/;

/** What Google's OpenAI layer generates with; the body names the model. */
const OPENAI_GENERATING = new Set(["chat/completions", "embeddings", "images/generations"]);
/** Resources of Google's OpenAI layer that belong to a project. */
const OPENAI_STATEFUL = /^(?:files|batches|videos)(?:\/.*)?$/;
const OPENAI_ABSENT_PATH = new RegExp(`^${OPENAI_ABSENT}(?:/.*)?$`);

/**
 * A model's name as Google writes it; anything else travels on the caller's own key. Keys begin with a capital: one that
 * stands in a name's place by mistake must not be logged, or stored with a cooling.
 */
const MODEL_NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/;

/** What the request is for; reads path and query only. */
export function readTarget(method: string, url: URL, carrier: Carrier | undefined): TargetReading {
  const reading = readByPath(method, url, carrier);
  if (reading.kind === "unknown") return reading;
  const isPlain = hasReadableErrors(url.search) && fieldInQuery(queryForGoogle(url.search)) === undefined;
  if (isPlain) return reading;
  return { kind: "target", target: { ...reading.target, purpose: "stateful" } };
}

/** With `alt=proto` or `alt=media` Google's errors could not be read, and a dead key would be tried for ever. */
function hasReadableErrors(query: string): boolean {
  if (!query.includes("alt")) return true;
  const parameters = new URLSearchParams(query);
  return [...parameters.getAll("alt"), ...parameters.getAll("$alt")].every((alt) => /^(?:json|sse)$/i.test(alt));
}

function readByPath(method: string, url: URL, carrier: Carrier | undefined): TargetReading {
  const path = repairPath(url.pathname, carrier);
  const query = queryForGoogle(url.search);
  if (path.dialect === "openai") return readOpenAiTarget(method, path.rest, query);
  if (path.rest.startsWith("/upload/") || path.rest.startsWith("/ws/")) {
    return stateful("gemini", path.rest + query, path.rest.split("/")[1] ?? "");
  }
  const [, version, resource] = NATIVE_PATH.exec(path.rest) ?? [];
  if (version === undefined || resource === undefined) {
    return {
      kind: "unknown",
      dialect: carrier === "bearer" ? "openai" : "gemini",
      message:
        `There is nothing at ${path.rest}. Expected a path of the Gemini API such as ` +
        "/v1beta/models/{model}:generateContent, or of OpenAI's such as /v1/chat/completions.",
    };
  }
  return readNativeTarget(method, resource, path.rest + query);
}

function readNativeTarget(method: string, resource: string, pathAndQuery: string): TargetReading {
  const [, encodedModel, operation = ""] = MODEL_METHOD.exec(resource) ?? [];
  const proves = Object.hasOwn(MODEL_METHODS, operation) ? MODEL_METHODS[operation] : undefined;
  const model = encodedModel === undefined ? undefined : toModelName(encodedModel);
  if (method === "POST" && model !== undefined && proves !== undefined) {
    return target({ purpose: proves ? "generating" : "stateless", pathAndQuery, model, operation });
  }
  if (method === "POST" && resource === "interactions") {
    return target({ purpose: "generating", pathAndQuery, modelInBody: true, operation: resource });
  }
  if (method === "GET" && isModelRead(resource)) {
    return target({ purpose: "stateless", pathAndQuery, operation: "models" });
  }
  return stateful("gemini", pathAndQuery, resource.split(/[/:]/, 1)[0] ?? "");
}

function readOpenAiTarget(method: string, operation: string, query: string): TargetReading {
  const pathAndQuery = `/v1beta/openai/${operation}${query}`;
  if (method === "POST" && OPENAI_GENERATING.has(operation)) {
    return target({ dialect: "openai", purpose: "generating", pathAndQuery, modelInBody: true, operation });
  }
  if (method === "GET" && isModelRead(operation)) {
    return target({ dialect: "openai", purpose: "stateless", pathAndQuery, operation: "models" });
  }
  if (OPENAI_STATEFUL.test(operation)) return stateful("openai", pathAndQuery, operation.split("/", 1)[0] ?? "");
  const message = OPENAI_ABSENT_PATH.test(operation)
    ? `Google's OpenAI-compatible API has no /${operation}. Use /v1/chat/completions, /v1/embeddings or /v1/images/generations.`
    : `There is no ${method} /${operation} in Google's OpenAI-compatible API. ` +
      "Expected POST /v1/chat/completions, POST /v1/embeddings, POST /v1/images/generations or GET /v1/models.";
  return { kind: "unknown", dialect: "openai", message };
}

/** The list of models, or one by its plain name: `models/x%2Foperations%2F1` may be another's video to Google. */
function isModelRead(resource: string): boolean {
  const match = MODEL_READ.exec(resource);
  return match !== null && (match[1] === undefined || toModelName(match[1]) !== undefined);
}

function target(known: Partial<Target> & Pick<Target, "purpose" | "pathAndQuery" | "operation">): TargetReading {
  return { kind: "target", target: { dialect: "gemini", model: undefined, modelInBody: false, ...known } };
}

function stateful(dialect: Dialect, pathAndQuery: string, operation: string): TargetReading {
  return target({ dialect, purpose: "stateful", pathAndQuery, operation });
}

/** The model's plain name; undefined for what Google would never call a model. */
export function toModelName(text: string): string | undefined {
  let name = text;
  try {
    name = decodeURIComponent(text);
  } catch {
    return undefined;
  }
  name = name.replace(/^models\//, "");
  return MODEL_NAME.test(name) ? name : undefined;
}
