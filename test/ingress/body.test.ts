import { describe, expect, it } from "vitest";
import { MAX_TEXT_BYTES, readBody, readJsonBody, type RawBody } from "../../src/ingress/body.ts";

const URL = "https://potluck.example/";

/** A request whose body comes in chunks, its length untold. */
function chunked(...chunks: Uint8Array[]): Request {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return new Request(URL, { method: "POST", body });
}

const bytes = (length: number, value = 1) => new Uint8Array(length).fill(value);

async function allBytes(body: RawBody): Promise<Uint8Array> {
  if (body.kind === "none") return new Uint8Array();
  return body.kind === "bytes" ? body.bytes : new Uint8Array(await new Response(body.stream).arrayBuffer());
}

describe("a body", () => {
  it("that is not there is none", async () => {
    expect(await readBody(new Request(URL), 10)).toEqual({ kind: "none" });
  });

  it("up to the limit is held", async () => {
    const body = await readBody(new Request(URL, { method: "POST", body: bytes(10) }), 10);
    expect(body).toEqual({ kind: "bytes", bytes: bytes(10) });
  });

  it("that announces more than the limit stays a stream, untouched", async () => {
    const request = new Request(URL, { method: "POST", body: bytes(11), headers: { "content-length": "11" } });
    const body = await readBody(request, 10);
    expect(body.kind).toBe("stream");
    expect(await allBytes(body)).toEqual(bytes(11));
  });

  it("in chunks is held too, if it turns out to fit", async () => {
    const body = await readBody(chunked(bytes(4, 1), bytes(6, 2)), 10);
    expect(body).toEqual({ kind: "bytes", bytes: new Uint8Array([1, 1, 1, 1, 2, 2, 2, 2, 2, 2]) });
    expect(await readBody(chunked(), 10)).toEqual({ kind: "bytes", bytes: bytes(0) });
  });

  it("in chunks that turns out too long goes on as a stream, with every byte in its place", async () => {
    const body = await readBody(chunked(bytes(4, 1), bytes(7, 2), bytes(5, 3), bytes(9, 4)), 10);
    expect(body.kind).toBe("stream");
    expect([...(await allBytes(body))]).toEqual([...bytes(4, 1), ...bytes(7, 2), ...bytes(5, 3), ...bytes(9, 4)]);
  });

  it("of 30 MB in chunks loses nothing", async () => {
    const megabyte = 1024 * 1024;
    const body = await readBody(chunked(...Array.from({ length: 30 }, (_, at) => bytes(megabyte, at))), 20 * megabyte);
    expect(body.kind).toBe("stream");
    const all = await allBytes(body);
    expect(all.byteLength).toBe(30 * megabyte);
    for (let at = 0; at < 30; at++) expect([all[at * megabyte], all[(at + 1) * megabyte - 1]]).toEqual([at, at]);
  });

  it("that breaks off is an error, not a shorter body", async () => {
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes(4));
        controller.error(new Error("hung up"));
      },
    });
    await expect(readBody(new Request(URL, { method: "POST", body: broken }), 10)).rejects.toThrow();
  });
});

describe("a JSON body", () => {
  const sent = (body: Uint8Array | string, headers: Record<string, string>) => {
    const length = String(typeof body === "string" ? Buffer.byteLength(body) : body.byteLength);
    return new Request(URL, { method: "POST", body, headers: { "content-length": length, ...headers } });
  };
  const prompt = '{"contents":[{"parts":[{"text":"火锅局 \\u706b"}]}]}';

  it.each(["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])(
    "of ordinary length is text: %s",
    async (type) => {
      expect(await readJsonBody(sent(prompt, { "content-type": type }), 1000)).toEqual({ kind: "text", text: prompt });
    },
  );

  it.each([
    ["of another character set", { "content-type": "application/json; charset=utf-16" }],
    ["that is compressed", { "content-type": "application/json", "content-encoding": "gzip" }],
    ["by another name", { "content-type": "text/plain" }],
    ["with parts", { "content-type": "multipart/related; boundary=x" }],
  ])("%s stays the bytes that it is", async (_, headers) => {
    const bytes = new Uint8Array([0xff, 0xfe, 0x7b, 0x00]);
    expect(await readJsonBody(sent(bytes, headers), 1000)).toEqual({ kind: "bytes", bytes });
  });

  it("that is long is bytes: one rare character would double a long text", async () => {
    const json = JSON.stringify("x".repeat(MAX_TEXT_BYTES));
    const body = await readJsonBody(sent(json, { "content-type": "application/json" }), 10 * MAX_TEXT_BYTES);
    expect(body.kind === "bytes" && new TextDecoder().decode(body.bytes)).toBe(json);
  });

  it("without room, or longer than is kept, stays a stream with every byte of it", async () => {
    const json = { "content-type": "application/json" };
    const bodies = [readJsonBody(sent(prompt, json), 10), readJsonBody(sent(prompt, json), 1000, () => false)];
    for (const body of await Promise.all(bodies)) {
      expect(body.kind === "stream" && (await new Response(body.stream).text())).toBe(prompt);
    }
  });
});
