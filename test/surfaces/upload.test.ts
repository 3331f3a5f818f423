import { beforeEach, describe, expect, test } from "vitest";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, newKey, type Sent, type Table } from "../support/table.ts";

const ORIGIN = "https://potluck.example";
const START = {
  "x-goog-upload-protocol": "resumable",
  "x-goog-upload-command": "start",
  "x-goog-upload-header-content-type": "text/plain",
};
const LAST = { "x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0" };

let table: Table;
let caller: string;

beforeEach(async () => {
  await emptyPool();
  table = layTable();
  caller = newKey();
  await table.contribute(newKey(), newKey(), caller);
});

/** Begins an upload and returns the path of the URL that the client is told. */
async function begin(key = caller): Promise<string> {
  const response = await table.send({ key, path: "/upload/v1beta/files", body: { file: {} }, headers: START });
  expect(response.status).toBe(200);
  const url = new URL(response.headers.get("x-goog-upload-url") ?? "");
  expect(url.origin).toBe(ORIGIN);
  expect(response.headers.get("x-goog-upload-control-url")).toContain(ORIGIN);
  table.google.calls.length = 0;
  return url.pathname + url.search;
}

/** Sends the last chunk there; without a key unless one is given. */
function finish(path: string, sent: Partial<Sent> = {}): Promise<Response> {
  return table.send({ path, body: "some text", headers: LAST, ...sent });
}

async function expectNoSuchUpload(response: Response): Promise<void> {
  expect(response.status).toBe(404);
  const { error } = await response.json<{ error: { code: number; status: string; message: string } }>();
  expect(error).toMatchObject({ code: 404, status: "NOT_FOUND" });
  expect(error.message).toContain("There is no such upload");
  expect(table.google.calls).toEqual([]);
}

describe("an upload stays on the Worker", () => {
  test("its URL is the Worker's, with a ticket that Google never sees and that tells nothing of the key", async () => {
    const path = await begin();
    expect(path).toMatch(/^\/upload\/v1beta\/files\?upload_id=[^&]+&upload_protocol=resumable&pool_ticket=[\w.-]+$/);
    expect(path).not.toContain(caller);
    const response = await finish(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-goog-upload-status")).toBe("final");
    const [call] = table.google.calls;
    expect(call?.path).toBe(path.replace(/&pool_ticket=.*/, ""));
    expect(call?.credential).toBe("none");
    expect(call?.bodyText).toBe("some text");
  });

  test("a client that sends its key with every chunk may", async () => {
    const response = await finish(await begin(), { key: caller });
    expect(response.status).toBe(200);
    expect(table.google.calls.map(({ key }) => key)).toEqual([caller]);
  });

  test("chunks, a query and a cancellation all go there", async () => {
    const path = await begin();
    const first = await finish(path, { headers: { ...LAST, "x-goog-upload-command": "upload" } });
    expect(first.headers.get("x-goog-upload-status")).toBe("active");
    const query = await finish(path, { body: "", headers: { "x-goog-upload-command": "query" } });
    expect(query.headers.get("x-goog-upload-size-received")).toBe("9");
    const cancelled = await finish(path, { body: "", headers: { "x-goog-upload-command": "cancel" } });
    expect(cancelled.headers.get("x-goog-upload-status")).toBe("cancelled");
  });

  test("a file's metadata and bytes in one request go to the caller's own project", async () => {
    const body =
      '--b\r\ncontent-type: application/json\r\n\r\n{"file":{}}\r\n--b\r\ncontent-type: text/plain\r\n\r\ntext\r\n--b--';
    const headers = { "x-goog-upload-protocol": "multipart", "content-type": "multipart/related; boundary=b" };
    table.google.calls.length = 0;
    const response = await table.send({ key: caller, path: "/upload/v1beta/files", body, headers });
    expect(response.status).toBe(200);
    expect(table.google.calls.map(({ key }) => key)).toEqual([caller]);
  });

  test("does not contribute a key: a 2xx of the Files API proves nothing", async () => {
    const stranger = newKey();
    table.google.issue(stranger);
    await begin(stranger);
    const response = await table.send({ method: "GET", path: "/key", key: stranger });
    expect(response.status).toBe(404);
  });

  test("without a key nothing begins", async () => {
    table.google.calls.length = 0;
    const response = await table.send({ path: "/upload/v1beta/files", body: {}, headers: START });
    expect(response.status).toBe(403);
    expect(table.google.calls).toEqual([]);
  });

  test("an upload that Google no longer knows is a readable 404", async () => {
    const path = await begin();
    await finish(path);
    const again = await finish(path);
    expect(again.status).toBe(404);
    expect(await again.json()).toMatchObject({ error: { status: "NOT_FOUND" } });
  });
});

describe("a chunk for an upload that is not the caller's is 404, and nothing is forwarded", () => {
  test("another caller's URL with a key of one's own", async () => {
    const path = await begin();
    const stranger = newKey();
    table.google.issue(stranger);
    await expectNoSuchUpload(await finish(path, { key: stranger }));
  });

  test("another contributor's key is no better", async () => {
    const neighbour = newKey();
    await table.contribute(neighbour);
    await expectNoSuchUpload(await finish(await begin(), { key: neighbour }));
  });

  test("an upload id without a ticket, even with the key that began it", async () => {
    const path = (await begin()).replace(/&pool_ticket=.*/, "");
    await expectNoSuchUpload(await finish(path));
    await expectNoSuchUpload(await finish(path, { key: caller }));
  });

  test("the ticket of another upload", async () => {
    const ticket = /pool_ticket=.*/.exec(await begin(newKeyAtGoogle()))?.[0] ?? "";
    const path = (await begin()).replace(/pool_ticket=.*/, ticket);
    await expectNoSuchUpload(await finish(path));
  });

  test("two upload ids, of which the ticket fits one", async () => {
    const theirs = /upload_id=[^&]+/.exec(await begin(newKeyAtGoogle()))?.[0] ?? "";
    const mine = await begin();
    await expectNoSuchUpload(await finish(`${mine}&${theirs}`));
    await expectNoSuchUpload(await finish(mine.replace("?", `?${theirs}&`)));
  });

  test.each([
    ["no ticket", () => ""],
    ["a later expiry", (ticket: string) => ticket.replace(/^[^.]+/, "zzzzzzzzz")],
    ["another owner", (ticket: string) => ticket.replace(/\.[^.]+\./, `.${"A".repeat(22)}.`)],
    ["another signature", (ticket: string) => ticket.replace(/.$/, (last) => (last === "A" ? "B" : "A"))],
    ["a part more", (ticket: string) => `${ticket}.x`],
    ["rubbish", () => "..%00"],
  ])("a ticket that is forged: %s", async (_, forge) => {
    const path = (await begin()).replace(/(?<=pool_ticket=).*/, forge);
    await expectNoSuchUpload(await finish(path));
  });

  test("a ticket that has expired", async () => {
    const path = await begin();
    table.advance(48 * 3_600_000 + 1);
    await expectNoSuchUpload(await finish(path));
  });

  test("a ticket of another Potluck", async () => {
    const path = await begin();
    const elsewhere = table.isolate({ POOL_SECRET: "another-secret-for-the-tests-of-40-characters" });
    await expectNoSuchUpload(await elsewhere({ path, body: "x", headers: LAST }));
  });

  function newKeyAtGoogle(): string {
    const key = newKey();
    table.google.issue(key);
    return key;
  }
});
