import { isRecord, readJson } from "./json.ts";

/**
 * Asks a running aimock for the content of a Google request. Pure Web API: inside workerd too, where somebody else
 * started aimock. aimock knows the native API as /v1beta and the OpenAI surface as /v1.
 */
export function contentFrom(aimockUrl: string, fetcher: typeof fetch = fetch): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname } = new URL(request.url);
    const bytes = new Uint8Array(await request.arrayBuffer());
    const json = readJson(bytes);
    const openAi = /^\/v1[a-z]*\/openai\//.test(pathname);
    const path = openAi
      ? pathname.replace(/^\/v1[a-z]*\/openai\//, "/v1/")
      : pathname.replace(/^\/v1[a-z]*\//, "/v1beta/");
    return fetcher(new URL(path, aimockUrl), {
      method: request.method,
      headers: {
        "content-type": "application/json",
        "x-aimock-context": aimockContext(openAi, json),
      },
      body: json ? JSON.stringify(withGoogleDefaults(path, json)) : bytes,
      signal: request.signal,
    });
  };
}

/** Tells aimock's fixtures what its own reading of a native body leaves out. */
function aimockContext(openAi: boolean, json: Record<string, unknown> | undefined): string {
  if (openAi) return "openai";
  const config = json?.["generationConfig"];
  const structured =
    isRecord(config) && ["responseSchema", "responseJsonSchema", "_responseJsonSchema"].some((name) => name in config);
  return structured ? "native-schema" : "native";
}

const EMBEDDING_DIMENSIONS = 3072;

/** Where aimock's defaults are not Google's: embedding size, and interactions, which Google does not stream unasked. */
function withGoogleDefaults(path: string, json: Record<string, unknown>): Record<string, unknown> {
  if (path.endsWith(":embedContent")) return { outputDimensionality: EMBEDDING_DIMENSIONS, ...json };
  if (path === "/v1/embeddings") return { dimensions: EMBEDDING_DIMENSIONS, ...json };
  if (path === "/v1beta/interactions") return { stream: false, ...json };
  return json;
}
