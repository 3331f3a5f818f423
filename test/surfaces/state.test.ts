import { beforeEach, describe, expect, test } from "vitest";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, MODEL, PROMPT } from "../support/table.ts";
import { gather, type Company } from "../support/turns.ts";

let company: Company;

beforeEach(async () => {
  await emptyPool();
  company = await gather(layTable());
});

const FOREIGN_FILE = "https://generativelanguage.googleapis.com/v1beta/files/somebody-elses";
const text = (words: string) => ({ contents: [{ role: "user", parts: [{ text: words }] }] });
const withPart = (part: unknown) => ({ contents: [{ role: "user", parts: [{ text: "Hello" }, part] }] });
const chat = (more: Record<string, unknown>) => ({
  model: MODEL,
  messages: [{ role: "user", content: "Hello" }],
  ...more,
});
const OPENAI = "/v1/chat/completions";
const INTERACTIONS = "/v1beta/interactions";

/** A body that refers to state, and the path it goes to; generateContent unless said otherwise. */
const REFERENCES: [string, unknown, string?][] = [
  ["a file", withPart({ fileData: { fileUri: FOREIGN_FILE } })],
  ["a file in snake case", withPart({ file_data: { file_uri: FOREIGN_FILE } })],
  ["a file by its bare name", withPart({ fileData: { fileUri: "files/somebody-elses" } })],
  ["a file with white space before its name", withPart({ fileData: { fileUri: " files/somebody-elses" } })],
  [
    "a file in the system instruction",
    { ...PROMPT, systemInstruction: withPart({ fileData: { fileUri: FOREIGN_FILE } }).contents[0] },
  ],
  [
    "a file in the answer of a function",
    withPart({ functionResponse: { name: "f", response: {}, parts: [{ fileData: { fileUri: FOREIGN_FILE } }] } }),
  ],
  [
    "a file in the answer of a function that has none",
    withPart({ functionResponse: { name: "f", response: null, parts: [{ fileData: { fileUri: FOREIGN_FILE } }] } }),
  ],
  [
    "a file beside the answer of a function",
    withPart({
      functionResponse: { name: "f", response: { a: [{}] }, parts: [{ fileData: { fileUri: FOREIGN_FILE } }] },
    }),
  ],
  [
    "a file under an escaped name",
    JSON.stringify(withPart({ fileData: { X: FOREIGN_FILE } })).replace('"X"', '"\\u0066ileUri"'),
  ],
  [
    "a file with an escaped value",
    JSON.stringify(withPart({ fileData: { fileUri: "X" } })).replace('"X"', '"\\u0066iles/abc"'),
  ],
  [
    "a file with escaped slashes, as PHP writes them",
    JSON.stringify(withPart({ fileData: { uri: FOREIGN_FILE } })).replaceAll("/", "\\/"),
  ],
  [
    "a file under a name that is there twice",
    `{"contents":[{"parts":[{"fileData":{"fileUri":"${FOREIGN_FILE}","fileUri":"https://youtu.be/x"}}]}]}`,
  ],
  ["a file by its bare id", withPart({ fileData: { fileUri: "somebody-elses" } })],
  ["a file by an encoded path", withPart({ fileData: { fileUri: "https://x/v1beta/files%2Fsomebody-elses" } })],
  ["a voice of one's own", { ...PROMPT, generationConfig: { speechConfig: { voice: "voices/voice_a" } } }],
  ["a cache", { ...PROMPT, cachedContent: "cachedContents/somebody-elses" }],
  ["a cache in snake case", { ...PROMPT, cached_content: "cachedContents/somebody-elses" }],
  ["a cache, then none", `{"cachedContent":"cachedContents/a","cachedContent":null,"contents":[]}`],
  ["a file search store", { ...PROMPT, tools: [{ fileSearch: { fileSearchStoreNames: ["fileSearchStores/a"] } }] }],
  [
    "a file search store in snake case",
    { ...PROMPT, tools: [{ file_search: { file_search_store_names: ["fileSearchStores/a"] } }] },
  ],
  ["a cache, in OpenAI's dialect", chat({ extra_body: { google: { cached_content: "cachedContents/a" } } }), OPENAI],
  [
    "a cache, twice wrapped by the Python SDK",
    chat({ extra_body: { extra_body: { google: { cached_content: "cachedContents/a" } } } }),
    OPENAI,
  ],
  ["a tuned model, in OpenAI's dialect", chat({ model: "tunedModels/a" }), OPENAI],
  ["a tuned model", PROMPT, "/v1beta/tunedModels/a:generateContent"],
  [
    "an earlier interaction",
    { model: MODEL, input: "Hello", store: false, previous_interaction_id: "v1_a" },
    INTERACTIONS,
  ],
  ["an interaction that is stored", { model: MODEL, input: "Hello" }, INTERACTIONS],
  ["an interaction that says it is stored", { model: MODEL, input: "Hello", store: true }, INTERACTIONS],
  [
    "an interaction that is stored after all",
    `{"model":"${MODEL}","input":"Hello","store":false,"store":true}`,
    INTERACTIONS,
  ],
  ["an agent's interaction", { agent: "agents/a", input: "Hello", store: false }, INTERACTIONS],
  [
    "a file in an interaction",
    { model: MODEL, store: false, input: [{ type: "document", uri: FOREIGN_FILE }] },
    INTERACTIONS,
  ],
];

/** The path says one model, the body another: nobody knows whose quota Google would book. */
const TWO_MODELS: [string, unknown, string?][] = [
  ["at the top", { ...PROMPT, model: "models/gemini-2.5-pro" }],
  ["at the top, by its bare name", { ...PROMPT, model: "gemini-2.5-pro" }],
  ["behind the right one", `{"model":"models/${MODEL}","model":"models/gemini-2.5-pro","contents":[]}`],
  ["behind an escape", String.raw`{"\u006dodel":"models/gemini-2.5-pro","contents":[]}`],
  [
    "in one of many requests",
    { requests: [{ model: "models/gemini-embedding-001" }, { model: "models/gemini-embedding-2" }] },
    "/v1beta/models/gemini-embedding-001:batchEmbedContents",
  ],
  [
    "in the request whose tokens are counted",
    { generateContentRequest: { model: "models/gemini-2.5-pro", ...PROMPT } },
    `/v1beta/models/${MODEL}:countTokens`,
  ],
];

describe("a body that names another model than its path goes out on the caller's own key alone:", () => {
  test.each(TWO_MODELS)("%s", async (_, body, path) => {
    await company.expectPinned({ body, ...(path === undefined ? {} : { path }) });
  });
});

describe("what refers to state goes out on the caller's own key alone", () => {
  test.each(REFERENCES)("%s", async (_, body, path) => {
    await company.expectPinned({ body, ...(path === undefined ? {} : { path }) });
  });

  test("a foreign file gets Google's own refusal, and the pool is as it was", async () => {
    const { table, others } = company;
    const response = await company.expectPinned({ body: withPart({ fileData: { fileUri: FOREIGN_FILE } }) });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("You do not have permission to access the File somebody-elses");
    const { keyCount } = await (await table.send({ method: "GET", path: "/keycount" })).json<{ keyCount: number }>();
    expect(keyCount).toBe(others.length + 1);
    await (await company.expectPooled({ body: PROMPT })).body?.cancel();
  });
});

/** Requests that name no state of a project; the words may be anywhere in the text. */
const HARMLESS: [string, unknown, string?][] = [
  ["a plain prompt", PROMPT],
  [
    "a prompt about fileUri, cachedContent and tunedModels/a",
    text("What is fileUri, cachedContent, files/abc or tunedModels/a?"),
  ],
  ["a prompt that quotes such JSON", text(JSON.stringify(withPart({ fileData: { fileUri: FOREIGN_FILE } })))],
  ["a prompt that quotes such JSON twice", text(JSON.stringify(JSON.stringify({ cachedContent: "cachedContents/a" })))],
  ["a prompt of one such word", text("cachedContent")],
  ["escapes in a prompt", JSON.stringify(text("X")).replace('"X"', '"\\u0066ileUri: \\u0022files/a\\u0022"')],
  ["a YouTube video", withPart({ fileData: { fileUri: "https://www.youtube.com/watch?v=abc" } })],
  [
    "a YouTube video as it is shared",
    withPart({ fileData: { fileUri: "https://youtu.be/abc?si=x&pp=ygUEdGVzdA%3D%3D" } }),
  ],
  ["its path's model in the body", { ...PROMPT, model: `models/${MODEL}` }],
  [
    "a batch of embeddings, as @google/genai sends it",
    {
      requests: [1, 2].map(() => ({ model: "models/gemini-embedding-001", content: { parts: [{ text: "Hello" }] } })),
    },
    "/v1beta/models/gemini-embedding-001:batchEmbedContents",
  ],
  [
    "counting the tokens of a whole request",
    { generateContentRequest: { model: `models/${MODEL}`, ...PROMPT } },
    `/v1beta/models/${MODEL}:countTokens`,
  ],
  ["inline data", withPart({ inlineData: { mimeType: "image/png", data: "ZmlsZXMv" } })],
  [
    "a function's schema with such names",
    {
      ...PROMPT,
      tools: [
        {
          functionDeclarations: [
            {
              name: "f",
              parameters: { type: "OBJECT", properties: { fileUri: { type: "STRING" }, agent: { type: "STRING" } } },
            },
          ],
        },
      ],
    },
  ],
  [
    "a function's arguments with such names",
    withPart({ functionCall: { name: "f", args: { fileUri: FOREIGN_FILE, agent: "a" } } }),
  ],
  [
    "a function's answer with such names",
    withPart({ functionResponse: { name: "f", response: { cachedContent: "cachedContents/a" } } }),
  ],
  ["no cache", { ...PROMPT, cachedContent: null }],
  [
    "a chat in OpenAI's dialect about files",
    chat({ messages: [{ role: "user", content: '{"fileUri":"files/abc"}' }] }),
    OPENAI,
  ],
  ["a chat with a model by its long name", chat({ model: `models/${MODEL}` }), OPENAI],
  [
    "an interaction that is not stored",
    { model: MODEL, input: "Hello previous_interaction_id", store: false },
    INTERACTIONS,
  ],
  ["counting tokens", PROMPT, `/v1beta/models/${MODEL}:countTokens`],
];

describe("what any key can serve stays with the pool", () => {
  test.each(HARMLESS)("%s", async (_, body, path) => {
    await (await company.expectPooled({ body, ...(path === undefined ? {} : { path }) })).body?.cancel();
  });
});

/** Method and path of what belongs to one project. */
const RESOURCES: [string, string][] = [
  ["GET", "/v1beta/files"],
  ["GET", "/v1beta/files/a"],
  ["DELETE", "/v1beta/files/a"],
  ["GET", "/v1beta/files/a:download?alt=media"],
  ["GET", "/v1/files"],
  ["POST", "/v1beta/cachedContents"],
  ["PATCH", "/v1beta/cachedContents/a"],
  ["GET", "/v1beta/batches"],
  ["POST", "/v1beta/batches/a:cancel"],
  ["POST", `/v1beta/models/${MODEL}:batchGenerateContent`],
  ["POST", "/v1beta/models/veo-3.1-generate-preview:predictLongRunning"],
  ["GET", "/v1beta/models/veo-3.1-generate-preview/operations/a"],
  ["POST", "/v1beta/fileSearchStores"],
  ["GET", "/v1beta/tunedModels"],
  ["GET", "/v1beta/interactions/v1_a"],
  ["DELETE", "/v1beta/interactions/v1_a"],
  ["POST", "/v1alpha/auth_tokens"],
  ["POST", "/upload/v1beta/files"],
  ["GET", "/v1/batches"],
  ["GET", "/v1beta/openai/files"],
  ["POST", "/v1/videos"],
];

describe("what belongs to a project is reached with the caller's own key", () => {
  test.each(RESOURCES)("%s %s", async (method, path) => {
    await (await company.expectPinned({ method, path })).body?.cancel();
  });
});

describe("a body that is not JSON is Google's to refuse, on the caller's own key", () => {
  test.each([
    ["nothing", ""],
    ["words", "Hello"],
    ["a list", JSON.stringify([PROMPT])],
    ["a broken object", '{"contents": [}'],
    ["an object that breaks off", JSON.stringify(PROMPT).slice(0, -2)],
    ["bare words between braces", '{"contents": Hello}'],
    ["a missing comma", '{"contents":[] "model":"a"}'],
    ["single quotes", "{'contents':[{'parts':[{'fileData':{'fileUri':'files/a'}}]}]}"],
    ["bare names", "{contents:[{parts:[{fileData:{fileUri:'files/a'}}]}]}"],
    ["two objects", "{}{}"],
    ["form data", "contents=Hello"],
    ["a trailing comma", '{"contents":[],}'],
    ["a comma without a value", '{"contents":[,]}'],
    ["a name without a value", '{"contents":}'],
    ["two values", '{"contents":[] []}'],
  ])("%s", async (_, body) => {
    await (await company.expectPinned({ body })).body?.cancel();
  });

  test("and the refusal is in the caller's dialect", async () => {
    const response = await company.expectPinned({ body: "Hello", path: OPENAI });
    expect(response.status).toBe(400);
    const { error } = await response.json<{ error: { type: string; message: string } }>();
    expect(error.type).toBe("invalid_request_error");
    expect(error.message).toContain("Invalid JSON payload received.");
  });
});

describe("a large body", () => {
  test("of 8 MB is pooled, and sent again whole when a key fails", async () => {
    const { table, caller, others } = company;
    const data = "iVBORw0KGgo/abc+".repeat(512 * 1024);
    const body = JSON.stringify(withPart({ inlineData: { mimeType: "image/png", data } }));
    for (const key of others)
      table.google.script(key, { kind: "error", fixture: "unavailable", only: { firstCalls: 1 } });
    table.google.calls.length = 0;
    const response = await table.send({ key: caller, body });
    expect(response.status).toBe(200);
    const { calls } = table.google;
    expect(calls.length).toBeGreaterThan(1);
    const added = '"store":false,'.length;
    expect(new Set(calls.map(({ key }) => key)).size).toBe(calls.length);
    for (const { key, bodyBytes } of calls) expect(bodyBytes).toBe(body.length + (key === caller ? 0 : added));
  });

  test("larger than what is kept travels once, on the caller's own key", async () => {
    const small = layTable({ REPLAY_MAX_BYTES: "1000" });
    const crowd = await gather(small);
    await (await crowd.expectPinned({ body: text("a".repeat(2000)) })).body?.cancel();
    expect(small.google.calls.at(-1)?.bodyBytes).toBe(JSON.stringify(text("a".repeat(2000))).length);
  });
});
