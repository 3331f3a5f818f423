import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { toApiKey, type ApiKey } from "../api-key.ts";
import { readBody } from "../ingress/body.ts";
import { readCaller } from "../ingress/caller.ts";
import { readClientAddress } from "../ingress/client-address.ts";
import type { Outgoing } from "../upstream/forward.ts";
import type { Services } from "../services.ts";
import type { Verdict } from "../verdict.ts";
import { callerProblem } from "./caller-problem.ts";

/** What a contributor learns about one key. */
type Finding =
  | "works"
  | "invalid"
  | "out_of_quota"
  | "busy"
  | "not_allowed"
  | "place_refused"
  | "google_unreachable"
  | "too_many_new_keys"
  | "not_a_key";

/** Each costs a request to Google, and an invocation on the free plan has 50. */
const MAX_KEYS = 40;
const MAX_BODY_BYTES = 64 * 1024;
/** D1 and fetch share six connections that may wait for headers at once. */
const PARALLEL = 4;

/**
 * `GET` or `POST /verify`: checks the keys presented (in the usual carriers, or in a POST's body, separated by commas
 * or white space), one server-sent event a key, and contributes none. The test is the cheapest honest one: a
 * generation of one token. Lists of models are answered for dead keys too (protocol notes §8).
 */
export function verify(services: Services) {
  return async function verify(c: Context): Promise<Response> {
    const keys = await keysToVerify(c.req.raw);
    if (keys.length === 0) return callerProblem("nobody", "gemini");
    const address = readClientAddress(c.req.raw.headers);
    return streamSSE(c, async (stream) => {
      const queue = [...keys.entries()];
      const work = async () => {
        for (let next = queue.shift(); next !== undefined && !stream.aborted; next = queue.shift()) {
          const [index, key] = next;
          const finding = key === undefined ? "not_a_key" : await findOut(key, address, services, c.req.raw.signal);
          const data = JSON.stringify({ index, endsWith: key?.lastFour ?? null, finding });
          await stream.writeSSE({ event: "key", id: String(index), data });
        }
      };
      await Promise.all(Array.from({ length: PARALLEL }, work));
      await stream.writeSSE({ event: "done", data: JSON.stringify({ keys: keys.length }) });
    });
  };
}

async function keysToVerify(request: Request): Promise<(ApiKey | undefined)[]> {
  const caller = readCaller(request.headers, new URL(request.url).search);
  const presented = caller.kind === "caller" ? caller.keys : [];
  const body = await readBody(request, MAX_BODY_BYTES);
  const text = body.kind === "bytes" ? new TextDecoder().decode(body.bytes) : "";
  const pasted = [...new Set(text.split(/[\s,;"']+/))].filter((word) => word !== "").map(toApiKey);
  return [...presented, ...pasted].slice(0, MAX_KEYS);
}

async function findOut(
  key: ApiKey,
  address: string,
  { forward, fairShare, settings }: Services,
  signal: AbortSignal,
): Promise<Finding> {
  if (!(await fairShare.mayTry([key], address))) return "too_many_new_keys";
  const { verdict } = await forward(oneToken(settings.VERIFY_MODEL, signal), key);
  return findingOf(verdict);
}

function oneToken(model: string, signal: AbortSignal): Outgoing {
  const body = { contents: [{ role: "user", parts: [{ text: "1" }] }], generationConfig: { maxOutputTokens: 1 } };
  return {
    method: "POST",
    pathAndQuery: `/v1beta/models/${model}:generateContent`,
    credential: "x-goog-api-key",
    headers: new Headers({ "content-type": "application/json" }),
    body: new TextEncoder().encode(JSON.stringify(body)),
    signal,
    model,
    promptStore: "not_applicable",
  };
}

function findingOf(verdict: Verdict): Finding {
  switch (verdict.kind) {
    case "served":
      return "works";
    case "key_dead":
      return "invalid";
    case "key_broke":
    case "quota_day":
    case "quota_minute":
    case "model_not_offered":
      return "out_of_quota";
    case "busy":
      return "busy";
    case "key_unsuited":
    case "caller_fault":
      return "not_allowed";
    case "place_refused":
      return "place_refused";
    case "upstream_down":
      return "google_unreachable";
  }
}
