import { existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestHarness, type TestHarness } from "wrangler";
import { serveSimulatedGoogle, type ServedGoogle } from "../../simulator/serve.ts";
import { openFakeCloudflare, type FakeCloudflare } from "../support/fake-wrangler-account.ts";

const ROTATE = "scripts/rotate.ts";
const ADMIN_TOKEN = "the-operators-token";
const FIRST_SECRET = "the-first-secret-of-more-than-32-characters";
const CONFIG = new URL("../../wrangler.jsonc", import.meta.url);

let cloudflare: FakeCloudflare;
let google: ServedGoogle;
let harness: TestHarness;
let front: Server;
let url: string;
let file: string;
/** Told before each request that reaches the Worker. */
let onRequest: (path: string) => Promise<void> | void;

/**
 * The real Worker behind a fake account: what `wrangler secret bulk` stores is what the Worker runs with from the
 * next request on, as at Cloudflare.
 */
beforeEach(async () => {
  google = await serveSimulatedGoogle();
  cloudflare = await openFakeCloudflare({ secrets: { POOL_SECRET: FIRST_SECRET, ADMIN_TOKEN } });
  const secretsMirror = join(cloudflare.folder, "secrets.json");
  file = join(cloudflare.folder, "next");
  await cloudflare.change({ secretsMirror });
  let running = JSON.stringify({ POOL_SECRET: FIRST_SECRET, ADMIN_TOKEN });
  await writeFile(secretsMirror, running);
  const options = (secrets: string) => ({
    workers: [
      {
        configPath: CONFIG,
        vars: { GEMINI_BASE_URL: google.url, EGRESS: "direct" },
        secrets: JSON.parse(secrets) as Record<string, string>,
      },
    ],
  });
  harness = createTestHarness(options(running));
  await harness.listen();
  await harness.getWorker().applyD1Migrations("DB");
  onRequest = () => undefined;
  front = createServer(async (incoming, outgoing) => {
    await onRequest(incoming.url ?? "");
    const wanted = await readFile(secretsMirror, "utf8");
    if (wanted !== running) {
      await harness.update(options(wanted));
      running = wanted;
    }
    const chunks = await incoming.toArray();
    const response = await harness.fetch(`http://potluck.example${incoming.url}`, {
      method: incoming.method ?? "GET",
      headers: incoming.headers as Record<string, string>,
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks as Buffer[]) } : {}),
    });
    const headers = Object.fromEntries(
      [...response.headers].filter(([name]) => name.startsWith("x-pool") || name === "content-type"),
    );
    outgoing.writeHead(response.status, headers).end(Buffer.from(await response.arrayBuffer()));
  }).listen(0, "127.0.0.1");
  await once(front, "listening");
  url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
});

afterEach(async () => {
  front.close();
  front.closeAllConnections();
  await harness.close();
  await google.close();
  await cloudflare.close();
});

const rotate = (args: string[] = [], env: Record<string, string> = {}) =>
  cloudflare.run(ROTATE, ["--url", url, "--settle", "0", "--file", file, ...args], { ADMIN_TOKEN, ...env });

async function call(key: string): Promise<{ status: number; contributed: string | null }> {
  const response = await fetch(`${url}/v1beta/models/gemini-2.5-flash:generateContent`, {
    method: "POST",
    headers: { "x-goog-api-key": key, "content-type": "application/json" },
    body: JSON.stringify({ contents: [{ parts: [{ text: "Hello" }] }] }),
  });
  await response.arrayBuffer();
  return { status: response.status, contributed: response.headers.get("x-pool-contributed") };
}

async function contribute(key: string): Promise<void> {
  google.google.issue(key);
  expect(await call(key)).toEqual({ status: 200, contributed: "yes" });
}

const keyOf = (index: number) => `AIzaRotation${String(index).padStart(27, "0")}`;

const statusOf = async (key: string) =>
  ((await (await fetch(`${url}/key`, { headers: { "x-goog-api-key": key } })).json()) as { status?: string }).status;

describe("pnpm secret:rotate", () => {
  it("replaces the secret under a pool that serves, and loses no key", async () => {
    const keys = Array.from({ length: 60 }, (_, index) => keyOf(index));
    for (const key of keys) await contribute(key);
    const { code, output } = await rotate();
    expect(output).toContain("60 keys sealed anew");
    expect(code).toBe(0);
    const { secrets } = await cloudflare.account();
    expect(Object.keys(secrets ?? {}).toSorted()).toEqual(["ADMIN_TOKEN", "POOL_SECRET"]);
    expect(secrets?.["POOL_SECRET"]).not.toBe(FIRST_SECRET);
    expect(existsSync(file)).toBe(false);
    for (const secret of Object.values(secrets ?? {})) expect(output).not.toContain(secret);
    const before = google.google.calls.length;
    for (const key of keys) expect(await call(key)).toEqual({ status: 200, contributed: null });
    expect(new Set(google.google.calls.slice(before).map(({ key }) => key))).toEqual(new Set(keys));
    expect(await (await fetch(`${url}/keycount`)).json()).toMatchObject({ keyCount: 60 });
  });

  it("passes the secret by standard input alone, and keeps it in a file for its owner", async () => {
    await contribute(keyOf(1));
    let mode = "";
    onRequest = async () => {
      if (existsSync(file)) mode = ((await stat(file)).mode & 0o777).toString(8);
    };
    await rotate();
    expect(mode).toBe("600");
    const calls = cloudflare.calls();
    const secret = (await cloudflare.account()).secrets?.["POOL_SECRET"] ?? "?";
    expect(JSON.stringify(calls.map(({ args }) => args))).not.toContain(secret);
    expect(calls.filter(({ args }) => args[1] === "bulk").map(({ secrets }) => Object.entries(secrets ?? {}))).toEqual([
      [["POOL_SECRET_NEXT", secret]],
      // One step: at no moment is there a Worker with neither.
      [
        ["POOL_SECRET", secret],
        ["POOL_SECRET_NEXT", null],
      ],
    ]);
  });

  it("keeps a key that joins meanwhile", async () => {
    await contribute(keyOf(1));
    let joined = false;
    onRequest = async (path) => {
      if (joined || !path.startsWith("/api/admin/reseal") || !existsSync(file)) return;
      joined = true;
      await contribute(keyOf(2));
    };
    expect((await rotate()).code).toBe(0);
    expect(joined).toBe(true);
    expect(await call(keyOf(2))).toEqual({ status: 200, contributed: null });
    expect(await statusOf(keyOf(2))).toBe("active");
  });

  it.each([
    ["before the secret was put", { "secret bulk": "fetch failed" }],
    ["after the secret was put", { "secret bulk": "after:fetch failed" }],
  ])("goes on where it was stopped: %s", async (_when, failing) => {
    await contribute(keyOf(1));
    await cloudflare.change({ failing });
    expect((await rotate()).code).toBe(1);
    const kept = (await readFile(file, "utf8")).trim();
    await cloudflare.change({ failing: {} });
    expect(await call(keyOf(1))).toEqual({ status: 200, contributed: null });
    expect((await rotate()).code).toBe(0);
    expect((await cloudflare.account()).secrets?.["POOL_SECRET"]).toBe(kept);
    expect(await call(keyOf(1))).toEqual({ status: 200, contributed: null });
  });

  it("goes on where it was stopped: after the secret was replaced", async () => {
    await contribute(keyOf(1));
    const next = "a-next-secret-of-my-own-of-40-characters!";
    await writeFile(file, next);
    await rotate();
    await writeFile(file, next);
    expect((await rotate()).code).toBe(0);
    expect((await cloudflare.account()).secrets).toEqual({ POOL_SECRET: next, ADMIN_TOKEN });
    expect(await call(keyOf(1))).toEqual({ status: 200, contributed: null });
  });

  it("does not finish a rotation that was begun elsewhere", async () => {
    await cloudflare.change({ secrets: { POOL_SECRET: FIRST_SECRET, ADMIN_TOKEN, POOL_SECRET_NEXT: "n".repeat(40) } });
    const { code, output } = await rotate();
    expect(code).toBe(1);
    expect(output).toContain("A rotation is under way");
    expect(existsSync(file)).toBe(false);
    expect((await cloudflare.account()).secrets?.["POOL_SECRET"]).toBe(FIRST_SECRET);
  });

  it("does not forget a withdrawal unless it is told to", async () => {
    await contribute(keyOf(1));
    await contribute(keyOf(2));
    await fetch(`${url}/key`, { method: "DELETE", headers: { "x-goog-api-key": keyOf(2) } });
    const { code, output } = await rotate();
    expect(code).toBe(1);
    expect(output).toContain("1 withdrawn key is remembered under the old secret alone");
    expect((await cloudflare.account()).secrets?.["POOL_SECRET"]).toBe(FIRST_SECRET);
    // Its owner calls: the withdrawal moves, and nothing is in the way any more.
    expect(await call(keyOf(2))).toEqual({ status: 200, contributed: null });
    expect((await rotate()).code).toBe(0);
    expect(await statusOf(keyOf(2))).toBe("withdrawn");
  });

  it("changes nothing for who has no token, or a wrong one", async () => {
    const wrong = await rotate([], { ADMIN_TOKEN: "wrong" });
    expect(wrong.code).toBe(1);
    expect(wrong.output).toContain("does not accept this ADMIN_TOKEN");
    const none = await rotate([], { ADMIN_TOKEN: "" });
    expect(none.output).toContain("ADMIN_TOKEN is missing");
    expect(cloudflare.calls()).toEqual([]);
    expect(existsSync(file)).toBe(false);
  });
});
