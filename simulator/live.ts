import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { SimulatedGoogle } from "./google.ts";
import { readHeaders, readUrl } from "./incoming.ts";
import { isLivePath } from "./live-admission.ts";

/** RFC 6455 §1.3. */
const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const CLOSE_OPCODE = 0x88;
/** A control frame carries 125 bytes, two of them the code (RFC 6455 §5.5). */
const REASON_LIMIT_BYTES = 123;
/** The one version that aimock serves. */
const AIMOCK_LIVE_PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";

/** Checks the key of a Live session, then lets aimock speak: the bytes of the socket pass in both directions. Node only. */
export async function passLive(
  google: SimulatedGoogle,
  aimockUrl: string,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const request = new Request(readUrl(incoming), { headers: readHeaders(incoming) });
  if (!isLivePath(new URL(request.url).pathname)) {
    socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    return;
  }
  const refusal = await google.admitLive(request);
  if (refusal) {
    socket.write(acceptHandshake(incoming));
    socket.end(closeFrame(refusal.code, refusal.reason));
    return;
  }
  const { hostname, port } = new URL(aimockUrl);
  const aimock = connect(Number(port), hostname, () => {
    aimock.write(handshakeFor(incoming, `${hostname}:${port}`));
    aimock.write(head);
    aimock.pipe(socket).pipe(aimock);
  });
  aimock.on("error", () => socket.destroy());
  aimock.on("close", () => socket.destroy());
  socket.on("close", () => aimock.destroy());
}

function acceptHandshake(incoming: IncomingMessage): string {
  const key = incoming.headers["sec-websocket-key"] ?? "";
  const accept = createHash("sha1")
    .update(key + WEBSOCKET_GUID)
    .digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`;
}

function closeFrame(code: number, reason: string): Buffer {
  const text = Buffer.from(reason).subarray(0, REASON_LIMIT_BYTES);
  const frame = Buffer.alloc(4 + text.length);
  frame.writeUInt8(CLOSE_OPCODE, 0);
  frame.writeUInt8(2 + text.length, 1);
  frame.writeUInt16BE(code, 2);
  text.copy(frame, 4);
  return frame;
}

/** The caller's handshake without its credential, its path and its extensions, which aimock does not speak. */
function handshakeFor(incoming: IncomingMessage, host: string): string {
  const { "sec-websocket-key": key, "sec-websocket-version": version } = incoming.headers;
  return `GET ${AIMOCK_LIVE_PATH} HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: ${key}\r\nsec-websocket-version: ${version}\r\n\r\n`;
}
