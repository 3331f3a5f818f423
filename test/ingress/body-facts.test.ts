import { describe, expect, it } from "vitest";
import { readBodyFacts } from "../../src/ingress/body-facts.ts";

const facts = (body: unknown) =>
  readBodyFacts(new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)));
const prompt = (text: string) => ({ contents: [{ role: "user", parts: [{ text }] }] });
const FILE = "https://generativelanguage.googleapis.com/v1beta/files/abc-123";

describe("a body that refers to its caller's state", () => {
  it.each([
    ["a file by its URL", { contents: [{ parts: [{ fileData: { fileUri: FILE } }] }] }],
    ["a file in snake case", { contents: [{ parts: [{ file_data: { file_uri: FILE } }] }] }],
    ["a file by its name", { contents: [{ parts: [{ fileData: { fileUri: "files/abc" } }] }] }],
    [
      "a file behind the Worker's own host",
      { contents: [{ parts: [{ fileData: { fileUri: "https://pool.example/v1beta/files/abc" } }] }] },
    ],
    ["a file in the system instruction", { systemInstruction: { parts: [{ fileData: { fileUri: FILE } }] } }],
    [
      "a file in a function's answer",
      {
        contents: [
          { parts: [{ functionResponse: { name: "f", response: {}, parts: [{ fileData: { fileUri: FILE } }] } }] },
        ],
      },
    ],
    ["a cache", { ...prompt("x"), cachedContent: "cachedContents/abc" }],
    [
      "a cache in OpenAI's extra body",
      { model: "m", messages: [], extra_body: { google: { cached_content: "cachedContents/a" } } },
    ],
    [
      "a file search store",
      { ...prompt("x"), tools: [{ fileSearch: { fileSearchStoreNames: ["fileSearchStores/a"] } }] },
    ],
    ["an earlier interaction", { model: "m", input: "x", store: false, previous_interaction_id: "v1_abc" }],
    ["an agent", { agent: "deep-research", input: "x" }],
    ["a tuned model", { model: "tunedModels/mine", messages: [] }],
    [
      "an OpenAI file",
      { model: "m", messages: [{ role: "user", content: [{ type: "file", file: { file_id: "files/abc" } }] }] },
    ],
    [
      "a file whose name is spelled with escapes",
      String.raw`{"contents":[{"parts":[{"fileData":{"\u0066ile\u0055ri":"files\/abc"}}]}]}`,
    ],
    ["a file among spaces", `{ "contents" :\n[ { "parts" : [ { "fileData" : { "fileUri"\t:\r\n "${FILE}" } } ] } ] }`],
    [
      "a file next to data of the caller's own",
      { tools: [{ args: { x: 1 } }], contents: [{ parts: [{ fileData: { fileUri: FILE } }] }] },
    ],
  ])("is seen to name %s", (_, body) => {
    expect(facts(body)?.refersToState).toBe(true);
  });
});

describe("a body without references", () => {
  it.each([
    [
      "words about files in the prompt",
      prompt('Use {"fileUri":"files/abc"} and "cachedContent": "cachedContents/x", tunedModels/y'),
    ],
    [
      "a quoted JSON body in the prompt",
      prompt(JSON.stringify({ contents: [{ fileData: { fileUri: FILE } }], cachedContent: "c" })),
    ],
    ["a prompt that ends in backslashes", prompt('\\"fileUri\\": \\\\')],
    ["a YouTube link", { contents: [{ parts: [{ fileData: { fileUri: "https://www.youtube.com/watch?v=x" } }] }] }],
    ["a Cloud Storage link", { contents: [{ parts: [{ fileData: { fileUri: "gs://bucket/x" } }] }] }],
    ["an empty cache", { ...prompt("x"), cachedContent: "", cached_content: null }],
    [
      "arguments that happen to be called so",
      { contents: [{ parts: [{ functionCall: { name: "f", args: { fileUri: FILE, agent: "x" } } }] }] },
    ],
    [
      "a schema that happens to be called so",
      {
        tools: [
          {
            functionDeclarations: [
              {
                name: "f",
                parameters: { type: "OBJECT", properties: { agent: { type: "STRING" }, cachedContent: {} } },
              },
            ],
          },
        ],
      },
    ],
  ])("stays free: %s", (_, body) => {
    expect(facts(body)?.refersToState).toBe(false);
  });
});

describe("the model", () => {
  it("is read at the top level, wherever it stands", () => {
    expect(facts({ messages: [{ model: "inner" }], model: "gemini-2.5-flash" })?.model).toBe("gemini-2.5-flash");
    expect(facts(String.raw`{"\u006dodel":"gemini-\u0032.5-flash"}`)?.model).toBe("gemini-2.5-flash");
  });

  it("is not taken from two: Google would take one and its quota be booked on the other", () => {
    expect(facts('{"model":"gemini-2.5-flash","messages":[],"model":"gemini-2.5-pro"}')?.model).toBeUndefined();
    expect(facts(String.raw`{"model":"a1","\u006dodel":"b2"}`)?.model).toBeUndefined();
  });

  it("is nothing but a string", () => {
    expect(facts({ model: 7 })?.model).toBeUndefined();
    expect(facts({ model: { x: "y" } })?.model).toBeUndefined();
  });
});

describe("the wish to store", () => {
  it("is the caller's at the top level only", () => {
    expect(facts({ ...prompt("x"), store: false })?.store).toBe("false");
    expect(facts({ ...prompt("x"), store: true })?.store).toBe("said");
    expect(facts({ ...prompt('"store":false'), generationConfig: { store: false } })?.store).toBe("unsaid");
  });
});

describe("a body that is not one JSON object", () => {
  it.each([
    ["nothing", ""],
    ["text", "hello"],
    ["an array", "[{}]"],
    ["two objects", "{}{}"],
    ["single quotes, which Google's parser takes", "{'contents':[{'parts':[{'fileData':{'fileUri':'files/abc'}}]}]}"],
    ["bare names, which Google's parser takes", '{contents:[{parts:[{fileData:{fileUri:"files/abc"}}]}]}'],
    ["a comment", '{/* "x" */"contents":[]}'],
    ["an unclosed string", '{"contents":"'],
    ["an unclosed object", '{"contents":[]'],
    ["brackets that cross", '{"contents":[}]'],
    ["a name without a value", '{"contents"}'],
    ["bottomless nesting", `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`],
  ])("tells nothing: %s", (_, body) => {
    expect(facts(body)).toBeUndefined();
  });
});

it("agrees with JSON.parse on what is an object, for ordinary bodies of every shape", () => {
  for (const body of [
    "{}",
    ' {"a":1} ',
    '{"a":-1.5e+3,"b":[true,false,null,[],{}],"c":{"d":"\\\\"}}',
    '{"é":"日本"}',
  ]) {
    expect(facts(body)).toEqual({ model: undefined, store: "unsaid", refersToState: false });
    expect(() => void JSON.parse(body)).not.toThrow();
  }
});
