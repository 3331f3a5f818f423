import { describe, expect, test } from "vitest";
import { BODY, HOST, MODEL, readError, send, simulatedGoogle } from "./in-process.ts";

const MINE = "AIzaMine";
const SIBLING = "AIzaOfTheSameProject";
const FOREIGN = "AIzaForeign";

function threeKeys() {
  const google = simulatedGoogle();
  google.issue(MINE, { project: "1" });
  google.issue(SIBLING, { project: "1" });
  google.issue(FOREIGN, { project: "2" });
  return google;
}

type Google = ReturnType<typeof threeKeys>;

async function make(google: Google, path: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await send(google, { key: MINE, path, body });
  expect([path, answer.status]).toEqual([path, 200]);
  return (await answer.json()) as Record<string, unknown>;
}

async function upload(google: Google, text = "hello"): Promise<Record<string, unknown>> {
  const body = `--b\r\ncontent-type: application/json\r\n\r\n{"file":{"displayName":"note"}}\r\n--b\r\ncontent-type: text/plain\r\n\r\n${text}\r\n--b--`;
  const headers = {
    "x-goog-upload-protocol": "multipart",
    "content-type": "multipart/related; boundary=b",
  };
  const answer = await send(google, { key: MINE, path: "/upload/v1beta/files", body, headers });
  return ((await answer.json()) as { file: Record<string, unknown> }).file;
}

const get = (google: Google, key: string, path: string) => send(google, { key, path, method: "GET" });

describe("files", () => {
  test("are seen by the keys of their project, and refused to all others as if they were missing", async () => {
    const google = threeKeys();
    const file = await upload(google);
    expect(file).toMatchObject({
      displayName: "note",
      mimeType: "text/plain",
      sizeBytes: "5",
      state: "ACTIVE",
    });
    const path = `/v1beta/${String(file["name"])}`;
    expect((await get(google, SIBLING, path)).status).toBe(200);
    const foreign = await readError(await get(google, FOREIGN, path));
    const missing = await readError(await get(google, MINE, "/v1beta/files/nosuchfile"));
    expect(foreign).toMatchObject({ code: 403, status: "PERMISSION_DENIED" });
    expect(missing.message).toBe(foreign.message.replace(/File \S+/, "File nosuchfile"));
  });

  test("are listed for their own project only, downloaded and deleted", async () => {
    const google = threeKeys();
    const file = await upload(google, "caf\u00e9");
    const path = `/v1beta/${String(file["name"])}`;
    expect(await (await get(google, SIBLING, "/v1beta/files")).json()).toMatchObject({
      files: [{ name: file["name"] }],
    });
    expect(await (await get(google, FOREIGN, "/v1beta/files")).json()).toEqual({ files: [] });
    expect(await (await get(google, MINE, `${path}:download?alt=media`)).text()).toBe("caf\u00e9");
    expect((await send(google, { key: MINE, path, method: "DELETE" })).status).toBe(200);
    expect((await get(google, MINE, path)).status).toBe(403);
  });

  test("arrive in chunks whose only credential is the upload's own secret", async () => {
    const google = threeKeys();
    const start = await send(google, {
      key: MINE,
      path: "/upload/v1beta/files",
      body: { file: { display_name: "big" } },
      headers: {
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-type": "text/plain",
      },
    });
    const url = start.headers.get("x-goog-upload-url") ?? "";
    expect(url).toMatch(new RegExp(`^${HOST}/upload/v1beta/files\\?upload_id=\\w{48}&upload_protocol=resumable$`));
    const chunk = (command: string, offset: number, body: string) =>
      google.fetch(url, {
        method: "POST",
        headers: { "x-goog-upload-command": command, "x-goog-upload-offset": String(offset) },
        body,
      });
    expect((await chunk("upload", 0, "he")).headers.get("x-goog-upload-status")).toBe("active");
    expect((await chunk("query", 0, "")).headers.get("x-goog-upload-size-received")).toBe("2");
    expect((await chunk("upload", 0, "again")).status).toBe(400);
    const final = await chunk("upload, finalize", 2, "llo");
    expect(final.headers.get("x-goog-upload-status")).toBe("final");
    expect(await final.json()).toMatchObject({ file: { displayName: "big", sizeBytes: "5" } });
    expect((await chunk("query", 0, "")).status).toBe(404);
  });

  test("end with a cancelled upload", async () => {
    const google = threeKeys();
    const headers = { "x-goog-upload-protocol": "resumable", "x-goog-upload-command": "start" };
    const start = await send(google, { key: MINE, path: "/upload/v1/files", body: {}, headers });
    const url = start.headers.get("x-goog-upload-url") ?? "";
    const cancel = () => google.fetch(url, { method: "POST", headers: { "x-goog-upload-command": "cancel" } });
    expect((await cancel()).headers.get("x-goog-upload-status")).toBe("cancelled");
    expect((await cancel()).status).toBe(404);
  });
});

describe("a generating request", () => {
  test("may use its own project's file and cache, and no other's", async () => {
    const google = threeKeys();
    const file = await upload(google);
    const cache = await make(google, "/v1beta/cachedContents", {
      model: `models/${MODEL}`,
      ...BODY,
      ttl: "300s",
    });
    const withFile = {
      contents: [{ parts: [{ fileData: { fileUri: file["uri"], mimeType: "text/plain" } }] }],
    };
    const withCache = { ...BODY, cachedContent: cache["name"] };
    for (const body of [withFile, withCache]) {
      expect((await send(google, { key: SIBLING, body })).status).toBe(200);
      expect((await send(google, { key: FOREIGN, body })).status).toBe(403);
    }
    const refused = await readError(await send(google, { key: FOREIGN, body: withCache }));
    expect(refused.message).toBe("CachedContent not found (or permission denied)");
  });

  test("may talk about a file without using it", async () => {
    const google = threeKeys();
    const body = { contents: [{ parts: [{ text: "What is files/abc123?" }] }] };
    expect((await send(google, { key: FOREIGN, body })).status).toBe(200);
  });

  test("may use a foreign cache on the OpenAI route no more than on the native one", async () => {
    const google = threeKeys();
    const cache = await make(google, "/v1beta/cachedContents", {
      model: `models/${MODEL}`,
      ...BODY,
    });
    const extra = { google: { cached_content: cache["name"] } };
    const body = {
      model: MODEL,
      messages: [{ role: "user", content: "Hello" }],
      extra_body: extra,
    };
    const chat = (key: string) =>
      send(google, {
        path: "/v1beta/openai/chat/completions",
        body,
        headers: { authorization: `Bearer ${key}` },
      });
    expect((await chat(SIBLING)).status).toBe(200);
    const foreign = await chat(FOREIGN);
    expect(foreign.status).toBe(403);
    expect(await foreign.json()).toMatchObject([{ error: { status: "PERMISSION_DENIED" } }]);
  });
});

describe("what else a project owns", () => {
  test.each([
    ["/v1beta/cachedContents", { model: `models/${MODEL}`, ...BODY }, "cachedContents", 403],
    ["/v1beta/fileSearchStores", { displayName: "store" }, "fileSearchStores", 404],
    [`/v1beta/models/${MODEL}:batchGenerateContent`, { batch: { displayName: "batch" } }, "batches", 404],
  ])("%s is bound to its project", async (path, body, collection, refusal) => {
    const google = threeKeys();
    const made = await make(google, path, body);
    const name = String(made["name"]);
    expect(name.startsWith(`${collection}/`)).toBe(true);
    expect((await get(google, SIBLING, `/v1beta/${name}`)).status).toBe(200);
    expect((await get(google, FOREIGN, `/v1beta/${name}`)).status).toBe(refusal);
    expect((await send(google, { key: FOREIGN, path: `/v1beta/${name}`, method: "DELETE" })).status).toBe(refusal);
    expect(JSON.stringify(await (await get(google, MINE, `/v1beta/${collection}`)).json())).toContain(name);
    expect(JSON.stringify(await (await get(google, FOREIGN, `/v1beta/${collection}`)).json())).not.toContain(name);
    expect((await send(google, { key: MINE, path: `/v1beta/${name}`, method: "DELETE" })).status).toBe(200);
    expect((await get(google, MINE, `/v1beta/${name}`)).status).toBe(refusal);
  });

  test("a video is made by an operation and fetched with a key of the same project", async () => {
    const google = threeKeys();
    const path = "/v1beta/models/veo-3.1-generate-preview:predictLongRunning";
    const { name } = await make(google, path, { instances: [{ prompt: "a pot" }] });
    expect((await get(google, FOREIGN, `/v1beta/${String(name)}`)).status).toBe(404);
    const done = (await (await get(google, SIBLING, `/v1beta/${String(name)}`)).json()) as Record<string, unknown>;
    expect(done["done"]).toBe(true);
    const uri = /https:[^"]+:download\?alt=media/.exec(JSON.stringify(done))?.[0] ?? "";
    const video = uri.slice(HOST.length);
    expect((await get(google, MINE, video)).headers.get("content-type")).toBe("video/mp4");
    expect((await get(google, FOREIGN, video)).status).toBe(403);
  });

  test("an interaction is kept for its project, unless it is not to be stored", async () => {
    const google = threeKeys();
    const path = "/v1beta/interactions";
    const { id } = await make(google, path, { model: MODEL, input: "Hello" });
    const follow = { model: MODEL, input: "And?", previous_interaction_id: id };
    expect((await send(google, { key: SIBLING, path, body: follow })).status).toBe(200);
    const foreign = await send(google, { key: FOREIGN, path, body: follow });
    expect(foreign.status).toBe(404);
    expect((await readError(foreign)).code).toBe("not_found");
    expect((await get(google, FOREIGN, `${path}/${String(id)}`)).status).toBe(404);
    expect(await (await get(google, MINE, `${path}/${String(id)}`)).json()).toMatchObject({
      id,
      status: "completed",
    });
    const fleeting = await make(google, path, { model: MODEL, input: "Hello", store: false });
    expect((await get(google, MINE, `${path}/${String(fleeting["id"])}`)).status).toBe(404);
  });

  test("a tuned model is always somebody else's", async () => {
    const google = threeKeys();
    const answer = await send(google, {
      key: MINE,
      path: "/v1beta/tunedModels/mine-1:generateContent",
    });
    expect((await readError(answer)).message).toContain("tunedModels/mine-1");
  });
});
