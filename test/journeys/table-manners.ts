import { vi } from "vitest";
import type { SimulatedGoogle } from "../../simulator/google.ts";
import type { WorkerProcess } from "../support/worker-process.ts";

export const MODEL = "gemini-2.5-flash";
export const EMBEDDING_MODEL = "gemini-embedding-001";
export const ANSWER = "Everyone brings a key, everyone eats from the table.";
export const BODY = JSON.stringify({ contents: [{ role: "user", parts: [{ text: "Hello" }] }] });
export const GENERATE = `/v1beta/models/${MODEL}:generateContent`;
export const COUNT_TOKENS = `/v1beta/models/${MODEL}:countTokens`;
export const STREAM = `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`;

/** How long something that happens in the background may take; waiting ends as soon as it has. */
export const SOON = { timeout: 15_000, interval: 50 };

/** As many made-up keys as asked for, all issued by the simulated Google. */
export function issueKeys(google: SimulatedGoogle, name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const key = `AIzaSy${name}${String(index).padStart(33 - name.length, "0")}`;
    google.issue(key);
    return key;
  });
}

interface Extras {
  body?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** A request as curl would send it; what `extras` says comes on top. */
export function post(url: string, path: string, key: string, extras: Extras = {}): Promise<Response> {
  return fetch(url + path, {
    method: "POST",
    body: BODY,
    ...extras,
    headers: { "x-goog-api-key": key, "content-type": "application/json", ...extras.headers },
  });
}

/** Each key joins the pool by a request of its own; resolves when all can be leased. */
export async function contribute({ url }: Pick<WorkerProcess, "url">, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const response = await post(url, GENERATE, key);
    await response.arrayBuffer();
    if (response.headers.get("x-pool-contributed") !== "yes")
      throw new Error(`${key} did not join: ${response.status}`);
  }
  await vi.waitFor(async () => {
    for (const key of keys) {
      const { status } = (await (await ownKey(url, key)).json()) as { status: string };
      if (status !== "active") throw new Error(`${key} is ${status}`);
    }
  }, SOON);
}

export function ownKey(url: string, key: string, method = "GET"): Promise<Response> {
  return fetch(`${url}/key`, { method, headers: { "x-goog-api-key": key } });
}

/** How often each of the keys was used since `calls` held `from` of them. */
export function usesOf(google: SimulatedGoogle, keys: readonly string[], from: number): number[] {
  const calls = google.calls.slice(from);
  return keys.map((key) => calls.filter((call) => call.key === key).length);
}
