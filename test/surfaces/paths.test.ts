import { beforeEach, describe, expect, test } from "vitest";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, MODEL, newKey, PROMPT } from "../support/table.ts";

beforeEach(emptyPool);

const CHAT = { model: MODEL, messages: [{ role: "user", content: "Hello" }] };
const EMBEDDING = { model: "gemini-embedding-001", input: "a" };
const IMAGE = { model: "imagen-4.0-generate-001", prompt: "a pot" };

const chat = "/v1beta/openai/chat/completions";
const generate = `/v1beta/models/${MODEL}:generateContent`;

/** What the caller sends, and the path that Google must see. */
const POSTS: [string, unknown, string][] = [
  ["/v1/chat/completions", CHAT, chat],
  ["/v1/chat/completions/", CHAT, chat],
  ["/v1beta/openai/chat/completions", CHAT, chat],
  ["/v1beta/openai/v1/chat/completions", CHAT, chat],
  ["/openai/v1/chat/completions", CHAT, chat],
  ["/openai/chat/completions", CHAT, chat],
  ["/v1/openai/chat/completions", CHAT, chat],
  ["/hf/v1/chat/completions", CHAT, chat],
  ["/chat/completions", CHAT, chat],
  ["/chat", CHAT, chat],
  ["//v1//chat/completions", CHAT, chat],
  ["/v1/v1/chat/completions", CHAT, chat],
  ["/v1/v1beta/openai/chat/completions", CHAT, chat],
  ["/v1beta/chat/completions", CHAT, chat],
  ["/v1/embeddings", EMBEDDING, "/v1beta/openai/embeddings"],
  ["/hf/v1/embeddings", EMBEDDING, "/v1beta/openai/embeddings"],
  ["/embeddings", EMBEDDING, "/v1beta/openai/embeddings"],
  ["/v1/images/generations", IMAGE, "/v1beta/openai/images/generations"],
  ["/openai/v1/images/generations", IMAGE, "/v1beta/openai/images/generations"],
  [generate, PROMPT, generate],
  [`/v1/models/${MODEL}:generateContent`, PROMPT, `/v1/models/${MODEL}:generateContent`],
  [`/v1alpha/models/${MODEL}:generateContent`, PROMPT, `/v1alpha/models/${MODEL}:generateContent`],
  [`/models/${MODEL}:generateContent`, PROMPT, generate],
  [`//models/${MODEL}:generateContent/`, PROMPT, generate],
  [`/v1/v1beta/models/${MODEL}:generateContent`, PROMPT, generate],
  [`/v1beta/v1beta/models/${MODEL}:generateContent`, PROMPT, generate],
  [`/v1beta/models/models/${MODEL}:generateContent`, PROMPT, generate],
  [`/v1beta/models/models%2F${MODEL}:generateContent`, PROMPT, generate],
  [
    `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`,
    PROMPT,
    `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`,
  ],
];

describe("a path that clients get wrong reaches the right one at Google", () => {
  test.each(POSTS)("POST %s", async (path, body, expected) => {
    const table = layTable();
    const key = newKey();
    table.google.issue(key);
    const response = await table.send({ key, path, body });
    expect(response.status).toBe(200);
    expect(table.google.calls.map((call) => call.path)).toEqual([expected]);
    expect(table.google.calls[0]?.credential).toBe(
      expected === chat || expected.includes("openai") ? "bearer" : "header",
    );
  });
});

/** Who asks how, and the path that Google must see. */
const READS: [string, "bearer" | "header" | "query", string][] = [
  ["/v1/models", "bearer", "/v1beta/openai/models"],
  ["/v1/models", "header", "/v1/models"],
  ["/v1/models", "query", "/v1/models"],
  ["/models", "bearer", "/v1beta/openai/models"],
  ["/models", "header", "/v1beta/models"],
  ["/v1beta/models", "header", "/v1beta/models"],
  ["/openai/v1/models", "header", "/v1beta/openai/models"],
  ["/hf/v1/models", "bearer", "/v1beta/openai/models"],
  [`/v1/models/${MODEL}`, "bearer", `/v1beta/openai/models/${MODEL}`],
  [`/v1/models/models/${MODEL}`, "bearer", `/v1beta/openai/models/${MODEL}`],
  [`/v1/models/models%2F${MODEL}`, "bearer", `/v1beta/openai/models/${MODEL}`],
  [`/v1/models/${MODEL}`, "header", `/v1/models/${MODEL}`],
  ["/v1/files", "bearer", "/v1beta/openai/files"],
  ["/v1/files", "header", "/v1/files"],
  ["/files", "header", "/v1beta/files"],
];

describe("what both dialects have is answered in the dialect of the credential", () => {
  test.each(READS)("GET %s by %s", async (path, carrier, expected) => {
    const table = layTable();
    const key = newKey();
    table.google.issue(key);
    await table.send({
      method: "GET",
      path: carrier === "query" ? `${path}?pageSize=5&key=${key}` : path,
      ...(carrier === "header" ? { key } : {}),
      headers: carrier === "bearer" ? { authorization: `Bearer ${key}` } : {},
    });
    const query = carrier === "query" ? "?pageSize=5" : "";
    expect(table.google.calls.map((call) => call.path)).toEqual([expected + query]);
    expect(table.google.calls[0]?.key).toBe(key);
  });
});

describe("uploads and Live sessions below a base URL with a version", () => {
  test.each([
    ["/v1beta/upload/v1beta/files", "/upload/v1beta/files"],
    ["/v1/upload/v1/files", "/upload/v1/files"],
    ["/upload/files", "/upload/v1beta/files"],
    ["//upload//v1beta/files", "/upload/v1beta/files"],
  ])("POST %s", async (path, expected) => {
    const table = layTable();
    const key = newKey();
    table.google.issue(key);
    const headers = { "x-goog-upload-protocol": "resumable", "x-goog-upload-command": "start" };
    const response = await table.send({ key, path, body: {}, headers });
    expect(response.status).toBe(200);
    expect(table.google.calls.map((call) => call.path)).toEqual([expected]);
  });
});

describe("an unknown path is answered 404 in the caller's dialect, and nothing is forwarded", () => {
  test.each(["/v2/models", "/api/generate", "/v1", "/v1beta", "//", "/favicon.ico"])("%s, natively", async (path) => {
    const table = layTable();
    const response = await table.send({ key: newKey(), method: "GET", path });
    expect(response.status).toBe(404);
    const { error } = await response.json<{ error: { code: number; status: string; message: string } }>();
    expect(error).toMatchObject({ code: 404, status: "NOT_FOUND" });
    expect(error.message).toContain("/v1beta/models/{model}:generateContent");
    expect(table.google.calls).toEqual([]);
  });

  test.each([
    ["POST", "/v1/responses"],
    ["GET", "/v1/responses/resp_1"],
    ["POST", "/v1beta/openai/responses"],
    ["POST", "/v1/completions"],
    ["POST", "/v1/audio/transcriptions"],
    ["POST", "/v1/images/edits"],
    ["POST", "/v1/nothing"],
    ["GET", "/v1/chat/completions"],
    ["GET", "/v1beta/openai"],
    ["GET", "/openai/v1/"],
    ["GET", "/nothing"],
  ])("%s %s, in OpenAI's", async (method, path) => {
    const table = layTable();
    const headers = { authorization: `Bearer ${newKey()}` };
    const response = await table.send({ method, path, headers });
    expect(response.status).toBe(404);
    const { error } = await response.json<{ error: { type: string; message: string } }>();
    expect(error).toMatchObject({ type: "invalid_request_error", code: "not_found", param: null });
    expect(error.message).toContain("/v1/chat/completions");
    expect(table.google.calls).toEqual([]);
  });

  test("a collection that only Google can know is asked for with the caller's own key, and its 404 made readable", async () => {
    const table = layTable();
    const key = newKey();
    table.google.issue(key);
    const response = await table.send({ key, method: "GET", path: "/v1beta/novelties/1" });
    expect(response.status).toBe(404);
    const { error } = await response.json<{ error: { status: string; message: string } }>();
    expect(error.status).toBe("NOT_FOUND");
    expect(error.message).toContain("Expected a path such as");
    expect(table.google.calls.map((call) => call.key)).toEqual([key]);
  });
});
