import { cannedContent } from "../../simulator/canned-content.ts";
import { readFixtures } from "../../simulator/fixtures-on-disk.ts";
import { SimulatedGoogle } from "../../simulator/google.ts";

export const HOST = "https://generativelanguage.googleapis.com";
export const MODEL = "gemini-2.5-flash";
export const BODY = { contents: [{ role: "user", parts: [{ text: "Hello" }] }] };

const fixtures = await readFixtures();

export function simulatedGoogle(now?: () => number): SimulatedGoogle {
  return new SimulatedGoogle({ fixtures, content: cannedContent, ...(now ? { now } : {}) });
}

export interface Sent {
  key?: string | undefined;
  path?: string;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** One native request, `generateContent` unless told otherwise. */
export function send(google: SimulatedGoogle, sent: Sent = {}): Promise<Response> {
  const { key, path = `/v1beta/models/${MODEL}:generateContent`, body = BODY, signal } = sent;
  const method = sent.method ?? "POST";
  const headers = { ...(key === undefined ? {} : { "x-goog-api-key": key }), ...sent.headers };
  return google.fetch(HOST + path, {
    method,
    headers,
    ...(method === "POST" || method === "PATCH"
      ? { body: typeof body === "string" ? body : JSON.stringify(body) }
      : {}),
    ...(signal ? { signal } : {}),
  });
}

export interface GoogleError {
  error: {
    code: number | string;
    message: string;
    status: string;
    details?: Record<string, unknown>[];
  };
}

export async function readError(response: Response): Promise<GoogleError["error"]> {
  return ((await response.json()) as GoogleError).error;
}
