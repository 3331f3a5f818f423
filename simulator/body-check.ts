/**
 * Top-level fields of GenerateContentRequest (ai.google.dev/api/generate-content, `store` and `serviceTier` from the
 * types of @google/genai 3.1.0). Proto JSON takes snake_case as well.
 */
const GENERATE_FIELDS = new Set([
  "model",
  "contents",
  "systemInstruction",
  "tools",
  "toolConfig",
  "safetySettings",
  "generationConfig",
  "cachedContent",
  "labels",
  "store",
  "serviceTier",
  "continuationToken",
]);

/** What the OpenAI route accepts (protocol §4); `seed` and `frequency_penalty` were seen refused. */
const CHAT_FIELDS = new Set([
  "model",
  "messages",
  "stream",
  "stream_options",
  "temperature",
  "top_p",
  "n",
  "max_tokens",
  "max_completion_tokens",
  "stop",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "response_format",
  "reasoning_effort",
  "service_tier",
  "modalities",
  "extra_body",
  "presence_penalty",
  "user",
]);

/** The first field that Google does not know, as the caller spelled it. */
export function findUnknownField(body: Record<string, unknown>, kind: "generate" | "chat"): string | undefined {
  const known = kind === "chat" ? CHAT_FIELDS : GENERATE_FIELDS;
  return Object.keys(body).find((name) => !known.has(kind === "chat" ? name : camelCase(name)));
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
