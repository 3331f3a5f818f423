import { describe, expect, it } from "vitest";
import type { Carrier } from "../../src/ingress/caller.ts";
import { readTarget, toModelName, type Target } from "../../src/ingress/target.ts";

function read(method: string, path: string, carrier: Carrier = "header"): Target | "unknown" {
  const reading = readTarget(method, new URL(`https://potluck.example${path}`), carrier);
  return reading.kind === "target" ? reading.target : "unknown";
}

const GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent";

describe("what a request is for", () => {
  it.each([
    ["POST", GENERATE, "generating", "gemini-2.5-flash"],
    ["POST", "/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse", "generating", "gemini-2.5-flash"],
    ["POST", "/v1alpha/models/gemini-embedding-001:embedContent", "generating", "gemini-embedding-001"],
    ["POST", "/v1beta/models/gemini-embedding-001:batchEmbedContents", "generating", "gemini-embedding-001"],
    ["POST", "/v1beta/models/imagen-4.0-generate-001:predict", "generating", "imagen-4.0-generate-001"],
    ["POST", "/v1beta/models/gemini-2.5-flash:countTokens", "stateless", "gemini-2.5-flash"],
    ["GET", "/v1beta/models", "stateless", undefined],
    ["GET", "/v1beta/models/gemini-2.5-flash", "stateless", undefined],
    ["POST", "/v1beta/models/veo-3.1:predictLongRunning", "stateful", undefined],
    ["POST", "/v1beta/models/gemini-2.5-flash:batchGenerateContent", "stateful", undefined],
    ["GET", GENERATE, "stateful", undefined],
    ["GET", "/v1beta/models/veo-3.1%2Foperations%2Fabc", "stateful", undefined],
    ["GET", "/v1beta/models/..%2Ffiles%2Fabc", "stateful", undefined],
    ["DELETE", "/v1beta/models/gemini-2.5-flash", "stateful", undefined],
    ["POST", "/v1beta/models/gemini-2.5-flash:constructor", "stateful", undefined],
    ["POST", "/v1beta/tunedModels/abc:generateContent", "stateful", undefined],
    ["GET", "/v1beta/files/abc", "stateful", undefined],
    ["GET", "/v1beta/whatever/comes/next", "stateful", undefined],
    ["POST", "/upload/v1beta/files", "stateful", undefined],
    ["GET", "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent", "stateful", undefined],
  ])("%s %s: %s", (method, path, purpose, model) => {
    expect(read(method, path)).toMatchObject({ dialect: "gemini", purpose, model, pathAndQuery: path });
  });

  it("interactions and OpenAI's paths tell the model in the body", () => {
    expect(read("POST", "/v1beta/interactions")).toMatchObject({ purpose: "generating", modelInBody: true });
    expect(read("POST", "/v1/chat/completions")).toMatchObject({
      dialect: "openai",
      purpose: "generating",
      modelInBody: true,
      pathAndQuery: "/v1beta/openai/chat/completions",
    });
  });
});

describe("what a query says of the request itself counts as state, for Google binds it to a field", () => {
  it.each([
    ["POST", `${GENERATE}?cachedContent=cachedContents/abc`],
    ["POST", `${GENERATE}?alt=sse&cached_content=cachedContents/abc`],
    ["POST", `${GENERATE}?contents.parts.fileData.fileUri=files/abc`],
    ["POST", `${GENERATE}?%6dodel=tunedModels/abc`],
    ["POST", "/v1beta/interactions?store=true"],
    ["POST", "/v1/chat/completions?model=x"],
    ["GET", "/v1beta/models/gemini-2.5-flash?name=files/abc"],
  ])("%s %s", (method, path) => {
    expect(read(method, path)).toMatchObject({ purpose: "stateful" });
  });

  it.each([
    ["POST", `${GENERATE}?alt=sse&prettyPrint=false&key=x`, "generating"],
    ["GET", "/v1beta/models?pageSize=5&pageToken=x&key=x", "stateless"],
  ])("but not its form: %s %s", (method, path, purpose) => {
    expect(read(method, path)).toMatchObject({ purpose });
  });
});

describe("hostile paths never reach the pool, and never crash", () => {
  it.each([
    "/v1beta/models/gemini%2F..%2Ffiles:generateContent",
    "/v1beta/models/..%2Ffiles%2Fabc:generateContent",
    "/v1beta/models/%2e%2e%2ffiles:generateContent",
    "/v1beta/models/%252e%252e:generateContent",
    "/v1beta/models%2Fgemini-2.5-flash:generateContent",
    "/v1beta/models/gemini-2.5-flash%3AgenerateContent",
    "/v1beta/models/gemini-2.5-flash%00:generateContent",
    "/v1beta/models/gemini-2.5-flash%0d%0ax:generateContent",
    "/v1beta/models/gemini 2.5:generateContent",
    "/v1beta/models/%E0%A4%A:generateContent",
    "/v1beta/models/😀:generateContent",
    "/v1beta/models/:generateContent",
    "/v1beta/models/gemini-2.5-flash:generateContent:generateContent",
    "/v1beta/models/gemini-2.5-flash:generateContent/..;/files",
    "/v1beta/models/gemini-2.5-flash:generateContent%3Fkey=x",
    "/v1beta/models/gemini-2.5-flash;a=b:generateContent",
    "/v1beta/models/tunedModels%2Fabc:generateContent",
    `/v1beta/models/${"x".repeat(10_000)}:generateContent`,
    `/v1beta/${"models/".repeat(2000)}x:generateContent`,
    `/v1beta/models/x:${"generateContent".repeat(700)}`,
    "/v1beta/openai/chat/completions/../../../files",
    "/v1beta/models/x/../../files/abc:generateContent",
    "/v1beta\\files\\abc",
  ])("%s", (path) => {
    const target = read("POST", path.length > 12_000 ? path.slice(0, 12_000) : path);
    if (target !== "unknown") expect(target.purpose).toBe("stateful");
  });

  it("takes little time for the longest path that there can be", () => {
    for (const unit of ["/", "/v1", "/v1beta", "/models", "/models%2F", ":", "%", "/openai", "/openai/v1", "a/"]) {
      const path = `/v1beta/${unit.repeat(16_000 / unit.length)}`;
      expect(() => read("POST", path, "bearer")).not.toThrow();
    }
  });

  it("a path that leaves its place by dots is judged by where it leads", () => {
    expect(read("GET", "/v1beta/models/../files/abc")).toMatchObject({ pathAndQuery: "/v1beta/files/abc" });
    expect(read("GET", "/v1beta/models/%2e%2e/files/abc")).toMatchObject({ pathAndQuery: "/v1beta/files/abc" });
    expect(read("GET", "/../../etc/passwd")).toBe("unknown");
  });

  it.each(["//evil.example/v1beta/models/x:generateContent", "/@evil.example/v1beta/files", "/:80/v1beta/files"])(
    "%s cannot name another host: what travels begins with one slash",
    (path) => {
      const target = read("POST", path);
      if (target !== "unknown") expect(target.pathAndQuery).toMatch(/^\/[a-z]/);
    },
  );
});

describe("a model's name", () => {
  it.each([
    ["gemini-2.5-flash", "gemini-2.5-flash"],
    ["models/gemini-2.5-flash", "gemini-2.5-flash"],
    ["gemini-2%2E5-flash", "gemini-2.5-flash"],
    ["x".repeat(100), "x".repeat(100)],
  ])("%s is %s", (text, name) => {
    expect(toModelName(text)).toBe(name);
  });

  it.each([
    "",
    "*",
    "tunedModels/abc",
    "a/b",
    "-x",
    ".x",
    "x y",
    "x".repeat(101),
    "%",
    "%ff",
    "x\n",
    "ä",
    "AIzaSy",
    "AQ.x",
  ])("%j is none", (text) => {
    expect(toModelName(text)).toBeUndefined();
  });
});
