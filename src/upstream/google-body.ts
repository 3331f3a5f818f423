/**
 * Opens one error body of Google's down to its `error` object, in every wrapping that Google is known to use.
 * Pure, never throws. The caller limits the body (64 KiB); work here is linear in that.
 */

export type JsonObject = Record<string, unknown>;

/** An interactions stream sends its error first or nearly so; nothing reads further to find one. */
const MAX_SSE_FRAMES = 16;

/**
 * The `error` object of a body, or undefined where there is none.
 * Shapes (protocol facts §1.8): an object; a one-element array (OpenAI routes, streams without `alt=sse`); either of
 * them labelled `text/event-stream` without being framed; SSE frames `data: {"error":…}` (interactions).
 */
export function readErrorObject(body: string): JsonObject | undefined {
  const parsed = parseJson(body);
  return parsed === undefined ? readErrorFrame(body) : unwrapError(parsed);
}

export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

export function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asString(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function unwrapError(value: unknown): JsonObject | undefined {
  const [only, ...others] = Array.isArray(value) ? value : [value];
  return others.length > 0 ? undefined : asObject(asObject(only)?.["error"]);
}

function readErrorFrame(body: string): JsonObject | undefined {
  const frames = body.split(/\r\n\r\n|\n\n|\r\r/, MAX_SSE_FRAMES);
  for (const frame of frames) {
    const error = unwrapError(parseJson(frameData(frame)));
    if (error !== undefined) return error;
  }
  return undefined;
}

/** The `data` lines of one SSE frame, joined as the HTML standard says. */
function frameData(frame: string): string {
  return frame
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length))
    .join("\n");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.trim());
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
