import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { layClientTable, type ClientTable } from "../../support/client-table.ts";
import { soon } from "../../support/soon.ts";

let table: ClientTable;

beforeAll(async () => {
  table = await layClientTable();
});
afterEach(() => table.checkWire());
afterAll(() => table.close());

test("a chunk is passed on while it comes in", async () => {
  const started = await fetch(`${table.url}/upload/v1beta/files`, {
    method: "POST",
    headers: {
      "x-goog-api-key": table.caller,
      "x-goog-upload-protocol": "resumable",
      "x-goog-upload-command": "start",
      "content-type": "application/json",
    },
    body: "{}",
  });
  const url = started.headers.get("x-goog-upload-url") ?? "";
  table.takeCalls();
  const headers = { "x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0" };
  const chunk = request(url, { method: "POST", headers });
  chunk.write(Buffer.alloc(100_000, "a"));
  let arrived = table.takeCalls();
  await soon(() => expect((arrived = [...arrived, ...table.takeCalls()])).toHaveLength(1));
  chunk.end(Buffer.alloc(100_000, "b"));
  const [response] = (await once(chunk, "response")) as [IncomingMessage];
  response.resume();
  expect(response.statusCode).toBe(200);
  expect(arrived[0]?.bodyBytes).toBe(200_000);
});
