import { pause } from "./waiting.ts";

/** The `data` of each server-sent event, as it arrives. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let pending = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      pending += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const blocks = pending.split(/\r\n\r\n|\n\n|\r\r/);
      pending = done ? "" : (blocks.pop() ?? "");
      yield* blocks.map(eventData).filter((data) => data !== "");
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function eventData(block: string): string {
  return block
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length).trimStart())
    .join("\n");
}

/** Google delimits native events with CRLF (protocol §9, "SSE frame delimiters"); the OpenAI route with LF. */
export async function* frameEvents(events: AsyncIterable<string>, lineEnd: "\r\n" | "\n"): AsyncGenerator<string> {
  for await (const data of events) yield `data: ${data}${lineEnd}${lineEnd}`;
}

/** `streamGenerateContent` without `alt=sse`: one JSON array, an element at a time (§1.8). */
export async function* frameArray(events: AsyncIterable<string>): AsyncGenerator<string> {
  let lead = "[";
  for await (const data of events) {
    yield lead + data;
    lead = "\n,\r\n";
  }
  yield lead === "[" ? "[]" : "\n]";
}

export async function* pacedFrames(frames: AsyncIterable<string>, pauseMs: number): AsyncGenerator<string> {
  let first = true;
  for await (const frame of frames) {
    if (!first) await pause(pauseMs);
    first = false;
    yield frame;
  }
}

/** Keeps the tail in a network chunk of its own: only there does @google/genai see an error in it (§9, after 9.13). */
const BEFORE_TAIL_MS = 15;

/** Stops after some good frames and ends with `tail` in one piece (§9.13). */
export async function* brokenFrames(
  frames: AsyncIterable<string>,
  afterEvents: number,
  tail: string,
): AsyncGenerator<string> {
  let sent = 0;
  for await (const frame of frames) {
    if (sent++ >= afterEvents) break;
    yield frame;
  }
  await pause(BEFORE_TAIL_MS);
  yield tail;
}

/** A body that asks for the next frame only when it is read, one frame a chunk. */
export function streamFrames(frames: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      async pull(controller) {
        const next = await frames.next();
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      },
      cancel() {
        // Not awaited: a generator in the middle of a pause would hold up the caller.
        void frames.return(undefined).catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
