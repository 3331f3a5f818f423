/** One request, sent as an application would send it: through the official clients. */

import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import type { Contributor } from "./cast.ts";

export const MODEL = "gemini-2.5-flash";
const EMBEDDING_MODEL = "gemini-embedding-001";
const PROMPT = "What is a potluck?";

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** What the Worker said about an answer in its `x-pool-*` headers. */
export interface Heard {
  attempts: number;
  servedBy: string | null;
}

export interface Visit {
  contributor: Contributor;
  heard: Heard[];
  /** Why it failed; undefined: served. */
  failure?: string;
}

type Ask = (contributor: Contributor, url: string, fetch: Fetch) => Promise<boolean>;

/** Each returns whether the answer held what was asked for. */
const ASKS: Record<Contributor["client"], Ask[]> = {
  "@google/genai": [generate, streamGenerate],
  openai: [chat, streamChat, embed],
};

/** The contributor's request number `turn`. Failures are values: the show goes on. */
export async function visit(contributor: Contributor, turn: number, url: string): Promise<Visit> {
  const heard: Heard[] = [];
  const asks = ASKS[contributor.client];
  const ask = asks[turn % asks.length] ?? generate;
  try {
    const gotIt = await ask(contributor, url, listening(heard));
    return gotIt ? { contributor, heard } : { contributor, heard, failure: "the answer was empty" };
  } catch (error) {
    return { contributor, heard, failure: messageOf(error) };
  }
}

function listening(heard: Heard[]): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    heard.push({
      attempts: Number(response.headers.get("x-pool-attempts") ?? 0),
      servedBy: response.headers.get("x-pool-served-by"),
    });
    return response;
  };
}

/** Google's own sentence, without what the clients put around it: JSON, or the status in front. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /"message":\s*"([^"]+)"/.exec(text)?.[1] ?? text.replace(/^\d{3} /, "");
}

const gemini = ({ key }: Contributor, baseUrl: string, fetch: Fetch) =>
  new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl, fetch } });

const openai = ({ key }: Contributor, url: string, fetch: Fetch) =>
  new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0, fetch });

const messages = [{ role: "user" as const, content: PROMPT }];

async function generate(contributor: Contributor, url: string, fetch: Fetch): Promise<boolean> {
  const answer = await gemini(contributor, url, fetch).models.generateContent({ model: MODEL, contents: PROMPT });
  return Boolean(answer.text);
}

async function streamGenerate(contributor: Contributor, url: string, fetch: Fetch): Promise<boolean> {
  let text = "";
  const stream = await gemini(contributor, url, fetch).models.generateContentStream({ model: MODEL, contents: PROMPT });
  for await (const event of stream) text += event.text ?? "";
  return text !== "";
}

async function chat(contributor: Contributor, url: string, fetch: Fetch): Promise<boolean> {
  const answer = await openai(contributor, url, fetch).chat.completions.create({ model: MODEL, messages });
  return Boolean(answer.choices[0]?.message.content);
}

async function streamChat(contributor: Contributor, url: string, fetch: Fetch): Promise<boolean> {
  let text = "";
  const client = openai(contributor, url, fetch);
  const stream = await client.chat.completions.create({ model: MODEL, messages, stream: true });
  for await (const event of stream) text += event.choices[0]?.delta.content ?? "";
  return text !== "";
}

async function embed(contributor: Contributor, url: string, fetch: Fetch): Promise<boolean> {
  const client = openai(contributor, url, fetch);
  const answer = await client.embeddings.create({ model: EMBEDDING_MODEL, input: PROMPT });
  return (answer.data[0]?.embedding.length ?? 0) > 0;
}
