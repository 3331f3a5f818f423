import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { toApiKey, type ApiKey } from "../api-key.ts";
import { readBody } from "../ingress/body.ts";
import { readCaller } from "../ingress/caller.ts";
import { readClientAddress } from "../ingress/client-address.ts";
import { problemResponse, type Dialect } from "../problem.ts";
import { findingOf, type Finding } from "../relay/finding.ts";
import type { Services } from "../services.ts";
import { callerProblem } from "./caller-problem.ts";

/** What a contributor learns about one key. */
type KeyFinding = Finding | "too_many_new_keys" | "not_a_key";

/** Each costs a request to Google, and an invocation on the free plan has 50. */
const MAX_KEYS = 40;
const MAX_BODY_BYTES = 64 * 1024;
/** D1 and fetch share six connections that may wait for headers at once. */
const PARALLEL = 4;

/**
 * `GET` or `POST /verify`: checks the keys presented (in the usual carriers, or in a POST's body, separated by commas
 * or white space), one server-sent event a key, and contributes none. The last event tells how many were checked, and
 * how many more were sent than one request checks. The test is the cheapest honest one: a
 * generation of one token.
 */
export function verify(services: Services) {
  return async function verify(c: Context): Promise<Response> {
    const reading = await readKeys(c.req.raw);
    if (reading.kind !== "keys") return reading.answer;
    const keys = reading.keys.slice(0, MAX_KEYS);
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
      await stream.writeSSE({
        event: "done",
        data: JSON.stringify({ keys: keys.length, leftOut: reading.keys.length - keys.length }),
      });
    });
  };
}

/** Every key once, in order, wherever it stands; undefined for a word that cannot be one. */
type Reading = { kind: "keys"; keys: (ApiKey | undefined)[] } | { kind: "problem"; answer: Response };

async function readKeys(request: Request): Promise<Reading> {
  const caller = readCaller(request.headers, new URL(request.url).search);
  const dialect = caller.kind === "caller" && caller.carrier === "bearer" ? "openai" : "gemini";
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body.kind === "stream") return { kind: "problem", answer: tooLarge(dialect) };
  const pasted = body.kind === "bytes" ? wordsIn(new TextDecoder().decode(body.bytes)) : [];
  const presented = caller.kind === "caller" ? caller.keys.map((key) => key.reveal()) : [];
  const words = new Set([...presented, ...pasted]);
  if (words.size > 0) return { kind: "keys", keys: [...words].map(toApiKey) };
  return { kind: "problem", answer: callerProblem(caller.kind === "caller" ? "nobody" : caller.kind, dialect) };
}

function wordsIn(text: string): string[] {
  return text.split(/[\s,;"']+/).filter((word) => word !== "");
}

function tooLarge(dialect: Dialect): Response {
  const message = `The body may have ${MAX_BODY_BYTES / 1024} KiB at most; send the keys in several requests.`;
  return problemResponse({ code: 413, status: "INVALID_ARGUMENT", message }, dialect);
}

async function findOut(
  key: ApiKey,
  address: string,
  { probe, fairShare }: Services,
  signal: AbortSignal,
): Promise<KeyFinding> {
  if (!(await fairShare.mayTry([key], address))) return "too_many_new_keys";
  const { verdict } = await probe(key, signal);
  return findingOf(verdict);
}
