/** What an answer says, where that can be read, and the answer itself, whole. */
export interface Peeked {
  /** Undefined where it is no JSON, or too much. */
  json: unknown;
  response: Response;
}

/** Reads an answer's JSON, `maxBytes` at the most, and gives the answer back as it came. */
export async function peekJson(response: Response, maxBytes: number): Promise<Peeked> {
  if (response.body === null) return { json: undefined, response };
  const [peeked, whole] = response.body.tee();
  const bytes = await readUpTo(peeked, maxBytes);
  return { json: bytes === undefined ? undefined : parse(bytes), response: new Response(whole, response) };
}

/** The answer with other JSON in it. */
export async function withJson(response: Response, json: unknown): Promise<Response> {
  await response.body?.cancel();
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  headers.delete("content-encoding");
  headers.set("content-type", "application/json; charset=UTF-8");
  return new Response(JSON.stringify(json), { status: response.status, headers });
}

async function readUpTo(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return Buffer.concat(chunks);
      length += value.byteLength;
      if (length > maxBytes) break;
      chunks.push(value);
    }
    // The other branch goes on alone; a cancelled one settles only with it.
    void reader.cancel().catch(() => undefined);
  } catch {
    // What broke off is for whoever reads the whole answer.
  }
  return undefined;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
