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

const fileAt = (fileUri: string) => ({ contents: [{ parts: [{ fileData: { fileUri } }] }] });
const pictureAt = (url: string) => ({
  model: "m",
  messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
});

describe("what leads to a file of the Files API", () => {
  it.each([
    "abc123",
    "/v1beta/files/abc",
    "generativelanguage.googleapis.com/v1beta/files/abc",
    "https://x/v1beta/files%2Fabc",
    "https://x/v1beta%2Ffiles%2Fabc",
    "https://x/v1beta/fi%6Ces/abc",
    "https://a@generativelanguage.googleapis.com/files%2fabc",
    "https://www.youtube.com@generativelanguage.googleapis.com/v1beta/abc",
    "https://generativelanguage.googleapis.com/v1beta/abc",
    "https://us-generativelanguage.googleapis.com/v1beta/abc",
    "https://x/FILES/abc",
    "https://x?u=/files/abc",
    "https://x\\files\\abc",
    "https:files/abc",
    "//x/files/abc",
    "\u0001files/abc",
    "\u00a0files/abc",
    "ftp://x/abc",
    ["files/abc"],
  ])("in the property for it: %j", (fileUri) => {
    expect(facts(fileAt(fileUri as string))?.refersToState).toBe(true);
  });

  it.each([
    "files/abc",
    "\u0001files/abc",
    "/v1beta/files/abc",
    "generativelanguage.googleapis.com/v1beta/files/abc",
    "https://a@generativelanguage.googleapis.com/x",
    "https://x/v1beta/files%2Fabc",
    "https://x/v1beta%252Ffiles%252Fabc",
    "https://pool.example/v1beta/files/abc",
  ])("in a property for any address: %j", (url) => {
    expect(facts(pictureAt(url))?.refersToState).toBe(true);
    expect(facts({ model: "m", store: false, input: [{ type: "image", uri: url }] })?.refersToState).toBe(true);
  });
});

describe("what leads elsewhere", () => {
  it.each([
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ&pp=ygUEdGVzdA%3D%3D",
    "https://youtu.be/dQw4w9WgXcQ?si=abc",
    "http://localhost:8080/cat.png",
    "https://example.com/profiles/cat.png",
    "https://bucket.s3.amazonaws.com/cat.png?X-Amz-Credential=a%2Fb%2Fs3&X-Amz-Signature=c",
    "https://storage.googleapis.com/bucket/cat.png",
  ])("is nobody's state: %s", (url) => {
    expect(facts(fileAt(url))?.refersToState).toBe(false);
    expect(facts(pictureAt(url))?.refersToState).toBe(false);
  });

  it("is nobody's state if it is a bucket, a caption's source, or the picture itself", () => {
    expect(facts(fileAt("gs://bucket/files/abc"))?.refersToState).toBe(false);
    expect(facts(pictureAt("data:image/png;base64,AA/files/AA"))?.refersToState).toBe(false);
    expect(facts(pictureAt("https://example.com/a%20cat.png"))?.refersToState).toBe(false);
  });
});

describe("a voice or credential", () => {
  const spoken = (voiceName: string) => ({
    ...prompt("x"),
    generationConfig: { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName } } } },
  });

  it("of one's own is state", () => {
    expect(facts(spoken("voices/voice_abc"))?.refersToState).toBe(true);
    expect(facts({ model: "m", input: "x", speech_config: [{ voice: "voices/a" }] })?.refersToState).toBe(true);
    expect(facts({ model: "m", input: "x", tools: [{ credential: "abc" }] })?.refersToState).toBe(true);
  });

  it("of Google's, or none, is not", () => {
    expect(facts(spoken("Kore"))?.refersToState).toBe(false);
    expect(facts({ model: "m", input: "x", credential: null })?.refersToState).toBe(false);
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

describe("all the models that a body names", () => {
  const named = (body: unknown) => facts(body)?.models;

  it("are told by their plain names, each once, wherever they stand", () => {
    expect(named(prompt("model"))).toEqual([]);
    expect(named({ model: "models/a", ...prompt("x") })).toEqual(["a"]);
    expect(named({ requests: [{ model: "models/a" }, { model: "a" }] })).toEqual(["a"]);
    expect(named({ generateContentRequest: { model: "models/a" } })).toEqual(["a"]);
  });

  it("are two at the most", () => {
    expect(named({ model: "a", requests: [{ model: "b" }, { model: "c" }] })).toEqual(["a", "b"]);
    expect(named('{"model":"models/a","model":"models/b"}')).toEqual(["a", "b"]);
  });

  it("are not what a schema or an argument is called", () => {
    const declared = { name: "f", parameters: { properties: { model: {} }, $defs: { model: { type: "STRING" } } } };
    expect(named({ tools: [{ functionDeclarations: [declared] }] })).toEqual([]);
    expect(named({ contents: [{ parts: [{ functionCall: { args: { model: "T" } } }] }], model: null })).toEqual([]);
  });

  it("count, whatever stands in their place", () => {
    expect(named({ model: ["a"] })).toEqual([""]);
    expect(named({ model: 7 })).toEqual([""]);
  });
});

describe("a body that may have more tokens than bytes", () => {
  it.each([
    ["a picture", { contents: [{ parts: [{ inlineData: { mimeType: "image/png", data: "AA" } }] }] }],
    ["a picture in snake case", { contents: [{ parts: [{ inline_data: { mime_type: "image/png", data: "AA" } }] }] }],
    ["a video's link", fileAt("https://youtu.be/x")],
    ["a picture in a chat", pictureAt("data:image/png;base64,AA")],
    ["sound in a chat", { messages: [{ content: [{ type: "input_audio", input_audio: { data: "AA" } }] }] }],
    ["a picture in an interaction", { model: "m", store: false, input: [{ type: "image", data: "AA" }] }],
    [
      "a picture in a function's answer",
      { parts: [{ functionResponse: { parts: [{ inlineData: { data: "AA" } }] } }] },
    ],
    ["pages to fetch", { ...prompt("x"), tools: [{ urlContext: {} }] }],
    ["pages to fetch, in snake case", { ...prompt("x"), tools: [{ url_context: {} }] }],
    ["pages to fetch in an interaction", { model: "m", input: "x", tools: [{ type: "url_context" }] }],
  ])("has %s", (_, body) => {
    expect(facts(body)?.outgrowsBytes).toBe(true);
  });

  it.each([
    ["words about them", prompt('{"inlineData": "url_context", "uri": "x"}')],
    ["a search", { ...prompt("x"), tools: [{ googleSearch: {} }, { codeExecution: {} }] }],
    ["a function with such arguments", { parts: [{ functionCall: { args: { url: "x", data: "y" } } }] }],
    ["parts of a chat that are text", { messages: [{ content: [{ type: "text", text: "url_context" }] }] }],
  ])("is not one with %s", (_, body) => {
    expect(facts(body)?.outgrowsBytes).toBe(false);
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
    expect(facts(body)).toMatchObject({
      model: undefined,
      models: [],
      store: "unsaid",
      refersToState: false,
      outgrowsBytes: false,
    });
    expect(() => void JSON.parse(body)).not.toThrow();
  }
});
