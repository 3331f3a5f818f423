import type { Arrival } from "./arrival.ts";
import { invalidArgument, refuse } from "./arrival.ts";
import type { Behaviour } from "./behaviour.ts";
import { findUnknownField } from "./body-check.ts";
import { brokenFrames, frameArray, frameEvents, pacedFrames, readEvents, streamFrames } from "./event-stream.ts";
import { findModel } from "./models.ts";
import { isRecord } from "./json.ts";
import { answer, jsonAnswer } from "./refusals.ts";

export type Content = (request: Request) => Promise<Response>;

const DEFAULT_EVENTS_BEFORE_BREAK = 1;

/** A body that Google refuses before it looks at quotas: the caller's own words are echoed (protocol §1.7). */
export function refuseBody(arrival: Arrival): Response | undefined {
  const { route, json } = arrival;
  const chat = route.surface === "openai" && route.id === "chat/completions";
  const generates = route.action === "generateContent" || route.action === "streamGenerateContent";
  const unknown = chat || generates ? findUnknownField(json, chat ? "chat" : "generate") : undefined;
  if (unknown !== undefined) return refuseUnknownField(arrival, unknown);
  if (route.surface === "openai" && typeof json["model"] !== "string") return invalidArgument(arrival);
  const method = route.surface === "openai" || route.collection === "interactions" ? undefined : route.action;
  if (arrival.model !== undefined && !findModel(arrival.model, method)) return refuseModel(arrival);
  return undefined;
}

export function refuseModel(arrival: Arrival): Response {
  const { route } = arrival;
  if (route.surface === "openai") return refuse(arrival, "model-not-found-openai-array");
  return refuse(arrival, route.collection === "interactions" ? "interactions-model-not-found" : "model-not-found");
}

/** The recorded error with its field's name replaced by the caller's, in the message and in the details alike. */
function refuseUnknownField(arrival: Arrival, name: string): Response {
  const escaped = JSON.stringify(JSON.stringify(name).slice(1, -1)).slice(1, -1);
  return refuse(arrival, "unknown-field", (body) => {
    const recorded = /Unknown name \\"(.*?)\\"/.exec(body)?.[1] ?? "";
    return body.replaceAll(`\\"${recorded}\\"`, () => `\\"${escaped}\\"`);
  });
}

/** Asks the content maker, which sees Google's path and the body and no credential. */
export async function askContent(arrival: Arrival, content: Content): Promise<Response> {
  const { request, bytes } = arrival;
  const headers = { "content-type": "application/json" };
  const made = await content(
    new Request(request.url, {
      method: request.method,
      headers,
      body: bytes,
      signal: request.signal,
    }),
  );
  if (made.ok) return made;
  // The content maker checks the body's shape as well; anything else that it refuses is a gap in the simulator.
  if (made.status === 400) return invalidArgument(arrival);
  const text = (await made.text()).slice(0, 300);
  throw new Error(`simulator: content for ${arrival.url.pathname} answered ${made.status}: ${text}`);
}

/** Gives what the content maker made Google's framing, with the key's faults in it. */
export async function generate(arrival: Arrival, content: Content, behaviour: Behaviour): Promise<Response> {
  const { route } = arrival;
  const made = await askContent(arrival, content);
  if (!made.ok) return made;
  const events = made.headers.get("content-type")?.startsWith("text/event-stream") === true;
  if (!events || !made.body) return answer(200, "application/json; charset=UTF-8", await made.text(), tier());
  const asArray = route.action === "streamGenerateContent" && !route.sse;
  const data = readEvents(made.body);
  const frames = asArray ? frameArray(data) : frameEvents(data, route.surface === "openai" ? "\n" : "\r\n");
  const type = asArray ? "application/json; charset=UTF-8" : "text/event-stream";
  return answer(200, type, streamFrames(withFaults(frames, arrival, behaviour)), tier());
}

function withFaults(frames: AsyncGenerator<string>, arrival: Arrival, behaviour: Behaviour): AsyncGenerator<string> {
  if (behaviour.kind === "drip") return pacedFrames(frames, behaviour.pauseMs);
  if (behaviour.kind !== "midstream-error") return frames;
  const tail = arrival.refusals.tail(behaviour.fixture ?? "overloaded", arrival);
  return brokenFrames(frames, behaviour.afterEvents ?? DEFAULT_EVENTS_BEFORE_BREAK, `\n${tail}`);
}

/** `batchEmbedContents` is `embedContent` for each of its requests. */
export async function embedBatch(arrival: Arrival, content: Content): Promise<Response> {
  const requests = arrival.json["requests"];
  if (!Array.isArray(requests)) return invalidArgument(arrival);
  const url = new URL(arrival.url);
  url.pathname = url.pathname.replace(":batchEmbedContents", ":embedContent");
  const embeddings = await Promise.all(
    requests.map(async (one: unknown) => {
      const headers = { "content-type": "application/json" };
      const made = await content(new Request(url, { method: "POST", headers, body: JSON.stringify(one) }));
      const body: unknown = await made.json();
      return isRecord(body) ? body["embedding"] : undefined;
    }),
  );
  return jsonAnswer({ embeddings });
}

/** Four characters a token, as Google's rule of thumb says; enough for clients (ai.google.dev/api/tokens). */
export function countTokens(arrival: Arrival): Response {
  const totalTokens = Math.max(1, Math.ceil(arrival.bytes.byteLength / 4));
  return jsonAnswer({
    totalTokens,
    promptTokensDetails: [{ modality: "TEXT", tokenCount: totalTokens }],
  });
}

function tier(): Record<string, string> {
  return { "x-gemini-service-tier": "standard" };
}
