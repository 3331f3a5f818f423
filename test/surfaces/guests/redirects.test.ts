import { beforeEach, describe, expect, test } from "vitest";
import { emptyPool } from "../../support/pool-rows.ts";
import { layTable, MODEL, newKey, PROMPT, type Sent, type Table } from "../../support/table.ts";
import { emptyAccess, issueToken, markImported } from "../../support/tokens.ts";

const START = { "x-goog-upload-protocol": "multipart", "content-type": "multipart/related; boundary=b" };
const TWO_PARTS =
  '--b\r\ncontent-type: application/json\r\n\r\n{"file":{}}\r\n--b\r\ncontent-type: text/plain\r\n\r\ntext\r\n--b--';

/** The key that holds the guest's things, and is not theirs. */
let home: string;
let token: string;
let file: string;

beforeEach(async () => {
  await emptyPool();
  await emptyAccess();
  const table = layTable();
  home = newKey();
  await table.contribute(home);
  await markImported(home);
  token = (await issueToken({ name: "guest" })).token;
  const made = await table.send({ key: token, path: "/upload/v1beta/files", body: TWO_PARTS, headers: START });
  file = (await made.json<{ file: { name: string } }>()).file.name;
});

/** Something on the way that answers every request with the way to another place, and tells which key it saw. */
function ledTo(location: string | undefined): Table {
  const headers = { "x-seen": home, ...(location === undefined ? {} : { location }) };
  return layTable({}, { fetch: async () => new Response(`{"moved":"${home}"}`, { status: 302, headers }) });
}

async function expectNothingTold(table: Table, sent: Sent): Promise<void> {
  const response = await table.send({ key: token, ...sent });
  const told = JSON.stringify([...response.headers]) + (await response.text());
  expect([response.status, response.headers.get("location")]).toEqual([502, null]);
  expect(told).not.toContain(home);
}

describe("a request that one key of the pool alone can serve, answered with the way to another place", () => {
  const requests: [string, () => Sent][] = [
    ["a file", () => ({ method: "GET", path: `/v1beta/${file}` })],
    ["a download by POST", () => ({ path: `/v1beta/${file}:download`, body: {} })],
    ["a deletion", () => ({ method: "DELETE", path: `/v1beta/${file}` })],
    ["a new cache", () => ({ path: "/v1beta/cachedContents", body: { model: `models/${MODEL}`, ...PROMPT } })],
    ["a list", () => ({ method: "GET", path: "/v1beta/files" })],
    ["a stored conversation", () => ({ path: "/v1beta/interactions", body: { model: MODEL, input: "Hi" } })],
    ["an upload", () => ({ path: "/upload/v1beta/files", body: TWO_PARTS, headers: START })],
  ];

  test.each(requests)("shows the guest neither the place nor the key: %s", async (_, sent) => {
    await expectNothingTold(ledTo("https://evil.example/"), sent());
    await expectNothingTold(ledTo(`https://evil.example/?k=${home}`), sent());
  });

  test("leads to a file's bytes, and shows nothing but the place", async () => {
    const place = "https://storage.example/bytes/abc?Expires=1795283000&alt=media";
    for (const path of [`/v1beta/${file}:download?alt=media`, `/v1/openai/${file}/content`]) {
      const response = await ledTo(place).send({ key: token, method: "GET", path });
      expect([response.status, response.headers.get("location")]).toEqual([302, place]);
      expect(await response.text()).toBe("");
      expect(JSON.stringify([...response.headers])).not.toContain(home);
    }
  });

  test.each([
    ["the key", () => `https://storage.example/bytes?k=${home}`],
    ["the key, encoded", () => `https://storage.example/bytes?to=${encodeURIComponent(`/x?key=${home}`)}`],
    ["the beginning of another", () => "https://storage.example/bytes?k=AIzaSyAbcdefgh"],
    ["the project", () => "https://storage.example/projects/123456789012/bytes"],
    ["the project as a parameter", () => "https://storage.example/bytes?userProject=gen-lang-client-0123456789"],
    ["the project's bare number", () => "https://storage.example/b/123456789012-files/bytes"],
    ["the project's bare number, encoded", () => "https://storage.example/b%2F123456789012%2Fbytes"],
    ["nowhere", () => undefined],
  ])("does not lead to a file's bytes by a place that tells of the key: %s", async (_, location) => {
    await expectNothingTold(ledTo(location()), { method: "GET", path: `/v1beta/${file}:download?alt=media` });
  });
});
