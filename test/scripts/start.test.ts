import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toCapnp } from "../../scripts/lib/self-host/capnp.ts";
import { minutesOf, readSelfHostOptions, toAddress } from "../../scripts/lib/self-host/options.ts";
import { serveSimulatedGoogle, type ServedGoogle } from "../../simulator/serve.ts";
import { execute, query } from "../support/local-d1.ts";
import { startSelfHosted, stopAllSelfHosted } from "../support/self-hosted.ts";

const KEY = "AIzaSelfHosted0000000000000000000000001";
const OTHER_KEY = "AIzaSelfHosted0000000000000000000000002";

/** For what happens in the background. */
const SOON = { timeout: 30_000, interval: 20 };

let google: ServedGoogle;
let dataDir: string;

beforeAll(async () => {
  google = await serveSimulatedGoogle();
  google.google.issue(KEY);
  google.google.issue(OTHER_KEY);
  dataDir = join(await mkdtemp(join(tmpdir(), "potluck-start-")), "data");
});

afterAll(async () => {
  await stopAllSelfHosted();
  await google.close();
  await rm(join(dataDir, ".."), { recursive: true, force: true });
});

const start = (env: Record<string, string> = {}) =>
  startSelfHosted({ DATA_DIR: dataDir, GEMINI_BASE_URL: google.url, ...env });

function generate(url: string, key: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1beta/models/gemini-2.5-flash:generateContent`, {
    method: "POST",
    headers: { "x-goog-api-key": key, "content-type": "application/json", ...headers },
    body: JSON.stringify({ contents: [{ parts: [{ text: "Hello" }] }] }),
  });
}

/** A port that is the server's again after a restart, which PORT=0 would not be. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return String(port);
}

const keyCount = async (url: string) =>
  ((await (await fetch(`${url}/keycount`)).json()) as { keyCount: number }).keyCount;

describe("pnpm start", () => {
  it("takes an empty folder to a Worker that keeps its pool over a restart, with its cron", async () => {
    const first = await start();
    for (const key of [KEY, OTHER_KEY]) {
      const response = await generate(first.url, key);
      expect(response.status).toBe(200);
      expect(response.headers.get("x-pool-contributed")).toBe("yes");
      await response.arrayBuffer();
    }
    await expect.poll(() => keyCount(first.url), SOON).toBe(2);
    expect(await first.stop()).toBe(0);
    expect(first.lines.at(-1)).toContain("server.stopped");

    // What the cron looks after: a key whose rest has ended.
    execute(dataDir, "update keys set resting_until = 1 where id = 1");
    const second = await start();
    expect(await keyCount(second.url)).toBe(2);
    const pooled = await generate(second.url, KEY);
    expect(pooled.headers.get("x-pool-contributed")).toBeNull();
    await pooled.arrayBuffer();
    expect(await second.stop("SIGINT")).toBe(0);
    expect(second.lines.filter((line) => line.includes("cron_failed"))).toEqual([]);
    expect(query(dataDir, "select resting_until from keys where id = 1")).toEqual([{ resting_until: null }]);
  }, 120_000);

  it("makes secrets once, for its owner's eyes, and prints none", async () => {
    const file = join(dataDir, ".dev.vars");
    const before = await readFile(file, "utf8");
    expect(before).toMatch(/^POOL_SECRET=\S{43}\nADMIN_TOKEN=\S{32}\n$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    const server = await start();
    await server.stop();
    expect(await readFile(file, "utf8")).toBe(before);
    for (const [, secret] of before.matchAll(/=(\S+)/g)) expect(server.lines.join("\n")).not.toContain(secret);
  }, 120_000);

  it("lets a request under way come to its end when it is told to stop", async () => {
    const server = await start();
    google.google.script(KEY, { kind: "slow", delayMs: 2000 });
    google.google.script(OTHER_KEY, { kind: "slow", delayMs: 2000 });
    const calls = google.google.calls.length;
    const answer = generate(server.url, KEY);
    await expect.poll(() => google.google.calls.length, SOON).toBeGreaterThan(calls);
    const stopping = server.stop();
    const response = await answer;
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("candidates");
    expect(await stopping).toBe(0);
    await expect(generate(server.url, KEY)).rejects.toThrow("fetch failed");
  }, 120_000);

  it("starts workerd again when it has crashed", async () => {
    google.google.script(KEY, { kind: "good" });
    const server = await start({ PORT: await freePort() });
    const { stdout } = spawn("ps", ["-o", "pid=", "--ppid", String(server.child.pid)]);
    const [pid] = (await stdout.toArray()).join("").trim().split(/\s+/);
    process.kill(Number(pid), "SIGKILL");
    await expect.poll(() => server.lines.filter((line) => line.includes("server.ready")).length, SOON).toBe(2);
    expect((await generate(server.url, KEY)).status).toBe(200);
    await server.stop();
  }, 120_000);

  it("stops the upstream request of a caller who hangs up, and streams what comes", async () => {
    let open = 0;
    const upstream = createServer((_request, response) => {
      open += 1;
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: {}\r\n\r\n");
      // workerd notices a caller who has gone when it has something to write.
      const drip = setInterval(() => response.write("data: {}\r\n\r\n"), 200);
      response.once("close", () => {
        clearInterval(drip);
        open -= 1;
      });
    }).listen(0, "127.0.0.1");
    await once(upstream, "listening");
    const server = await start({ GEMINI_BASE_URL: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` });
    const hangUp = new AbortController();
    const response = await fetch(`${server.url}/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse`, {
      method: "POST",
      headers: { "x-goog-api-key": "AIzaHangsUp", "content-type": "application/json" },
      body: JSON.stringify({ contents: [] }),
      signal: hangUp.signal,
    });
    const first = await response.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value)).toContain("data: {}");
    expect(open).toBe(1);
    hangUp.abort();
    await expect.poll(() => open, SOON).toBe(0);
    await server.stop();
    upstream.close();
  }, 120_000);

  it("carries a Live session", async () => {
    google.google.script(KEY, { kind: "good" });
    const server = await start();
    const service = "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws/${service}?key=${KEY}`);
    const said = new Promise<string>((resolve, reject) => {
      socket.addEventListener("open", () =>
        socket.send(JSON.stringify({ setup: { model: "models/gemini-2.5-flash" } })),
      );
      socket.addEventListener("message", ({ data }) => resolve(data instanceof Blob ? data.text() : String(data)));
      socket.addEventListener("close", ({ code, reason }) => reject(new Error(`closed: ${code} ${reason}`)));
    });
    expect(await said).toContain("setupComplete");
    socket.close();
    await server.stop();
  }, 120_000);

  it("limits new keys by the address of the connection, whatever a caller claims", async () => {
    const server = await start();
    const statuses = new Map<number, number>();
    // 300 a minute: if a new minute begins on the way, the limit comes in that one.
    for (let batch = 0; batch < 25 && !statuses.has(429); batch++) {
      await Promise.all(
        Array.from({ length: 30 }, async (_, index) => {
          const forged = { "cf-connecting-ip": `10.0.${batch}.${index}`, "x-forwarded-for": `10.0.${batch}.${index}` };
          const response = await generate(server.url, `AIzaStolen${batch}x${index}`, forged);
          await response.arrayBuffer();
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        }),
      );
    }
    expect(statuses.get(400)).toBeGreaterThanOrEqual(300);
    expect(statuses.get(429) ?? 0).toBeGreaterThan(0);
    await server.stop();
  }, 120_000);

  it("names the address that callers know in upload URLs: PUBLIC_URL, or what a trusted proxy says", async () => {
    const uploadUrl = async (url: string, headers: Record<string, string>) => {
      const response = await fetch(`${url}/upload/v1beta/files`, {
        method: "POST",
        headers: {
          "x-goog-api-key": KEY,
          "x-goog-upload-protocol": "resumable",
          "x-goog-upload-command": "start",
          "x-goog-upload-header-content-length": "3",
          "x-goog-upload-header-content-type": "text/plain",
          "content-type": "application/json",
          ...headers,
        },
        body: JSON.stringify({ file: { displayName: "a" } }),
      });
      await response.arrayBuffer();
      return new URL(response.headers.get("x-goog-upload-url") ?? "").origin;
    };
    const forwarded = { "x-forwarded-proto": "https", "x-forwarded-host": "ai.example.com" };
    const plain = await start();
    expect(await uploadUrl(plain.url, forwarded)).toBe(plain.url);
    await plain.stop();
    const named = await start({ PUBLIC_URL: "https://potluck.example.com" });
    expect(await uploadUrl(named.url, forwarded)).toBe("https://potluck.example.com");
    await named.stop();
    const trusting = await start({ TRUST_PROXY: "1" });
    expect(await uploadUrl(trusting.url, forwarded)).toBe("https://ai.example.com");
    await trusting.stop();
  }, 180_000);

  it("names a setting that is wrong and does not start", async () => {
    await expect(start({ LEASE_MAX: "many" })).rejects.toThrow("LEASE_MAX must be a whole number");
    await expect(start({ POOL_SECRET: "short" })).rejects.toThrow("POOL_SECRET is too short");
    await expect(start({ PORT: "http" })).rejects.toThrow("PORT must be a whole number");
    await expect(start({ PUBLIC_URL: "potluck.example.com" })).rejects.toThrow("PUBLIC_URL must be like");
  }, 120_000);
});

describe("the server's configuration", () => {
  it("holds no secret: workerd reads them from its environment", () => {
    const capnp = toCapnp({
      address: toAddress("::1", 80),
      databaseFolder: '/data/"quoted"',
      database: "DB",
      assetsFolder: "/app/public",
      assets: {},
      compatibilityDate: "2026-11-01",
      compatibilityFlags: [],
      variables: ["POOL_SECRET"],
      ratelimits: [],
      publicOrigin: "",
      trustsProxy: false,
      reachesPrivateNetwork: false,
    });
    expect(capnp).toContain('(name = "POOL_SECRET", fromEnvironment = "POOL_SECRET")');
    expect(capnp).toContain('"[::1]:80"');
    expect(capnp).toContain('path = "/data/\\"quoted\\""');
    expect(capnp).not.toContain("private");
  });

  it("prefers the environment to the file, and keeps to what the Worker knows", () => {
    const env = { LEASE_MAX: "8", DATA_DIR: "/somewhere", HOME: "/root", ADMIN_TOKEN: "" };
    const file = { LEASE_MAX: "4", POOL_SECRET: "p", ADMIN_TOKEN: "t", OTHER: "x" };
    const { variables, dataDir: folder, host } = readSelfHostOptions(env, file, "/app");
    expect(variables).toEqual({ LEASE_MAX: "8", POOL_SECRET: "p", ADMIN_TOKEN: "t" });
    expect({ folder, host }).toEqual({ folder: "/somewhere", host: "127.0.0.1" });
  });

  it("follows the cron of wrangler.jsonc", () => {
    expect(minutesOf("*/7 * * * *")).toBe(7);
    expect(minutesOf("0 3 * * *")).toBe(5);
    expect(minutesOf("*/0 * * * *")).toBe(5);
  });
});
