/** A request's body, as far as it can be sent again. */
export type Body =
  | { kind: "none" }
  /** Held in memory: can be read and replayed. */
  | { kind: "bytes"; bytes: Uint8Array }
  /** Too large to hold: travels once. */
  | { kind: "stream"; stream: ReadableStream };

/**
 * Reads the body if it is at most `maxBytes` long and `grow` finds room for it; another one stays a stream, untouched.
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  grow: (bytes: number) => boolean = () => true,
): Promise<Body> {
  const declared = Number(request.headers.get("content-length") ?? NaN);
  // Without a look at `body`, which would make a stream of what is read whole anyway.
  if (declared > 0 && declared <= maxBytes && grow(declared)) {
    return { kind: "bytes", bytes: new Uint8Array(await request.arrayBuffer()) };
  }
  if (request.body === null) return { kind: "none" };
  if (declared > 0) return { kind: "stream", stream: request.body };
  return readUpTo(request.body, maxBytes, grow);
}

/** For chunked bodies: reads until the limit, then puts what was read back in front of the rest. */
async function readUpTo(
  source: ReadableStream<Uint8Array>,
  maxBytes: number,
  grow: (bytes: number) => boolean,
): Promise<Body> {
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
