import { jsonAnswer } from "./refusals.ts";

/** A model as `GET /{v}/models` describes it (ai.google.dev/api/models#Model). */
export interface Model {
  name: string;
  version: string;
  displayName: string;
  description: string;
  inputTokenLimit: number;
  outputTokenLimit: number;
  supportedGenerationMethods: string[];
}

const TEXT = ["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"];
const EMBEDDING = ["embedContent", "countTextTokens", "countTokens", "asyncBatchEmbedContent"];

function model(id: string, displayName: string, methods: string[], input = 1_048_576, output = 65_536): Model {
  return {
    name: `models/${id}`,
    version: "001",
    displayName,
    description: `${displayName}, as the simulated Google serves it.`,
    inputTokenLimit: input,
    outputTokenLimit: output,
    supportedGenerationMethods: methods,
  };
}

export const MODELS: readonly Model[] = [
  model("gemini-3.8-flash", "Gemini 3.8 Flash", TEXT),
  model("gemini-2.5-pro", "Gemini 2.5 Pro", TEXT),
  model("gemini-2.5-flash", "Gemini 2.5 Flash", TEXT),
  model("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite", TEXT),
  model("gemini-2.5-flash-image", "Gemini 2.5 Flash Image", TEXT, 32_768, 32_768),
  model("gemini-2.5-flash-native-audio-preview", "Gemini 2.5 Flash Native Audio", [
    "bidiGenerateContent",
    "countTokens",
  ]),
  model("gemini-embedding-001", "Gemini Embedding 001", EMBEDDING, 2_048, 1),
  model("imagen-4.0-generate-001", "Imagen 4", ["predict"], 480, 8_192),
  model("veo-3.1-generate-preview", "Veo 3.1", ["predictLongRunning"], 480, 8_192),
];

/** Methods that Google accepts although the list does not name them. */
const IMPLIED: Readonly<Record<string, string>> = {
  streamGenerateContent: "generateContent",
  batchEmbedContents: "embedContent",
};

/** `id` with or without `models/`; `method` is the action of the path. */
export function findModel(id: string, method?: string): Model | undefined {
  const name = id.startsWith("models/") ? id : `models/${id}`;
  const found = MODELS.find((candidate) => candidate.name === name);
  if (!found || method === undefined) return found;
  return found.supportedGenerationMethods.includes(IMPLIED[method] ?? method) ? found : undefined;
}

export function listModels(url: URL): Response {
  const size = Number(url.searchParams.get("pageSize") ?? "50");
  const from = Number(url.searchParams.get("pageToken") ?? "0");
  const more = from + size < MODELS.length;
  return jsonAnswer({
    models: MODELS.slice(from, from + size),
    ...(more ? { nextPageToken: String(from + size) } : {}),
  });
}

export function listOpenAiModels(): Response {
  return jsonAnswer({ object: "list", data: MODELS.map(openAiModel) });
}

export function openAiModel(found: Model): Record<string, string> {
  return { id: found.name, object: "model", owned_by: "google", display_name: found.displayName };
}
