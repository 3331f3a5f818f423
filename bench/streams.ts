import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { median } from "./statistics.ts";
import { BODY, HEADERS } from "./traffic.ts";
import { residentMiB } from "./workerd.ts";

/**
 * What happens to a stream on its way. Server and client are in this one process, so that one clock tells when a byte
 * left and when it came.
 */

const LARGE_MIB = 50;
const MIB = 1024 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, "a stream of fifty mebibytes, always the same. ");
const FIRST_EVENT_AFTER_MS = 10;

export interface StreamServer {
  port: number;
  /** When the last first event left (ms of this process's clock). */
  sentAt: () => number;
  stop: () => Promise<void>;
}

/** Google as far as the streams go: `first-byte` writes one event after a pause, `large` writes 50 MiB. */
export async function startStreamServer(): Promise<StreamServer> {
  let sentAt = 0;
  const server = createServer((incoming, response) => {
    incoming.resume();
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (incoming.url?.includes("large") === true) return void writeLarge(response);
    response.flushHeaders();
    setTimeout(() => {
      sentAt = performance.now();
      response.write(`data: {"first":true}\r\n\r\n`);
      setTimeout(() => response.end(`data: {"last":true}\r\n\r\n`), 1);
    }, FIRST_EVENT_AFTER_MS);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    sentAt: () => sentAt,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function writeLarge(response: ServerResponse): Promise<void> {
  for (let sent = 0; sent < LARGE_MIB * MIB; sent += CHUNK.length) {
    if (!response.write(CHUNK)) await once(response, "drain");
  }
  response.end();
}

async function openStream(port: number, what: string): Promise<IncomingMessage> {
  const path = `/v1beta/models/gemini-${what}:streamGenerateContent?alt=sse`;
  const sent = request({ host: "127.0.0.1", port, path, method: "POST", headers: { ...HEADERS, connection: "close" } });
  sent.end(BODY);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`stream answered ${response.statusCode}`);
  return response;
}

/** Milliseconds from the first event's departure to its arrival, one for each stream. */
export async function firstByteDelays(port: number, server: StreamServer, streams: number): Promise<number[]> {
  const delays: number[] = [];
  for (let index = 0; index < streams; index++) {
    const response = await openStream(port, "first-byte");
    // Listened for at once: on a busy machine the end may come in the same breath as the first byte.
    const closed = once(response, "close");
    await once(response, "data");
    delays.push(performance.now() - server.sentAt());
    await closed;
  }
  return delays;
}

export interface LargeStream {
  identical: boolean;
  mibPerSecond: number;
  beforeMiB: number;
  /** The most during the stream. */
  peakMiB: number;
  afterMiB: number;
}

/** One 50 MiB stream, read as fast as it comes. */
export async function largeStream(port: number, pid: number): Promise<LargeStream> {
  const beforeMiB = residentMiB(pid);
  let peakMiB = beforeMiB;
  const sampler = setInterval(() => (peakMiB = Math.max(peakMiB, residentMiB(pid))), 20);
  const startedAt = performance.now();
  const response = await openStream(port, "large");
  const hash = createHash("sha256");
  for await (const chunk of response) hash.update(chunk as Buffer);
  const seconds = (performance.now() - startedAt) / 1000;
  clearInterval(sampler);
  const identical = hash.digest("hex") === hashOfLarge().digest("hex");
  return { identical, mibPerSecond: LARGE_MIB / seconds, beforeMiB, peakMiB, afterMiB: residentMiB(pid) };
}

function hashOfLarge(): Hash {
  const hash = createHash("sha256");
  for (let sent = 0; sent < LARGE_MIB * MIB; sent += CHUNK.length) hash.update(CHUNK);
  return hash;
}

export interface StreamReport {
  firstByteMs: { direct: number; limit: number; potluck: number };
  large: { limit: LargeStream; potluck: LargeStream };
}

/** Both Workers, in turns; `direct` is the way without a Worker. */
export async function measureStreams(
  ports: { limit: number; potluck: number },
  server: StreamServer,
  pid: number,
  streams: number,
): Promise<StreamReport> {
  const delays = { direct: [] as number[], limit: [] as number[], potluck: [] as number[] };
  const perTurn = 10;
  for (let done = 0; done < streams; done += perTurn) {
    delays.direct.push(...(await firstByteDelays(server.port, server, perTurn)));
    delays.limit.push(...(await firstByteDelays(ports.limit, server, perTurn)));
    delays.potluck.push(...(await firstByteDelays(ports.potluck, server, perTurn)));
  }
  // The first stream of each grows the process's buffers once; the second tells whether they grow with it.
  await largeStream(ports.limit, pid);
  await largeStream(ports.potluck, pid);
  return {
    firstByteMs: { direct: median(delays.direct), limit: median(delays.limit), potluck: median(delays.potluck) },
    large: { limit: await largeStream(ports.limit, pid), potluck: await largeStream(ports.potluck, pid) },
  };
}
