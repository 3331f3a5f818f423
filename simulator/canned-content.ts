import { isRecord } from "./json.ts";
import { answer, jsonAnswer } from "./refusals.ts";

const PIECES = ["Everyone brings a key, ", "everyone eats ", "from the table."];
const VECTOR = [0.1, 0.2, 0.3];
const CREATED_S = 1_780_000_000;

/**
 * Content without aimock, for tests inside workerd that only ask whether an answer came through. Everything else
 * takes content.ts.
 */
export async function cannedContent(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const body: unknown = await request.json().catch(() => ({}));
  const json = isRecord(body) ? body : {};
  const { model, stream } = json;
  if (pathname.endsWith(":streamGenerateContent")) return events(PIECES.map((text, at) => nativeChunk(text, at)));
  if (pathname.endsWith(":embedContent")) return jsonAnswer({ embedding: { values: VECTOR } });
  if (pathname.endsWith(":predict"))
    return jsonAnswer({ predictions: [{ mimeType: "image/png", bytesBase64Encoded: "" }] });
  if (pathname.endsWith("/interactions")) return jsonAnswer(interaction(model));
  if (pathname.endsWith("/embeddings")) {
    return jsonAnswer({
      object: "list",
      model,
      data: [{ object: "embedding", index: 0, embedding: VECTOR }],
    });
  }
  if (pathname.endsWith("/images/generations")) return jsonAnswer({ created: CREATED_S, data: [{ b64_json: "" }] });
  if (pathname.endsWith("/chat/completions")) {
    if (stream !== true) return jsonAnswer(chat("chat.completion", model, { message: message(PIECES.join("")) }));
    const chunks = PIECES.map((text) => chat("chat.completion.chunk", model, { delta: message(text) }));
    return events([...chunks, "[DONE]"]);
  }
  return jsonAnswer(nativeChunk(PIECES.join(""), PIECES.length - 1));
}

function events(values: unknown[]): Response {
  const text = values.map((value) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`);
  return answer(200, "text/event-stream", text.join(""));
}

function nativeChunk(text: string, at: number): Record<string, unknown> {
  const last = at === PIECES.length - 1;
  const candidate = {
    content: { role: "model", parts: [{ text }] },
    index: 0,
    ...(last ? { finishReason: "STOP" } : {}),
  };
  const usageMetadata = { promptTokenCount: 9, candidatesTokenCount: 12, totalTokenCount: 21 };
  return { candidates: [candidate], ...(last ? { usageMetadata } : {}) };
}

function chat(object: string, model: unknown, choice: Record<string, unknown>): Record<string, unknown> {
  const choices = [{ index: 0, finish_reason: "stop", ...choice }];
  return { id: "chatcmpl-canned", object, created: CREATED_S, model, choices };
}

function message(content: string): Record<string, string> {
  return { role: "assistant", content };
}

function interaction(model: unknown): Record<string, unknown> {
  const content = [{ type: "text", text: PIECES.join("") }];
  return {
    id: "canned",
    status: "completed",
    model,
    role: "model",
    steps: [{ type: "model_output", content }],
  };
}
