import type { ChatCompletionRequest, Fixture, FixtureResponse } from "@copilotkit/aimock";
import { LLMock } from "@copilotkit/aimock";
import { contentFrom } from "./aimock-route.ts";

export interface ContentServer {
  /** Where aimock listens. */
  url: string;
  content: (request: Request) => Promise<Response>;
  close: () => Promise<void>;
}

const ANSWER = "Everyone brings a key, everyone eats from the table.";
const USAGE = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 };
/** Small pieces, so that even a short answer streams in several events. */
const CHARACTERS_PER_EVENT = 12;
/** One transparent pixel. */
const PIXEL_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/** Starts aimock on a free loopback port with an answer for everything the simulated Google asks of it. Node only. */
export async function startContent(): Promise<ContentServer> {
  const aimock = new LLMock({
    port: 0,
    host: "127.0.0.1",
    chunkSize: CHARACTERS_PER_EVENT,
    logLevel: "silent",
  });
  aimock.addFixtures(FIXTURES);
  const url = await aimock.start();
  return { url, content: contentFrom(url), close: () => aimock.stop() };
}

/** First match wins. */
const FIXTURES: Fixture[] = [
  { match: { endpoint: "image" }, response: { image: { b64Json: PIXEL_PNG } } },
  // aimock puts any inline data into a Gemini answer that is given to it as audio.
  {
    match: { endpoint: "chat", model: /-image$/ },
    response: { audio: { b64Json: PIXEL_PNG, contentType: "image/png" } },
  },
  {
    match: {
      endpoint: "chat",
      userMessage: /weather/i,
      hasToolResult: false,
      predicate: offersTools,
    },
    response: callFirstTool,
  },
  { match: { endpoint: "chat", context: "native-schema" }, response: structured },
  { match: { endpoint: "chat", predicate: asksForSchema }, response: structured },
  {
    match: { endpoint: "chat" },
    response: { content: ANSWER, usage: USAGE, finishReason: "stop" },
  },
];

function offersTools(request: ChatCompletionRequest): boolean {
  return (request.tools ?? []).length > 0;
}

/** Google ends a function call with STOP; its OpenAI route says tool_calls. */
function callFirstTool(request: ChatCompletionRequest): FixtureResponse {
  const name = request.tools?.[0]?.function.name ?? "get_weather";
  const native = String(request["_context"]).startsWith("native");
  return {
    toolCalls: [{ name, arguments: JSON.stringify({ location: "Paris" }) }],
    usage: USAGE,
    finishReason: native ? "stop" : "tool_calls",
  };
}

function asksForSchema(request: ChatCompletionRequest): boolean {
  return request.response_format?.type === "json_schema" || request.response_format?.type === "json_object";
}

function structured(): FixtureResponse {
  return { content: JSON.stringify({ answer: ANSWER }), usage: USAGE, finishReason: "stop" };
}
