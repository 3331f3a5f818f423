import { beforeEach, describe, expect, test } from "vitest";
import { emptyPool, storedKey } from "../../support/pool-rows.ts";
import { layTable, MODEL, newKey, newKeys, PROMPT, type Sent, type Table } from "../../support/table.ts";
import {
  emptyAccess,
  issueToken,
  markImported,
  storedResources,
  storedToken,
  tokenDesk,
} from "../../support/tokens.ts";

const GOOGLE = "https://generativelanguage.googleapis.com";
const START = { "x-goog-upload-protocol": "resumable", "x-goog-upload-command": "start" };
const LAST = { "x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0" };
const withFile = (fileUri: string) => ({
  contents: [{ role: "user", parts: [{ text: "Hi" }, { fileData: { fileUri } }] }],
});

let table: Table;
/** The operator's own key, the only one that holds guests' things while contribution is open. */
let home: string;
let mine: string;
let theirs: string;

beforeEach(async () => {
  await emptyPool();
  await emptyAccess();
  table = layTable();
  home = newKey();
  await table.contribute(...newKeys(3), home);
  await markImported(home);
  mine = (await issueToken({ name: "mine" })).token;
  theirs = (await issueToken({ name: "theirs" })).token;
});

interface Named {
  name: string;
}

/** Uploads a file as clients do, the chunk without any credential; its name. */
async function upload(token: string): Promise<string> {
  const begun = await table.send({ key: token, path: "/upload/v1beta/files", body: { file: {} }, headers: START });
  expect(begun.status).toBe(200);
  const url = new URL(begun.headers.get("x-goog-upload-url") ?? "");
  expect(url.origin).toBe("https://potluck.example");
  const done = await table.send({ path: url.pathname + url.search, body: "some text", headers: LAST });
  expect(done.status).toBe(200);
  return (await done.json<{ file: Named }>()).file.name;
}

async function cache(token: string, body: object = PROMPT): Promise<string> {
  const made = await table.send({
    key: token,
    path: "/v1beta/cachedContents",
    body: { model: `models/${MODEL}`, ...body },
  });
  expect(made.status).toBe(200);
  return (await made.json<Named>()).name;
}

async function interact(token: string, more: object = {}): Promise<string> {
  const made = await table.send({
    key: token,
    path: "/v1beta/interactions",
    body: { model: MODEL, input: "Hi", ...more },
  });
  expect(made.status).toBe(200);
  return (await made.json<{ id: string }>()).id;
}

/** A stream of events whose first one says which interaction it is, cut where it hurts. */
async function interactionStreamed(): Promise<string> {
  const id = `v1_${crypto.randomUUID().replaceAll("-", "")}`;
  const events =
    `data: {"event_type":"interaction.start","interaction":{"id":"${id}","object":"interaction"}}\n\n` +
    `data: {"event_type":"content.delta","delta":{"text":"{\\"interaction\\":{\\"id\\":\\"v1_other\\"}}"}}\n\n`;
  const bytes = new TextEncoder().encode(events);
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of [bytes.slice(0, 70), bytes.slice(70, 80), bytes.slice(80)]) controller.enqueue(part);
      controller.close();
    },
  });
  const headers = { "content-type": "text/event-stream" };
  const streaming = layTable({}, { fetch: async () => new Response(stream, { headers }) });
  const body = { model: MODEL, input: "Hi", stream: true };
  const streamed = await streaming.send({ key: mine, path: "/v1beta/interactions", body });
  expect(await streamed.text()).toBe(events);
  return id;
}

const get = (token: string, path: string): Promise<Response> => table.send({ key: token, path, method: "GET" });

async function expectNothingSent(sent: Sent, status: number): Promise<void> {
  table.served();
  const response = await table.send(sent);
  expect(`${response.status} ${await response.text()}`).toMatch(new RegExp(`^${status} `));
  expect(table.served()).toEqual([]);
}

describe("what a token makes is made with the home key and found again", () => {
  test("a file: uploaded, read, used in a prompt, deleted", async () => {
    table.served();
    const name = await upload(mine);
    expect(table.served()).toEqual([home, "none"]);
    expect(await (await get(mine, `/v1beta/${name}`)).json()).toMatchObject({ name });
    for (const uri of [`${GOOGLE}/v1beta/${name}`, name, `https://potluck.example/v1beta/${name}`]) {
      const used = await table.send({ key: mine, body: withFile(uri) });
      expect(used.status).toBe(200);
      expect(used.headers.get("x-pool-served-by")).toBe("pool");
    }
    const removed = await table.send({ key: mine, path: `/v1beta/${name}`, method: "DELETE" });
    expect(removed.status).toBe(200);
    expect(new Set(table.served())).toEqual(new Set([home]));
    expect(await storedResources()).toEqual([]);
    await expectNothingSent({ key: mine, path: `/v1beta/${name}`, method: "GET" }, 403);
  });

  test("a file whose metadata and bytes came in one request", async () => {
    const body =
      '--b\r\ncontent-type: application/json\r\n\r\n{"file":{}}\r\n--b\r\ncontent-type: text/plain\r\n\r\ntext\r\n--b--';
    const headers = { "x-goog-upload-protocol": "multipart", "content-type": "multipart/related; boundary=b" };
    const made = await table.send({ key: mine, path: "/upload/v1beta/files", body, headers });
    const { file } = await made.json<{ file: Named }>();
    expect((await get(mine, `/v1beta/${file.name}`)).status).toBe(200);
  });

  test("a cache: made of a file, used, changed, deleted", async () => {
    const file = await upload(mine);
    const name = await cache(mine, withFile(`${GOOGLE}/v1beta/${file}`));
    table.served();
    expect((await table.send({ key: mine, body: { ...PROMPT, cachedContent: name } })).status).toBe(200);
    const openAi = {
      model: MODEL,
      messages: [{ role: "user", content: "Hi" }],
      extra_body: { google: { cached_content: name } },
    };
    const headers = { authorization: `Bearer ${mine}` };
    expect((await table.send({ path: "/v1/chat/completions", headers, body: openAi })).status).toBe(200);
    const changed = { key: mine, path: `/v1beta/${name}?updateMask=ttl`, method: "PATCH", body: { ttl: "300s" } };
    expect((await table.send(changed)).status).toBe(200);
    expect((await table.send({ key: mine, path: `/v1beta/${name}`, method: "DELETE" })).status).toBe(200);
    expect(new Set(table.served())).toEqual(new Set([home]));
  });

  test("a conversation that Google stores, streamed or not, and its next turn", async () => {
    const first = await interact(mine);
    await interact(mine, { previous_interaction_id: first });
    expect((await get(mine, `/v1beta/interactions/${first}`)).status).toBe(200);
    const id = await interactionStreamed();
    expect((await storedResources()).map(({ resource }) => resource)).toContain(`interactions/${id}`);
    await expectNothingSent({ key: theirs, path: `/v1beta/interactions/${id}`, method: "GET" }, 404);
    expect((await table.send({ key: mine, path: `/v1beta/interactions/${first}`, method: "DELETE" })).status).toBe(200);
  });

  test("a conversation that is not stored takes turns like any prompt", async () => {
    table.served();
    for (let turn = 0; turn < 4; turn++) await interact(mine, { store: false });
    expect(new Set(table.served()).size).toBe(4);
  });

  test("a video: begun, looked after, fetched", async () => {
    const path = `/v1beta/models/veo-3.1-generate-preview:predictLongRunning`;
    const begun = await table.send({ key: mine, path, body: { instances: [{ prompt: "A table" }] } });
    const { name } = await begun.json<Named>();
    const done = await (await get(mine, `/v1beta/${name}`)).text();
    const file = /files\/\w+/.exec(done)?.[0] ?? "";
    expect((await get(mine, `/v1beta/${file}:download?alt=media`)).status).toBe(200);
    expect((await get(theirs, `/v1beta/${file}:download?alt=media`)).status).toBe(403);
    expect((await get(theirs, `/v1beta/${name}`)).status).toBe(404);
  });

  test("a batch and a file search store, with what lies below them", async () => {
    const body = { batch: { displayName: "b", inputConfig: { requests: { requests: [{ request: PROMPT }] } } } };
    const begun = await table.send({ key: mine, path: `/v1beta/models/${MODEL}:batchGenerateContent`, body });
    const { name } = await begun.json<Named>();
    expect((await get(mine, `/v1beta/${name}`)).status).toBe(200);
    expect((await table.send({ key: mine, path: `/v1beta/${name}:cancel`, body: {} })).status).toBe(200);

    const file = await upload(mine);
    const made = await table.send({ key: mine, path: "/v1beta/fileSearchStores", body: { displayName: "s" } });
    const store = (await made.json<Named>()).name;
    expect(
      (await table.send({ key: mine, path: `/v1beta/${store}:importFile`, body: { fileName: file } })).status,
    ).toBe(200);
    const search = { ...PROMPT, tools: [{ fileSearch: { fileSearchStoreNames: [store] } }] };
    expect((await table.send({ key: mine, body: search })).status).toBe(200);
    const path = `/upload/v1beta/${store}:uploadToFileSearchStore`;
    const upload2 = await table.send({ key: mine, path, body: {}, headers: START });
    const url = new URL(upload2.headers.get("x-goog-upload-url") ?? "");
    expect((await table.send({ path: url.pathname + url.search, body: "text", headers: LAST })).status).toBe(200);
    await expectNothingSent({ key: theirs, body: search }, 404);
    await expectNothingSent({ key: theirs, path, body: {}, headers: START }, 404);
  });

  test("in any isolate", async () => {
    const name = await upload(mine);
    const elsewhere = table.isolate();
    expect((await elsewhere({ key: mine, path: `/v1beta/${name}`, method: "GET" })).status).toBe(200);
    expect((await elsewhere({ key: mine, body: withFile(name) })).status).toBe(200);
  });
});

describe("no other token sees it", () => {
  test("a list tells of the asker's own things alone", async () => {
    const name = await upload(mine);
    const other = await upload(theirs);
    const caches = [await cache(mine), await cache(theirs)];
    const listOf = async (token: string, path: string) => (await get(token, path)).text();
    expect(await listOf(mine, "/v1beta/files?pageSize=10")).toContain(name);
    expect(await listOf(mine, "/v1beta/files")).not.toContain(other);
    expect(await listOf(theirs, "/v1beta/files")).not.toContain(name);
    expect(await listOf(mine, "/v1beta/cachedContents")).toContain(caches[0]);
    expect(await listOf(mine, "/v1beta/cachedContents")).not.toContain(caches[1]);
    expect(JSON.parse(await listOf((await issueToken()).token, "/v1beta/files"))).toEqual({ files: [] });
  });

  test("a list that cannot be read is not passed on", async () => {
    await upload(theirs);
    const asIs = layTable({}, { fetch: async () => new Response(`{"files":[{"name":"files/theirs"}`) });
    for (const path of ["/v1beta/files", "/v1beta/files?alt=proto", "/v1beta/files?fields=files(uri)"]) {
      const response = await asIs.send({ key: mine, path, method: "GET" });
      expect(response.status).toBe(502);
      expect(await response.text()).not.toContain("theirs");
    }
  });

  test.each([
    ["a list of bare strings", { files: ["files/theirs"] }],
    ["entries without a name", { files: [{ uri: "files/theirs" }] }],
    ["more than the list", { files: [], total: "files/theirs", nested: { files: [{ name: "files/theirs" }] } }],
    ["a name with a path behind it", { files: [{ name: "files/theirs:download" }] }],
  ])("nothing of a list passes that is not understood: %s", async (_, answer) => {
    const asIs = layTable({}, { fetch: async () => Response.json(answer) });
    const response = await asIs.send({ key: mine, path: "/v1beta/files", method: "GET" });
    expect(await response.text()).not.toContain("theirs");
  });

  test("a file of another's, by its path or in a prompt: as Google would answer, without asking Google", async () => {
    const name = await upload(theirs);
    const id = name.slice("files/".length);
    for (const path of [
      `/v1beta/${name}`,
      `/v1alpha/${name}`,
      `//v1beta//${name}`,
      `/v1beta/${name}:download?alt=media`,
    ]) {
      await expectNothingSent({ key: mine, path, method: "GET" }, 403);
    }
    await expectNothingSent({ key: mine, path: `/v1beta/${name}`, method: "DELETE" }, 403);
    await expectNothingSent({ key: mine, body: withFile(name) }, 403);
    await expectNothingSent({ key: mine, body: withFile(` ${GOOGLE}/v1beta/${name}?x=1`) }, 403);
    await expectNothingSent(
      { key: mine, body: JSON.stringify(withFile("X")).replace('"X"', `"\\u0066iles/${id}"`) },
      403,
    );
    const absent = await table.send({ key: mine, body: withFile("files/neverwas") });
    const there = await table.send({ key: mine, body: withFile(name) });
    expect((await absent.text()).replaceAll("neverwas", id)).toBe(await there.text());
    expect((await get(theirs, `/v1beta/${name}`)).status).toBe(200);
  });

  test.each([
    "files/%2e%2e/FILE",
    "files%2FFILE",
    "files/x%2F..%2FFILE",
    "files/x;/FILE",
    "files/mine%252F..%252FFILE",
    "openai/files/..%2FFILE",
    "openai/files/mine%2F..%2F..%2Ffiles%2FFILE",
    "models/x%2F..%2F..%2Ffiles%2FFILE",
    "models/x/operations/..%2F..%2F..%2Ffiles%2FFILE",
    "tunedModels/FILE",
    "corpora",
    "operations",
    "auth_tokens",
    "agents",
    "files:register",
  ])("no path leads to another's thing: %s", async (path) => {
    const id = (await upload(theirs)).slice("files/".length);
    table.served();
    for (const method of ["GET", "POST", "DELETE", "PATCH", "PUT"]) {
      const response = await table.send({
        key: mine,
        path: `/v1beta/${path.replace("FILE", id)}`,
        method,
        body: method === "POST" ? {} : undefined,
      });
      expect([400, 403, 404]).toContain(response.status);
    }
    expect(table.served()).toEqual([]);
  });

  test.each([
    ["a cache", { ...PROMPT, cachedContent: "cachedContents/other" }, 403],
    ["an interaction", { model: MODEL, input: "Hi", previous_interaction_id: "v1_other", store: false }, 404],
    ["a store", { ...PROMPT, tools: [{ fileSearch: { fileSearchStoreNames: ["fileSearchStores/other"] } }] }, 404],
    ["an agent", { agent: "other", input: "Hi" }, 400],
    ["an environment", { model: MODEL, input: "Hi", store: false, environment: { id: "x" } }, 400],
    ["a tuned model", { ...PROMPT, model: "tunedModels/other" }, 400],
  ])("what a body names must be the asker's: %s", async (_, body, status) => {
    const path = "input" in body ? "/v1beta/interactions" : undefined;
    await expectNothingSent({ key: mine, body, ...(path === undefined ? {} : { path }) }, status);
  });

  test("one thing of the asker's own opens no door to another's", async () => {
    const [own, other] = [await upload(mine), await upload(theirs)];
    const parts = [own, other, own].map((fileUri) => ({ fileData: { fileUri } }));
    await expectNothingSent({ key: mine, body: { contents: [{ role: "user", parts }] } }, 403);
    const body = { ...withFile(other), model: `models/${MODEL}` };
    await expectNothingSent({ key: mine, path: "/v1beta/cachedContents", body }, 403);
    const store = await table.send({ key: mine, path: "/v1beta/fileSearchStores", body: {} });
    const { name } = await store.json<Named>();
    await expectNothingSent({ key: mine, path: `/v1beta/${name}:importFile`, body: { fileName: other } }, 403);
  });

  test("the requests of a batch may name only the asker's files, and none may lie in a file", async () => {
    const other = await upload(theirs);
    const own = await upload(mine);
    const path = `/v1beta/models/${MODEL}:batchGenerateContent`;
    const requests = { requests: [{ request: withFile(other) }] };
    await expectNothingSent({ key: mine, path, body: { batch: { inputConfig: { requests } } } }, 403);
    await expectNothingSent({ key: mine, path, body: { batch: { inputConfig: { fileName: own } } } }, 400);
    const headers = { authorization: `Bearer ${mine}` };
    await expectNothingSent(
      { path: "/v1/batches", headers, body: { input_file_id: own, endpoint: "/v1/chat/completions" } },
      400,
    );
  });

  test("what a model says makes nobody the owner of anything", async () => {
    const other = await upload(theirs);
    const talk = {
      name: "models/x/operations/1",
      response: { text: other, inlinedResponses: [{ name: other, video: { uri: other } }] },
      done: true,
    };
    const asIs = layTable({}, { fetch: async () => Response.json(talk) });
    const path = `/v1beta/models/${MODEL}:batchGenerateContent`;
    const body = { batch: { inputConfig: { requests: { requests: [{ request: PROMPT }] } } } };
    expect((await asIs.send({ key: mine, path, body })).status).toBe(200);
    expect((await asIs.send({ key: mine, path: "/v1beta/models/x/operations/1", method: "GET" })).status).toBe(200);
    expect((await get(mine, `/v1beta/${other}`)).status).toBe(403);
  });

  const multipart = (metadata: string) =>
    `--b\r\ncontent-type: application/json\r\n\r\n${metadata}\r\n--b\r\ncontent-type: text/plain\r\n\r\nx\r\n--b--`;
  const MULTIPART = { "x-goog-upload-protocol": "multipart", "content-type": "multipart/related; boundary=b" };

  test.each<[string, Sent]>([
    ["in the metadata", { body: { file: { name: "files/ours" } }, headers: START }],
    ["escaped", { body: '{"file":{"n\\u0061me":"files/ours"}}', headers: START }],
    ["in the URL", { path: "/upload/v1beta/files?file.name=files/ours", body: {}, headers: START }],
    ["in a multipart body", { body: multipart('{"file":{"name":"files/ours"}}'), headers: MULTIPART }],
    ["in a multipart body that begins oddly", { body: `x\r\n${multipart("{}")}`, headers: MULTIPART }],
    [
      "in a multipart body of two boundaries",
      {
        body: `--y\n--b\n\n{"file":{"name":"files/ours"}}\n--b\n\nx\n--b--\r\n\r\n{"file":{}}\r\n--y--`,
        headers: { ...MULTIPART, "content-type": "multipart/related; xboundary=y; boundary=b" },
      },
    ],
    [
      "in a multipart body with bare line feeds",
      { body: `--b\n\n{"file":{"name":"files/ours"}}\n${multipart('{"file":{}}')}`, headers: MULTIPART },
    ],
    ["in a body that is no JSON", { body: "{'file':{name:'files/ours'}}", headers: START }],
    ["without an upload", { path: "/v1beta/files", body: { file: { name: "files/ours" } } }],
  ])("no file gets a name of the caller's choice, which could come again as another's: %s", async (_, sent) => {
    await expectNothingSent({ key: mine, path: "/upload/v1beta/files", ...sent }, 400);
  });

  test("what was read as JSON travels as JSON: the same bytes could be a protocol buffer that names a foreign cache", async () => {
    const seen: [string, string | null, string | null][] = [];
    const watched = layTable(
      {},
      {
        fetch: (input, init) => {
          const { url, headers } = new Request(input, init);
          seen.push([new URL(url).pathname, headers.get("content-type"), headers.get("content-encoding")]);
          return table.google.fetch(input, init);
        },
      },
    );
    const headers = { "content-type": "application/x-protobuf", "content-encoding": "gzip" };
    await watched.send({ key: mine, headers });
    await watched.send({ key: mine, path: "/v1beta/cachedContents", body: { model: `models/${MODEL}` }, headers });
    await watched.send({
      key: mine,
      path: "/upload/v1beta/files",
      body: multipart('{"file":{}}'),
      headers: { "x-goog-upload-protocol": "multipart", "content-type": "multipart/related; boundary=b" },
    });
    expect(seen).toEqual([
      [`/v1beta/models/${MODEL}:generateContent`, "application/json", null],
      ["/v1beta/cachedContents", "application/json", null],
      ["/upload/v1beta/files", "multipart/related; boundary=b", null],
    ]);
  });

  test("the query names nothing of another's: Google would bind it to the request", async () => {
    const foreign = await upload(theirs);
    const own = await upload(mine);
    const foreignCache = await cache(theirs);
    for (const sent of [
      { method: "GET", path: `/v1beta/${own}?name=${foreign}` },
      { method: "DELETE", path: `/v1beta/${own}?name=${foreign}` },
      { path: `/v1beta/models/${MODEL}:generateContent?cachedContent=${foreignCache}`, body: withFile(own) },
      { path: `/v1beta/models/${MODEL}:generateContent?alt=sse&contents.parts.file_data.file_uri=${foreign}` },
      { path: `/v1beta/cachedContents?contents.parts.fileData.fileUri=${foreign}`, body: { model: MODEL } },
      { path: "/v1beta/fileSearchStores?name=fileSearchStores/ours", body: {} },
      { path: `/v1beta/models/${MODEL}:batchGenerateContent?batch.inputConfig.fileName=${foreign}`, body: {} },
    ]) {
      await expectNothingSent({ key: mine, ...sent }, 400);
    }
    expect((await get(mine, `/v1beta/${own}?alt=json&fields=name`)).status).toBe(200);
  });

  test("an upload goes on with its ticket, not with another's token", async () => {
    const begun = await table.send({ key: mine, path: "/upload/v1beta/files", body: { file: {} }, headers: START });
    const url = new URL(begun.headers.get("x-goog-upload-url") ?? "");
    const path = url.pathname + url.search;
    await expectNothingSent({ path, key: theirs, body: "text", headers: LAST }, 404);
    await expectNothingSent({ path: path.replace(/~\d+/, "~999"), body: "text", headers: LAST }, 404);
    await expectNothingSent({ path: path.replace(/~\d+/, ""), body: "text", headers: LAST }, 404);
    expect((await table.send({ path, key: mine, body: "text", headers: LAST })).status).toBe(200);
  });

  test("the upload of a token that was revoked meanwhile ends", async () => {
    const { token, id } = await issueToken();
    const begun = await table.send({ key: token, path: "/upload/v1beta/files", body: { file: {} }, headers: START });
    const url = new URL(begun.headers.get("x-goog-upload-url") ?? "");
    await tokenDesk().revoke(id);
    table.advance(60_000);
    await expectNothingSent({ path: url.pathname + url.search, body: "text", headers: LAST }, 401);
    expect(await storedResources()).toEqual([]);
  });

  test.each(["x-api-key", "authorization"])("a token that goes with a chunk in %s stays here", async (header) => {
    const begun = await table.send({ key: mine, path: "/upload/v1beta/files", body: { file: {} }, headers: START });
    const url = new URL(begun.headers.get("x-goog-upload-url") ?? "");
    const value = header === "authorization" ? `Bearer ${mine}` : mine;
    const headers = { ...LAST, [header]: value };
    expect((await table.send({ path: url.pathname + url.search, body: "text", headers })).status).toBe(200);
    const chunk = table.google.calls.at(-1);
    expect(chunk?.path).toContain("upload_id=");
    expect(JSON.stringify([...new Headers(chunk?.headers)])).not.toContain(mine);
  });

  test("a request that names thousands of things is refused before D1 is asked about them", async () => {
    const named = (count: number) => ({
      contents: [{ parts: Array.from({ length: count }, (_, at) => ({ fileData: { fileUri: `files/f${at}` } })) }],
    });
    await expectNothingSent({ key: mine, body: named(4001) }, 400);
    await expectNothingSent({ key: mine, body: named(4000) }, 403);
  });

  test("no answer tells which key it was, nor its id", async () => {
    const begun = await table.send({ key: mine, path: "/upload/v1beta/files", body: { file: {} }, headers: START });
    const shown = JSON.stringify([...begun.headers]);
    expect(shown).not.toContain(home);
    expect(begun.headers.get("x-pool-served-by")).toBe("pool");
  });
});

describe("where things lie", () => {
  test("while contribution is open only an imported key is a home", async () => {
    await emptyPool();
    const open = layTable();
    await open.contribute(...newKeys(3));
    const { token } = await issueToken();
    const response = await open.send({
      key: token,
      path: "/v1beta/cachedContents",
      body: { model: `models/${MODEL}`, ...PROMPT },
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("Its operator can import one");
    expect((await open.send({ key: token, path: "/v1beta/files", method: "GET" })).status).toBe(400);
    expect(open.served()).toEqual([]);
  });

  test("while it is closed any active key is", async () => {
    await emptyPool();
    const closed = layTable();
    await closed.contribute(...newKeys(3));
    const { token } = await issueToken();
    const later = closed.isolate({ CONTRIBUTION: "closed" });
    const body = { model: `models/${MODEL}`, ...PROMPT };
    expect((await later({ key: token, path: "/v1beta/cachedContents", body })).status).toBe(200);
  });

  test("a contributed key is no home any more once contribution opens, and what it holds stays in reach", async () => {
    await emptyPool();
    const open = layTable();
    await open.contribute(...newKeys(3));
    const { token } = await issueToken();
    const body = { model: `models/${MODEL}`, ...PROMPT };
    const sent = { key: token, path: "/v1beta/cachedContents", body };
    const made = await open.isolate({ CONTRIBUTION: "closed" })(sent);
    const { name } = await made.json<Named>();
    expect((await open.send(sent)).status).toBe(400);
    expect((await open.send({ key: token, path: `/v1beta/${name}`, method: "GET" })).status).toBe(200);
  });

  test("a home stays one, for every isolate", async () => {
    const [second = "", third = ""] = newKeys(2);
    await table.contribute(second, third);
    await markImported(second, third);
    const { token, id } = await issueToken();
    const isolates = [table.isolate(), table.isolate(), table.isolate()];
    table.served();
    const body = { model: `models/${MODEL}`, ...PROMPT };
    await Promise.all(isolates.map((send) => send({ key: token, path: "/v1beta/cachedContents", body })));
    const served = new Set(table.served());
    expect(served.size).toBe(1);
    const [key = ""] = served;
    expect((await storedToken(id))?.home_key_id).toBe((await storedKey(key))?.id);
  });

  test("when its key leaves the pool, a token gets another home, and what the key held is out of reach", async () => {
    const second = newKey();
    await table.contribute(second);
    const name = await cache(mine);
    await markImported(second);
    expect((await table.send({ key: home, path: "/key", method: "DELETE" })).status).toBe(200);
    await expectNothingSent({ key: mine, path: `/v1beta/${name}`, method: "GET" }, 403);
    table.advance(31_000);
    table.served();
    const other = await cache(mine);
    expect(table.served()).toEqual([second]);
    expect((await table.send({ key: mine, body: { ...PROMPT, cachedContent: other } })).status).toBe(200);
  });

  test("when Google refuses its key, a token gets another home, and learns that what the key holds is out of reach", async () => {
    const second = newKey();
    await table.contribute(second);
    const name = await cache(mine);
    await markImported(second);
    const body = { model: `models/${MODEL}`, ...PROMPT };
    const create: Sent = { key: mine, path: "/v1beta/cachedContents", body };
    table.google.script(home, { kind: "error", fixture: "key-invalid" });
    const held = await table.send({ key: mine, path: `/v1beta/${name}`, method: "GET" });
    expect(held.status).toBe(503);
    expect(await held.text()).toContain("Upload or create it again");
    const refused = await table.send(create);
    expect(refused.status).toBe(503);
    expect(await refused.text()).not.toMatch(/api key/i);
    table.served();
    expect((await table.send(create)).status).toBe(200);
    expect(table.served()).toEqual([second]);
    // What one caller's request provoked is no word about the key for the pool.
    expect((await storedKey(home))?.status).toBe("active");
  });

  test("a refusal that is the request's own fault moves no home", async () => {
    const second = newKey();
    await table.contribute(second);
    await cache(mine);
    await markImported(second);
    table.google.script(home, { kind: "error", fixture: "invalid-argument" });
    const body = { model: `models/${MODEL}`, ...PROMPT };
    table.served();
    for (let turn = 0; turn < 3; turn++) {
      expect((await table.send({ key: mine, path: "/v1beta/cachedContents", body })).status).toBe(400);
    }
    expect(new Set(table.served())).toEqual(new Set([home]));
  });

  test("a key that the operator imports is a home at once", async () => {
    await emptyPool();
    const open = layTable();
    const key = newKey();
    await open.contribute(key);
    const { token } = await issueToken();
    const body = { model: `models/${MODEL}`, ...PROMPT };
    const create: Sent = { key: token, path: "/v1beta/cachedContents", body };
    expect((await open.send(create)).status).toBe(400);
    await markImported(key);
    expect((await open.send(create)).status).toBe(200);
  });

  test("a request that names things of two keys is refused in clear words", async () => {
    const name = await cache(mine);
    const second = newKey();
    await table.contribute(second);
    await markImported(second);
    await table.send({ key: home, path: "/key", method: "DELETE" });
    table.advance(31_000);
    const file = await upload(mine);
    // The first key comes back.
    await table.send({ key: home, path: "/key", method: "POST" });
    await table.send({ key: home });
    table.advance(31_000);
    const response = await table.send({ key: mine, body: { ...withFile(file), cachedContent: name } });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("different Google projects");
  });

  test("what is old is forgotten, and what gone keys held", async () => {
    const desk = tokenDesk(() => Date.UTC(2026, 10, 21, 18));
    const name = await cache(mine);
    await desk.sweep(Date.UTC(2026, 10, 21, 19));
    expect((await storedResources()).map(({ resource }) => resource)).toEqual([name]);
    await table.send({ key: home, path: "/key", method: "DELETE" });
    await desk.sweep(Date.UTC(2026, 10, 21, 19));
    expect(await storedResources()).toEqual([]);
    await desk.belongings.remember(1, ["files/old"], 1);
    await desk.sweep(Date.UTC(2027, 1, 20));
    expect(await storedResources()).toEqual([]);
  });
});
