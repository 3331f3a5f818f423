/** What the Worker adds to a request, measured side by side with the direct way. */

import { MODEL } from "./visit.ts";

export interface Latency {
  directMs: number;
  workerMs: number;
  pairs: number;
}

const WARM_UP = 5;
const PAIRS = 50;

/** Direct and pooled in turns, so that a busy moment of the machine meets both alike. Retried requests do not count. */
export async function measureLatency(directUrl: string, workerUrl: string, key: string): Promise<Latency> {
  const direct: number[] = [];
  const worker: number[] = [];
  for (let pair = -WARM_UP; pair < PAIRS; pair++) {
    const ways = [
      { ...(await time(directUrl, key)), times: direct },
      { ...(await time(workerUrl, key)), times: worker },
    ];
    if (pair < 0 || ways.some(({ isClean }) => !isClean)) continue;
    for (const { ms, times } of ways) times.push(ms);
  }
  return { directMs: median(direct), workerMs: median(worker), pairs: direct.length };
}

async function time(url: string, key: string): Promise<{ ms: number; isClean: boolean }> {
  const start = performance.now();
  const response = await fetch(`${url}/v1beta/models/${MODEL}:generateContent`, {
    method: "POST",
    headers: { "x-goog-api-key": key, "content-type": "application/json" },
    body: JSON.stringify({ contents: [{ parts: [{ text: "Hello" }] }] }),
  });
  await response.arrayBuffer();
  const ms = performance.now() - start;
  return { ms, isClean: response.ok && (response.headers.get("x-pool-attempts") ?? "1") === "1" };
}

/** Pure; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = NaN, high = NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}
