import { describe, expect, it } from "vitest";
import { readBody, type Body } from "../../src/ingress/body.ts";

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

async function allBytes(body: Body): Promise<Uint8Array> {
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
