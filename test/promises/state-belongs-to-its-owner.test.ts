import { beforeEach, describe, expect, it } from "vitest";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, MODEL, newKeys, PROMPT, type Sent, type Table } from "../support/table.ts";

beforeEach(emptyPool);

/** A contributor whose every pooled request another key would carry first. */
async function seat(): Promise<{ table: Table; caller: string }> {
  const table = layTable();
  const [caller = "", ...others] = newKeys(5).toReversed();
  await table.contribute(...others, caller);
  return { table, caller };
}

const parts = (...given: unknown[]) => ({ contents: [{ role: "user", parts: given }] });
const FILE = "https://generativelanguage.googleapis.com/v1beta/files/abc";

describe("the caller's own key alone carries a request for", () => {
  const paths: [string, string, unknown?][] = [
    ["POST", "/upload/v1beta/files?uploadType=media", "bytes"],
    ["POST", "/upload/v1beta/fileSearchStores/abc:uploadToFileSearchStore", "bytes"],
    ["GET", "/v1beta/files"],
    ["GET", "/v1beta/files/abc"],
    ["GET", "/v1beta/files/abc:download?alt=media"],
    ["DELETE", "/v1beta/files/abc"],
    ["POST", "/v1beta/files:register", {}],
    ["GET", "/files/abc"],
    ["POST", "/v1beta/cachedContents", { model: `models/${MODEL}` }],
    ["PATCH", "/v1beta/cachedContents/abc", { ttl: "600s" }],
    ["GET", "/v1beta/batches"],
    ["POST", "/v1beta/batches/abc:cancel", {}],
    ["POST", `/v1beta/models/${MODEL}:batchGenerateContent`, {}],
    ["POST", "/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent", {}],
    ["POST", "/v1beta/models/veo-3.1-generate-preview:predictLongRunning", {}],
    ["GET", "/v1beta/models/veo-3.1-generate-preview/operations/abc"],
    ["GET", "/v1beta/models/veo-3.1-generate-preview%2Foperations%2Fabc"],
    ["GET", "/v1beta/operations/abc"],
    ["GET", "/v1beta/tunedModels"],
    ["POST", "/v1beta/tunedModels/abc:generateContent", PROMPT],
    ["POST", "/v1beta/tunedModels/abc:streamGenerateContent?alt=sse", PROMPT],
    ["POST", "/v1beta/fileSearchStores", {}],
    ["POST", "/v1beta/interactions", { model: MODEL, input: "Hi" }],
    ["POST", "/v1beta/interactions", { model: MODEL, input: "Hi", store: true }],
    ["POST", "/v1beta/interactions", { model: MODEL, input: "Hi", store: "false" }],
    ["GET", "/v1beta/interactions/abc"],
    ["DELETE", "/v1beta/interactions/abc"],
    ["POST", "/v1beta/auth_tokens", {}],
    ["POST", "/v1alpha/auth_tokens", {}],
    ["GET", "/v1beta/somethingNew"],
    ["POST", `/v1beta/models/${MODEL}:somethingNew`, PROMPT],
    ["DELETE", `/v1beta/models/${MODEL}`],
    ["POST", `/v1beta/models/${MODEL}:generateContent?cachedContent=cachedContents/abc`, PROMPT],
    ["POST", `/v1beta/models/${MODEL}:generateContent?alt=json&contents.parts.file_data.file_uri=files/abc`, PROMPT],
    ["POST", "/v1beta/interactions?store=true", { model: MODEL, input: "Hi", store: false }],
    ["GET", "/openai/v1/files"],
    ["POST", "/v1beta/openai/batches", {}],
    ["POST", "/v1/videos", {}],
  ];

  it.each(paths)("%s %s", async (method, path, body) => {
    const { table, caller } = await seat();
    const sent: Sent = { key: caller, method, path, ...(body === undefined ? {} : { body }) };
    for (let at = 0; at < 2; at++) {
      const response = await table.send(sent);
      expect(response.headers.get("x-pool-served-by")).toBe("own");
    }
    expect(table.served()).toEqual([caller, caller]);
  });

  const bodies: [string, unknown][] = [
    ["a file", parts({ fileData: { fileUri: FILE } })],
    ["a file in snake case", parts({ file_data: { file_uri: FILE } })],
    ["a file by its name", parts({ fileData: { fileUri: "files/abc" } })],
    [
      "a file with escaped slashes, as PHP writes them",
      `{"contents":[{"parts":[{"fileData":{"fileUri":"https:\\/\\/generativelanguage.googleapis.com\\/v1beta\\/files\\/abc"}}]}]}`,
    ],
    ["a file behind an escaped property name", `{"contents":[{"parts":[{"fileData":{"\\u0066ileUri":"files/abc"}}]}]}`],
    [
      "a file behind an escape that only Google knows",
      `{"contents":[{"parts":[{"fileData":{"file\\Uri":"files/abc"}}]}]}`,
    ],
    ["a file whose name has such an escape", `{"contents":[{"parts":[{"fileData":{"fileUri":"f\\iles/abc"}}]}]}`],
    [
      "a file whose escaped name ends in a bare line break",
      `{"contents":[{"parts":[{"fileData":{"fileUri":"\\u0066iles/abc?\n"}}]}]}`,
    ],
    ["a file behind an escaped scheme", `{"contents":[{"parts":[{"fileData":{"fileUri":"\\u0066iles/abc"}}]}]}`],
    [
      "a file that a second, harmless one hides",
      `{"contents":[{"parts":[{"fileData":{"fileUri":"files/abc","fileUri":"gs://b/c"}}]}]}`,
    ],
    [
      "a file in a function's answer",
      parts({ functionResponse: { name: "f", response: {}, parts: [{ fileData: { fileUri: FILE } }] } }),
    ],
    ["a cache", { ...PROMPT, cachedContent: "cachedContents/abc" }],
    ["a cache in snake case", { ...PROMPT, cached_content: "cachedContents/abc" }],
    ["a cache behind an escaped name", `{"contents":[],"cached\\u0043ontent":"cachedContents/abc"}`],
    ["a file search store", { ...PROMPT, tools: [{ fileSearch: { fileSearchStoreNames: ["fileSearchStores/abc"] } }] }],
    ["a file search store in snake case", { ...PROMPT, tools: [{ file_search: { file_search_store_names: ["x"] } }] }],
    ["a tuned model in the body", { ...PROMPT, model: "tunedModels/abc" }],
    ["a corpus", { ...PROMPT, semanticRetriever: { source: "corpora/abc" } }],
    ["JSON that is none", '{"contents": [}'],
    ["JSON in another dialect: single quotes", "{'contents':[{'parts':[{'fileData':{'fileUri':'files/abc'}}]}]}"],
    ["JSON in another dialect: bare names", '{contents:[{parts:[{fileData:{fileUri:"files/abc"}}]}]}'],
    ["JSON in another dialect: a comment", '{/* x */"contents":[{"parts":[{"fileData":{"fileUri":"files/abc"}}]}]}'],
    ["an array", "[{}]"],
    ["nothing at all", ""],
  ];

  it.each(bodies)("%s", async (_, body) => {
    const { table, caller } = await seat();
    await table.send({ key: caller, body });
    expect(table.served()).toEqual([caller]);
  });

  const chats: [string, unknown][] = [
    ["a cache in OpenAI's extra body", { extra_body: { google: { cached_content: "cachedContents/abc" } } }],
    [
      "a file in OpenAI's messages",
      { messages: [{ role: "user", content: [{ type: "file", file: { file_id: "files/abc" } }] }] },
    ],
    [
      "a file of OpenAI's naming",
      { messages: [{ role: "user", content: [{ type: "file", file: { file_id: "file-abc123" } }] }] },
    ],
    [
      "a file as an image in OpenAI's messages",
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: FILE } }] }] },
    ],
    ["a model that is no name", { model: "tunedModels/abc" }],
    ["two models", undefined],
  ];

  it.each(chats)("%s", async (name, body) => {
    const { table, caller } = await seat();
    const two = `{"model":"${MODEL}","messages":[],"model":"gemini-2.5-pro"}`;
    const whole = name === "two models" ? two : { model: MODEL, messages: [], ...(body as object) };
    await table.send({ key: caller, path: "/v1/chat/completions", body: whole });
    expect(table.served()).toEqual([caller]);
  });

  const interactions: [string, Record<string, unknown>][] = [
    ["an earlier interaction", { previous_interaction_id: "abc" }],
    ["an agent", { agent: "deep-research" }],
    ["an environment", { environment: "environments/abc" }],
    ["a file by uri", { input: [{ type: "document", uri: "files/abc" }] }],
  ];

  it.each(interactions)("%s", async (_, more) => {
    const { table, caller } = await seat();
    await table.send({ key: caller, path: "/v1beta/interactions", body: { model: MODEL, store: false, ...more } });
    expect(table.served()).toEqual([caller]);
  });
});

/** The friendly twins: nobody is kept from the pool by words. */
describe("any key of the pool carries a request that only", () => {
  const harmless: [string, unknown][] = [
    [
      "says the words in a prompt",
      parts({ text: 'fileUri: "files/abc", cachedContent, previous_interaction_id, tunedModels/x' }),
    ],
    ["quotes JSON in a prompt", parts({ text: JSON.stringify(parts({ fileData: { fileUri: FILE } })) })],
    [
      "says them in a system instruction",
      { ...PROMPT, systemInstruction: { parts: [{ text: '"cachedContent":"x"' }] } },
    ],
    ["links to YouTube", parts({ fileData: { fileUri: "https://www.youtube.com/watch?v=abc" } })],
    [
      "calls its own function with such arguments",
      parts({ functionCall: { name: "f", args: { agent: "x", environment: "y" } } }),
    ],
    [
      "defines a function with such parameters",
      {
        ...PROMPT,
        tools: [
          {
            functionDeclarations: [
              {
                name: "f",
                parameters: { type: "OBJECT", properties: { agent: { type: "STRING" }, fileUri: { type: "STRING" } } },
              },
            ],
          },
        ],
      },
    ],
    ["carries inline data", parts({ inlineData: { mimeType: "image/png", data: "files/abc" } })],
    ["has escapes and emoji", parts({ text: 'a "quoted" \\ back\u2028slash \u0000 😀' })],
    ["says that there is no cache", { ...PROMPT, cachedContent: "" }],
  ];

  it.each(harmless)("%s", async (_, body) => {
    const { table, caller } = await seat();
    const response = await table.send({ key: caller, body });
    expect(response.headers.get("x-pool-served-by")).toBe("pool");
    expect(table.served()).not.toContain(caller);
  });
});

it("an uploaded file works for its owner, and for nobody else", async () => {
  const { table, caller } = await seat();
  const [stranger = ""] = newKeys(1);
  await table.contribute(stranger);
  const begun = await table.send({
    key: caller,
    path: "/upload/v1beta/files",
    body: { file: { displayName: "notes" } },
    headers: {
      "x-goog-upload-protocol": "resumable",
      "x-goog-upload-command": "start",
      "x-goog-upload-header-content-type": "text/plain",
    },
  });
  const url = new URL(begun.headers.get("x-goog-upload-url") ?? "");
  const ended = await table.send({
    path: url.pathname + url.search,
    body: "the text",
    headers: { "x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0", "content-type": "text/plain" },
  });
  expect(ended.status).toBe(200);
  const { file } = await ended.json<{ file: { uri: string; name: string } }>();
  table.served();
  const body = parts({ fileData: { fileUri: file.uri } });
  for (let at = 0; at < 4; at++) expect((await table.send({ key: caller, body })).status).toBe(200);

  for (let at = 0; at < 4; at++) {
    expect((await table.send({ key: stranger, body })).status).toBe(403);
    expect((await table.send({ key: stranger, path: `/v1beta/${file.name}`, method: "GET" })).status).toBe(403);
  }
  expect(new Set(table.served())).toEqual(new Set([caller, stranger]));
});

it("a body too large to be held travels once, whole, on the caller's own key", async () => {
  const table = layTable({ REPLAY_MAX_BYTES: "1000" });
  const [caller = "", ...others] = newKeys(4);
  await table.contribute(...others, caller);
  const large = JSON.stringify(parts({ text: "x".repeat(5000) }));
  table.google.script(caller, { kind: "error", fixture: "quota-day" });
  const response = await table.send({ key: caller, body: large });
  expect(response.status).toBe(429);
  expect(response.headers.get("x-pool-served-by")).toBe("own");
  expect(table.served()).toEqual([caller]);
  expect(table.google.calls.at(-1)?.bodyText).toBe(large);
});

describe("what was read as JSON is JSON to Google too on another's key", () => {
  // The same bytes can be a form, or a protocol buffer that names a cache of the other's project.
  const disguises: Record<string, string>[] = [
    { "content-type": "application/x-protobuf" },
    { "content-type": "application/x-www-form-urlencoded" },
    { "content-type": "application/json; charset=utf-7" },
    { "content-type": "application/json", "content-encoding": "gzip" },
    // A second credential that says what another header says, so that the other is dropped.
    { "content-type": "application/json", authorization: "x application/json" },
  ];

  it.each(disguises)("%o", async (headers) => {
    const { table, caller } = await seat();
    const response = await table.send({ key: caller, body: JSON.stringify(PROMPT), headers });
    expect(response.headers.get("x-pool-served-by")).toBe("pool");
    const sent = table.google.calls.at(-1)?.headers;
    expect(sent?.["content-type"]).toBe("application/json");
    expect(sent?.["content-encoding"]).toBe(undefined);
  });

  it("and stays what its caller calls it on the caller's own", async () => {
    const { table, caller } = await seat();
    const headers = { "content-type": "application/x-protobuf", "x-pool-mode": "own" };
    await table.send({ key: caller, body: JSON.stringify(PROMPT), headers });
    expect(table.google.calls.at(-1)?.headers["content-type"]).toBe("application/x-protobuf");
  });
});
