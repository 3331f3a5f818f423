import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { layClientTable, newKey, type ClientTable } from "../../support/client-table.ts";
import { startWorker, type WorkerProcess } from "../../support/worker-process.ts";

const LIVE = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
const SETUP = { setup: { model: "models/gemini-2.5-flash-native-audio-preview" } };
const TURN = { clientContent: { turns: [{ role: "user", parts: [{ text: "Hello" }] }], turnComplete: true } };

/** Node's WebSocket takes headers, which a browser's does not. */
function open(url: string, headers: Record<string, string> = {}): WebSocket {
  const socket: WebSocket = Reflect.construct(WebSocket, [url.replace(/^http/, "ws"), { headers }]);
  socket.binaryType = "arraybuffer";
  return socket;
}

function closing(socket: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
  });
}

function text(data: unknown): string {
  return data instanceof ArrayBuffer ? new TextDecoder().decode(data) : String(data);
}

describe("a Live session through the Worker", () => {
  let table: ClientTable;

  beforeAll(async () => {
    table = await layClientTable();
  });
  afterEach(() => table.checkWire());
  afterAll(() => table.close());

  /** Sets a session up, takes a turn, and returns all that was said. */
  async function converse(path: string, headers?: Record<string, string>): Promise<string> {
    const socket = open(table.url + path, headers);
    let said = "";
    socket.addEventListener("open", () => socket.send(JSON.stringify(SETUP)));
    socket.addEventListener("message", ({ data }) => {
      const message = text(data);
      said += message;
      if (message.includes("setupComplete")) socket.send(JSON.stringify(TURN));
      if (message.includes("turnComplete")) socket.close(1000);
    });
    await closing(socket);
    return said;
  }

  test.each([
    ["in the query", () => converse(`${LIVE}?key=${table.caller}`)],
    ["in the header", () => converse(LIVE, { "x-goog-api-key": table.caller })],
    ["as bearer", () => converse(LIVE, { authorization: `Bearer ${table.caller}` })],
    ["in the query, with the slash that @google/genai doubles", () => converse(`/${LIVE}?key=${table.caller}`)],
    ["below a base URL with a version", () => converse(`/v1beta${LIVE}?key=${table.caller}`)],
  ])("speaks in both directions with the key %s", async (_, speak) => {
    const { result, calls } = await table.pinned(speak);
    expect(result).toContain("setupComplete");
    expect(result).toContain("serverContent");
    expect(calls.map(({ path, credential }) => [path, credential])).toEqual([[LIVE, "header"]]);
  });

  test("a token minted by the caller is the one credential, in the query as in the header", async () => {
    const minted = await fetch(`${table.url}/v1alpha/auth_tokens`, {
      method: "POST",
      headers: { "x-goog-api-key": table.caller, "content-type": "application/json" },
      body: JSON.stringify({ uses: 2 }),
    });
    const { name } = (await minted.json()) as { name: string };
    table.takeCalls();
    const constrained = LIVE.replace("v1beta", "v1alpha") + "Constrained";
    expect(await converse(`${constrained}?access_token=${name}`)).toContain("serverContent");
    expect(await converse(constrained, { authorization: `Token ${name}` })).toContain("serverContent");
    expect(table.takeCalls().map(({ key }) => key)).toEqual([name, name]);
  });

  test.each([
    ["project-denied", 1008, "Your project has been denied access."],
    ["location-refused", 1007, "User location is not supported for the API use."],
    ["spending-cap", 1011, "Your project has exceeded its monthly spending cap."],
  ])("passes on how Google closes: %s", async (fixture, code, reason) => {
    const key = newKey();
    table.google.script(key, { kind: "error", fixture });
    const end = await closing(open(`${table.url}${LIVE}?key=${key}`));
    expect(end.code).toBe(code);
    expect(end.reason).toContain(reason);
  });

  test("an unknown key is told so by Google, and the pool is not asked", async () => {
    table.takeCalls();
    const key = newKey();
    const end = await closing(open(`${table.url}${LIVE}?key=${key}`));
    expect(end).toEqual({ code: 1008, reason: "API key not valid. Please pass a valid API key." });
    expect(table.takeCalls().map((call) => call.key)).toEqual([key]);
  });

  test.each([
    ["no key", LIVE],
    ["a token that is none", `${LIVE}?access_token=ya29.something`],
  ])("a handshake with %s is refused in words, and nothing is forwarded", async (_, path) => {
    table.takeCalls();
    const { status, body } = await shakeHands(table.url + path);
    expect(status).toBe(403);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 403, status: "PERMISSION_DENIED" } });
    expect(body).toContain("No API key was sent");
    expect(table.takeCalls()).toEqual([]);
  });
});

describe("what a client says reaches Google", () => {
  let echo: Echo;
  let worker: WorkerProcess;

  beforeAll(async () => {
    echo = await startEcho();
    worker = await startWorker({ vars: { GEMINI_BASE_URL: echo.url } });
  });
  afterAll(async () => {
    await worker.close();
    await echo.close();
  });

  test("text, bytes and the code that it closes with", async () => {
    const socket = open(`${worker.url}${LIVE}?key=${newKey()}`);
    const heard: unknown[] = [];
    socket.addEventListener("open", () => socket.send("some text"));
    socket.addEventListener("message", ({ data }) => {
      heard.push(data instanceof ArrayBuffer ? [...new Uint8Array(data)] : data);
      if (heard.length === 1) socket.send(new Uint8Array([0, 255]));
      else socket.close(4321, "enough");
    });
    await closing(socket);
    expect(heard).toEqual(["some text", [0, 255]]);
    expect(await echo.closedWith).toEqual({ code: 4321, reason: "enough" });
  });
});

/** Sends a WebSocket handshake and reads the answer of a server that does not take it. */
async function shakeHands(url: string): Promise<{ status: number | undefined; body: string }> {
  const key = Buffer.from("sixteen letters.").toString("base64");
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-key": key,
    "sec-websocket-version": "13",
  };
  const sent = request(url, { headers }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let body = "";
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body };
}

interface Echo {
  url: string;
  /** How the first session was closed by its client. */
  closedWith: Promise<{ code: number; reason: string }>;
  close: () => Promise<void>;
}

/** A server that repeats short WebSocket frames (RFC 6455, 5.2) and remembers how it was left. */
async function startEcho(): Promise<Echo> {
  const { promise: closedWith, resolve } = Promise.withResolvers<{ code: number; reason: string }>();
  const server = createServer();
  const sockets = new Set<Duplex>();
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex) => {
    sockets.add(socket);
    const accept = createHash("sha1")
      .update(`${incoming.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    );
    let pending = Buffer.alloc(0);
    socket.on("data", (data: Buffer) => {
      pending = Buffer.concat([pending, data]);
      for (let frame = readFrame(pending); frame !== undefined; frame = readFrame(pending)) {
        pending = pending.subarray(frame.length);
        const { opcode, payload } = frame;
        if (opcode === 8) resolve({ code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() });
        socket.write(Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]));
        if (opcode === 8) socket.end();
      }
    });
    socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    closedWith,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A masked frame of fewer than 126 bytes at the beginning of what has come; undefined while it is not whole. */
function readFrame(data: Buffer): { opcode: number; payload: Buffer; length: number } | undefined {
  if (data.length < 6) return undefined;
  const size = data.readUInt8(1) & 0x7f;
  const length = 6 + size;
  if (data.length < length) return undefined;
  const mask = data.subarray(2, 6);
  const payload = Buffer.from(
    Uint8Array.from(data.subarray(6, length), (byte, index) => byte ^ mask.readUInt8(index % 4)),
  );
  return { opcode: data.readUInt8(0) & 0x0f, payload, length };
}
