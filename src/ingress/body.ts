/** A request's body, as far as it can be sent again. */
export type Body =
  | RawBody
  /** Ordinary JSON, held as a string: to read, judge and send it costs less than bytes do. */
  | { kind: "text"; text: string };

export type RawBody =
  | { kind: "none" }
  /** Held in memory: can be read and replayed. */
  | { kind: "bytes"; bytes: Uint8Array }
  /** Too large to hold: travels once. */
  | { kind: "stream"; stream: ReadableStream };

/** A longer text, most of it base64, would take twice its bytes as soon as one character needs it. */
export const MAX_TEXT_BYTES = 256 * 1024;

/**
 * What a byte of text may cost: two bytes as it is read, as soon as one character is not of Latin-1, two more as it is
 * put together for Google.
 */
const COST_OF_TEXT = 3;

const JSON_IN_UTF8 = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

/** As {@link readBody}, but ordinary JSON as text. Not for bytes that have to stay what they are. */
export async function readJsonBody(
  request: Request,
  maxBytes: number,
  grow: (bytes: number) => boolean = () => true,
): Promise<Body> {
  const { headers } = request;
  const declared = declaredLength(headers);
  const isText =
    declared > 0 &&
    declared <= Math.min(maxBytes, MAX_TEXT_BYTES) &&
    JSON_IN_UTF8.test(headers.get("content-type") ?? "") &&
    !headers.has("content-encoding");
  if (!isText || !grow(COST_OF_TEXT * declared)) return readBody(request, maxBytes, grow);
  return { kind: "text", text: await request.text() };
}

/**
 * Reads the body if it is at most `maxBytes` long and `grow` finds room for it; another one stays a stream, untouched.
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  grow: (bytes: number) => boolean = () => true,
): Promise<RawBody> {
  const declared = declaredLength(request.headers);
  // Without a look at `body`, which would make a stream of what is read whole anyway.
  if (declared > 0 && declared <= maxBytes && grow(declared)) {
    return { kind: "bytes", bytes: new Uint8Array(await request.arrayBuffer()) };
  }
  if (request.body === null) return { kind: "none" };
  if (declared > 0) return { kind: "stream", stream: request.body };
  return readUpTo(request.body, maxBytes, grow);
}

/** Not a number where the length is not told. */
function declaredLength(headers: Headers): number {
  return Number(headers.get("content-length") ?? NaN);
}

/** For chunked bodies: reads until the limit, then puts what was read back in front of the rest. */
async function readUpTo(
  source: ReadableStream<Uint8Array>,
  maxBytes: number,
  grow: (bytes: number) => boolean,
): Promise<RawBody> {
  const reader = source.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let hasRoom = true;
  while (hasRoom && length <= maxBytes) {
    const { done, value } = await reader.read();
    if (done) return { kind: "bytes", bytes: joined(chunks, length) };
    chunks.push(value);
    length += value.byteLength;
    hasRoom = grow(value.byteLength);
  }
  reader.releaseLock();
  return { kind: "stream", stream: resumed(chunks, source) };
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function resumed(chunks: readonly Uint8Array[], rest: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const pump = async () => {
    const writer = writable.getWriter();
    for (const chunk of chunks) await writer.write(chunk);
    writer.releaseLock();
    await rest.pipeTo(writable);
  };
  // A broken way up or down ends the request itself; there is nobody else to tell.
  pump().catch(() => undefined);
  return readable;
}
