import { beforeEach, describe, expect, it } from "vitest";
import { emptyPool } from "../support/pool-rows.ts";
import { soon } from "../support/soon.ts";
import { layTable, MODEL, newKeys, PROMPT, type Table } from "../support/table.ts";

beforeEach(emptyPool);

const STREAM = `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`;

/** A caller whose request the pool's other key will carry. */
async function seat(table: Table) {
  const [server = "", caller = ""] = newKeys(2);
  await table.contribute(server, caller);
  return { server, caller };
}

async function direct(table: Table, key: string, path: string, body: unknown = PROMPT): Promise<Uint8Array> {
  const response = await table.google.fetch(`https://google.example${path}`, {
    method: "POST",
    headers: path.includes("openai") ? { authorization: `Bearer ${key}` } : { "x-goog-api-key": key },
    body: JSON.stringify(body),
  });
  return new Uint8Array(await response.arrayBuffer());
}

describe("a stream arrives byte for byte", () => {
  const chat = { model: MODEL, messages: [{ role: "user", content: "Hello" }], stream: true };
  it.each([
    ["as events", STREAM, STREAM, PROMPT],
    ["as one array", STREAM.replace("?alt=sse", ""), STREAM.replace("?alt=sse", ""), PROMPT],
    ["in OpenAI's dialect", "/v1/chat/completions", "/v1beta/openai/chat/completions", chat],
    ["whole", `/v1beta/models/${MODEL}:generateContent`, `/v1beta/models/${MODEL}:generateContent`, PROMPT],
  ])("%s", async (_, path, googlePath, body) => {
    const table = layTable();
    const { server, caller } = await seat(table);
    const response = await table.send({ key: caller, path, body });
    expect(response.headers.get("x-pool-served-by")).toBe("pool");
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(bytes).toEqual(await direct(table, server, googlePath, body));
    expect(bytes.byteLength).toBeGreaterThan(50);
  });
});

it("a stream begins before it ends", async () => {
  const table = layTable();
  const { server, caller } = await seat(table);
  table.google.script(server, { kind: "drip", pauseMs: 60 });
  const response = await table.send({ key: caller, path: STREAM });
  const reader = response.body?.getReader();
  const first = await reader?.read();
  const text = new TextDecoder().decode(first?.value);
  expect(text).toContain("Everyone brings a key");
  expect(text).not.toContain("STOP");
  await reader?.cancel();
});

it("an error in the middle of a stream is the caller's to see: no other key is tried after the first byte", async () => {
  const table = layTable();
  const { server, caller } = await seat(table);
  table.google.script(server, { kind: "midstream-error", afterEvents: 1 });
  const response = await table.send({ key: caller, path: STREAM });
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(text).toContain("data: ");
  expect(text).toContain("The model is overloaded");
  expect(table.served()).toEqual([server]);
});

it("a caller who hangs up in the middle stops the request at Google", async () => {
  const table = layTable();
  const { server, caller } = await seat(table);
  table.google.script(server, { kind: "drip", pauseMs: 50 });
  const response = await table.send({ key: caller, path: STREAM });
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await soon(() => expect(table.google.callsBy(server).at(-1)?.aborted).toBe(true));
});

it("a caller who hangs up before the answer stops the request at Google, and no other key is tried", async () => {
  const table = layTable();
  const { server, caller } = await seat(table);
  table.google.script(server, { kind: "hang" });
  const controller = new AbortController();
  const calls = table.google.callsBy(server).length;
  const request = table.send({ key: caller, signal: controller.signal }).catch(() => undefined);
  await soon(() => expect(table.google.callsBy(server)).toHaveLength(calls + 1));
  controller.abort();
  await request;
  await soon(() => expect(table.google.callsBy(server).at(-1)?.aborted).toBe(true));
  expect(table.served()).toEqual([server]);
});

it("status and headers of Google's go along", async () => {
  const table = layTable();
  const { caller } = await seat(table);
  const response = await table.send({ key: caller, path: STREAM });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(response.headers.get("x-gemini-service-tier")).toBe("standard");
  await response.body?.cancel();
});
