import { describe, expect, it } from "vitest";
import { readReferences } from "../../src/ingress/references.ts";
import { toFileResource, toResource, toResourceOf } from "../../src/ingress/resource-names.ts";
import { readStateRequest } from "../../src/ingress/state-request.ts";
import { readTarget } from "../../src/ingress/target.ts";

const read = (body: unknown) =>
  readReferences(new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)));

describe("The names that a body refers to", () => {
  it.each([
    [{ fileData: { fileUri: "files/abc" } }, ["files/abc"]],
    [{ fileData: { fileUri: "https://generativelanguage.googleapis.com/v1beta/files/abc" } }, ["files/abc"]],
    [{ file_data: { file_uri: "https://pool.example/v1beta/files/abc:download?alt=media" } }, ["files/abc"]],
    [{ fileData: { fileUri: " FILES/abc" } }, ["files/abc"]],
    [{ file_id: "abc" }, ["files/abc"]],
    [{ file_id: "files/abc" }, ["files/abc"]],
    [{ cachedContent: "cachedContents/x" }, ["cachedContents/x"]],
    [{ cached_content: "x" }, ["cachedContents/x"]],
    [{ previous_interaction_id: "v1_x" }, ["interactions/v1_x"]],
    [
      { fileSearchStoreNames: ["fileSearchStores/a", "fileSearchStores/b"] },
      ["fileSearchStores/a", "fileSearchStores/b"],
    ],
    [{ name: "cachedContents/x" }, ["cachedContents/x"]],
    [{ args: { fileUri: "files/abc" }, text: "files/abc", url: "https://example.com/a.png" }, []],
    ['{"\\u0066ileUri":"files\\/abc"}', ["files/abc"]],
  ])("%j: %j", (body, resources) => {
    expect(read(body)).toEqual({ resources, unnamed: [], hasInputFile: false });
  });

  it.each([
    [{ model: "tunedModels/x" }, "model"],
    [{ source: "corpora/x" }, "source"],
    [{ agent: "x" }, "agent"],
    [{ continuation_token: "x" }, "continuation_token"],
    [{ environment: { id: "x" } }, "environment"],
    [{ fileUri: "https://generativelanguage.googleapis.com/v1beta/other/abc" }, "fileUri"],
    [{ fileUri: "files/abc/../other" }, "fileUri"],
    [{ fileUri: "files/a%2Fb" }, "fileUri"],
    [{ fileUri: "files/.." }, "fileUri"],
    [{ fileUri: "files/abc:x/../other" }, "fileUri"],
    [{ fileUri: "files/abc?x=/../files/other" }, "fileUri"],
    [{ fileUri: "files/abc#/files/other" }, "fileUri"],
    [{ name: "batches/a/../b" }, "name"],
    [{ cachedContent: { name: "x" } }, "cachedContent"],
    [{ fileSearchStoreNames: [{}] }, "fileSearchStoreNames"],
    [{ fileSearchStoreNames: [["a"]] }, "fileSearchStoreNames"],
    [{ file_id: 5 }, "file_id"],
  ])("of %j none is known", (body, property) => {
    expect(read(body)?.unnamed).toEqual([property]);
    expect(read(body)?.resources).toEqual([]);
  });

  it("are not known of what is no JSON object", () => {
    for (const body of ["[]", "{'a':1}", "", '{"a":1}{']) expect(read(body)).toBeUndefined();
  });

  it("tell of a file full of requests", () => {
    expect(read({ inputConfig: { fileName: "files/a" } })).toMatchObject({
      hasInputFile: true,
      resources: ["files/a"],
    });
    expect(read({ input_file_id: "a" })).toMatchObject({ hasInputFile: true, resources: ["files/a"] });
  });
});

describe("Names", () => {
  it("have one spelling", () => {
    expect(toResource("files/abc:download")).toBe("files/abc");
    expect(toResource("fileSearchStores/a/documents/b")).toBe("fileSearchStores/a");
    expect(toResource("models/veo/operations/x")).toBe("models/veo/operations/x");
    expect(toResourceOf("batches", "batches/x")).toBe(toResourceOf("batches", "x"));
    expect(toFileResource("files/x?y")).toBe("files/x");
  });

  it.each([
    "files",
    "files/",
    "files/..",
    "files/.",
    "files/a b",
    "files/a%2Fb",
    "files//b",
    "models/x/operations",
    "a/é",
    "files/a:x/../b",
    "files/a:%2F..%2Fb",
    "files/a:b:c",
    "files/a:",
  ])("are not %s", (text) => expect(toResource(text)).toBeUndefined());

  it("in a body can stand for those of the path", () => {
    for (const name of ["batches/a", "cachedContents/a", "files/a", "interactions/a", "operations/a"]) {
      expect(read({ name, displayName: "x" })?.resources).toEqual([name]);
    }
    expect(read({ name: "a function", tools: [{ name: "files" }] })).toMatchObject({ resources: [], unnamed: [] });
  });
});

describe("A request about state", () => {
  const readPath = (method: string, path: string) => {
    const reading = readTarget(method, new URL(`https://pool.example${path}`), "header");
    return reading.kind === "target" ? readStateRequest(method, reading.target, false) : reading;
  };

  it.each([
    ["GET", "/v1beta/files", { kind: "list", collection: "files" }],
    ["POST", "/upload/v1beta/files?uploadType=multipart", { kind: "create", collection: "files", body: "raw" }],
    ["GET", "/v1beta/files/a:download?alt=media", { kind: "resource", resource: "files/a", isWhole: false }],
    ["DELETE", "/v1beta/files/a", { kind: "resource", resource: "files/a", isWhole: true }],
    ["DELETE", "/v1beta/fileSearchStores/a/documents/b", { resource: "fileSearchStores/a", isWhole: false }],
    ["POST", "/v1beta/models/m:batchGenerateContent", { kind: "create", collection: "models", runsModel: true }],
    ["GET", "/v1beta/models/m/operations/o", { kind: "resource", resource: "models/m/operations/o" }],
    ["POST", "/v1beta/interactions/v1_x/cancel", { kind: "resource", resource: "interactions/v1_x" }],
    ["GET", "/v1beta/openai/batches/batches%2Fx", { kind: "resource", resource: "batches/x", isWhole: true }],
    ["GET", "/v1beta/openai/files/file-x/content", { kind: "resource", resource: "files/file-x", isWhole: false }],
    ["POST", "/v1beta/openai/videos", { kind: "create", collection: "videos", body: "json", runsModel: true }],
  ])("%s %s", (method, path, expected) => {
    expect(readPath(method, path)).toMatchObject(expected);
  });

  it.each([
    ["HEAD", "/v1beta/files"],
    ["PUT", "/v1beta/cachedContents"],
    ["POST", "/v1beta/files:register"],
    ["POST", "/v1beta/auth_tokens"],
    ["GET", "/v1beta/tunedModels/x"],
    ["POST", "/v1beta/tunedModels/x:generateContent"],
    ["POST", "/v1beta/models/m:unheardOf"],
    ["POST", "/v1beta/batches"],
    ["POST", "/v1beta/openai/batches"],
    ["GET", "/v1beta/files/a%2Fb"],
    ["GET", "/v1beta/openai/files/a%2F..%2Fb"],
    ["GET", "/v1beta/openai/batches/files%2Fx%252Fy"],
    ["POST", "/upload/v1beta/environments/e/files/f"],
    ["POST", "/upload/v1beta/files/a"],
    ["GET", "/upload/v1beta/files"],
    ["GET", "/ws/other"],
    ["GET", "/v1beta/webhooks"],
  ])("%s %s is none for those who bring no key", (method, path) => {
    expect(readPath(method, path)).toMatchObject({ kind: "not_for_guests" });
  });
});
