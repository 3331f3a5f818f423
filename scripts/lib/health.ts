import * as v from "valibot";

/** What a Worker says of itself at `/health`. */
export type Health =
  | { kind: "ok"; keyCount: number }
  /** The Worker runs without its database. */
  | { kind: "degraded" }
  | { kind: "misconfigured"; message: string }
  | { kind: "unreachable"; cause: string };

const okSchema = v.object({ status: v.literal("ok"), keyCount: v.number() });
const degradedSchema = v.object({ status: v.literal("degraded") });
const errorSchema = v.object({ error: v.object({ message: v.string() }) });

const ASK_TIMEOUT_MS = 10_000;

/** Asks once. Never throws. */
export async function askHealth(url: string): Promise<Health> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS), redirect: "manual" });
    return readHealth(response.status, await response.text());
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { kind: "unreachable", cause: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** Pure. */
export function readHealth(status: number, body: string): Health {
  const json = parseJson(body);
  if (v.is(okSchema, json)) return { kind: "ok", keyCount: json.keyCount };
  if (v.is(degradedSchema, json)) return { kind: "degraded" };
  if (status === 500 && v.is(errorSchema, json)) return { kind: "misconfigured", message: json.error.message };
  return { kind: "unreachable", cause: `HTTP ${status}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
