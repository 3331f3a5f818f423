import type { ApiKey } from "../api-key.ts";
import type { Forward, Outgoing } from "../upstream/forward.ts";
import { googleWords } from "../upstream/google-words.ts";
import type { Verdict } from "../verdict.ts";

/** What one question about a key found out. */
export interface Probed {
  verdict: Verdict;
  /** Google generated something for the key: it may be in the pool. */
  proved: boolean;
  /** The status of Google's answer; undefined where none came. */
  status: number | undefined;
  /** What Google said in refusing, redacted and cut. */
  words: string | undefined;
}

export type Probe = (key: ApiKey, signal?: AbortSignal) => Promise<Probed>;

export interface ProbeOptions {
  forward: Forward;
  /** Read at each use: the operator may change it while the isolate runs. */
  settings: { readonly VERIFY_MODEL: string };
}

/** One token takes a second or two; many keys wait behind a hanging answer. */
const TIMEOUT_MS = 30_000;

/**
 * Makes the cheapest honest test of a key: a generation of one token (lists of models are answered for dead keys too,
 * protocol notes §8). It tells the pool nothing and never throws.
 */
export function createProbe({ forward, settings }: ProbeOptions): Probe {
  return async function probe(key, signal) {
    const inTime = AbortSignal.timeout(TIMEOUT_MS);
    const outgoing = oneToken(settings.VERIFY_MODEL, signal === undefined ? inTime : AbortSignal.any([signal, inTime]));
    const answer = await forward(outgoing, key);
    switch (answer.kind) {
      case "served": {
        const { ok, status, body } = answer.response;
        await body?.cancel().catch(() => undefined);
        return { verdict: answer.verdict, proved: ok, status, words: undefined };
      }
      case "refused":
        return {
          verdict: answer.verdict,
          proved: false,
          status: answer.status,
          words: googleWords(answer.text, key),
        };
      case "failed":
        return { verdict: answer.verdict, proved: false, status: undefined, words: undefined };
    }
  };
}

function oneToken(model: string, signal: AbortSignal): Outgoing {
  const body = { contents: [{ role: "user", parts: [{ text: "1" }] }], generationConfig: { maxOutputTokens: 1 } };
  return {
    method: "POST",
    pathAndQuery: `/v1beta/models/${model}:generateContent`,
    credential: "x-goog-api-key",
    headers: { "content-type": "application/json" },
    body: new TextEncoder().encode(JSON.stringify(body)),
    signal,
    model,
    promptStore: "not_applicable",
  };
}
