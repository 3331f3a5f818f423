import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { startContent } from "./content.ts";
import { control } from "./control.ts";
import { readFixtures } from "./fixtures-on-disk.ts";
import { ConnectionReset, SimulatedGoogle } from "./google.ts";
import { readHeaders, readUrl } from "./incoming.ts";
import { passLive } from "./live.ts";

export interface ServedGoogle {
  /** `http://host:port`, where a client would say https://generativelanguage.googleapis.com. */
  url: string;
  google: SimulatedGoogle;
  close: () => Promise<void>;
}

/** The simulated Google on a socket, with aimock for its content and a control surface below /__simulator. Node only. */
export async function serveSimulatedGoogle({
  port = 0,
  host = "127.0.0.1",
}: { port?: number; host?: string } = {}): Promise<ServedGoogle> {
  const [fixtures, content] = await Promise.all([readFixtures(), startContent()]);
  const google = new SimulatedGoogle({ fixtures, content: content.content });
  const server = createServer((incoming, outgoing) => void answer(google, incoming, outgoing));
  const live = new Set<Duplex>();
  server.on("upgrade", (incoming, socket, head) => {
    live.add(socket);
    socket.once("close", () => live.delete(socket)).on("error", () => socket.destroy());
    void passLive(google, content.url, incoming, socket, head);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${bound}`,
    google,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      for (const socket of live) socket.destroy();
      await closed;
      await content.close();
    },
  };
}

async function answer(google: SimulatedGoogle, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const hangUp = new AbortController();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) hangUp.abort(new DOMException("The caller hung up", "AbortError"));
  });
  try {
    const request = toRequest(incoming, hangUp.signal);
    const response = (await control(google, request)) ?? (await google.fetch(request));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.flushHeaders();
    for await (const chunk of response.body ?? []) await write(outgoing, chunk);
    outgoing.end();
  } catch (error) {
    const expected = error instanceof ConnectionReset || hangUp.signal.aborted;
    if (expected || outgoing.headersSent) outgoing.destroy();
    // A gap in the simulator must not pass for weather.
    else outgoing.writeHead(501, { "content-type": "text/plain" }).end(`${String(error)}\n`);
  }
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET" } = incoming;
  const init: RequestInit & { duplex: "half" } = {
    method,
    headers: readHeaders(incoming),
    signal,
    duplex: "half",
  };
  if (method !== "GET" && method !== "HEAD") init.body = toStream(incoming);
  return new Request(readUrl(incoming), init);
}

function toStream(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = incoming[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
  });
}

/** Waits while the caller reads more slowly than we write, and no longer than the caller stays. */
function write(outgoing: ServerResponse, chunk: Uint8Array): Promise<void> {
  if (outgoing.write(chunk)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off("drain", done).off("close", done);
      resolve();
    };
    outgoing.once("drain", done).once("close", done);
  });
}
