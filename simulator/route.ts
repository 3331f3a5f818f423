/** Which of Google's error layouts a route answers with (protocol §1.8). */
export type ErrorShape = "object" | "array" | "object-labelled-sse" | "interactions";

export interface Route {
  surface: "native" | "openai" | "upload";
  version: string;
  /** First path segment below the version: `models`, `files`, `cachedContents`, …; on the OpenAI surface `openai`. */
  collection: string;
  /** The rest of the path, decoded, without the action: `gemini-2.5-flash`, `abc/operations/xyz`, `chat/completions`. */
  id: string;
  /** `generateContent` of `…:generateContent`, else what the HTTP verb means: list, get, create, delete, patch. */
  action: string;
  /** Named by the path; the OpenAI surface and interactions name it in the body. */
  model: string | undefined;
  errorShape: ErrorShape;
  /** The caller wants events (`alt=sse`); a stream without it is a JSON array. */
  sse: boolean;
}

const VERSIONED = /^\/(?<upload>upload\/)?(?<version>v1|v1beta|v1alpha)\/(?<rest>.+)$/;
const ACTION = /:(?<action>[A-Za-z]+)$/;

/** Reads method and path as Google's front end does; undefined where Google knows no such path. */
export function readRoute(method: string, url: URL): Route | undefined {
  const groups = VERSIONED.exec(url.pathname)?.groups;
  if (!groups) return undefined;
  const rest = groups["rest"] ?? "";
  const named = ACTION.exec(rest)?.groups?.["action"];
  const path = named ? rest.slice(0, -named.length - 1) : rest;
  const [collection = "", ...segments] = path.split("/");
  const tail = decode(segments.join("/"));
  const cancels = collection === "interactions" && tail.endsWith("/cancel");
  const id = cancels ? tail.slice(0, -"/cancel".length) : tail;
  const surface = groups["upload"] ? "upload" : collection === "openai" ? "openai" : "native";
  const action = cancels ? "cancel" : (named ?? verbMeaning(method, id));
  const sse = url.searchParams.get("alt") === "sse";
  return {
    surface,
    version: groups["version"] ?? "",
    collection,
    id,
    action,
    model: collection === "models" && id ? id.split("/operations/")[0] : undefined,
    errorShape: errorShape(surface, collection, action, sse),
    sse,
  };
}

function errorShape(surface: string, collection: string, action: string, sse: boolean): ErrorShape {
  if (surface === "openai") return "array";
  if (collection === "interactions") return "interactions";
  if (action !== "streamGenerateContent") return "object";
  return sse ? "object-labelled-sse" : "array";
}

function verbMeaning(method: string, id: string): string {
  if (method === "DELETE") return "delete";
  if (method === "PATCH") return "patch";
  if (method === "POST") return "create";
  return id ? "get" : "list";
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
