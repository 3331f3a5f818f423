import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";
import { BODY, contribute, COUNT_TOKENS, GENERATE, issueKeys, ownKey, post, SOON, STREAM } from "./table-manners.ts";

let worker: WorkerProcess;
let member: string;

beforeAll(async () => {
  worker = await startWorker();
  [member = ""] = issueKeys(worker.google, "Member", 1);
  await contribute(worker, [member]);
});
afterAll(() => worker.close());

const json = async (response: Response | Promise<Response>): Promise<unknown> => (await response).json();
/** What `fetch` will not send: a body with a GET. */
function getWithBody(path: string, key: string): Promise<number> {
  const headers = { "x-goog-api-key": key, "content-type": "application/json", "content-length": "2" };
  return new Promise((resolve, reject) => {
    const sent = request(worker.url + path, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once("error", reject).end("{}");
  });
}

const keyCount = async () => ((await json(fetch(`${worker.url}/keycount`))) as { keyCount: number }).keyCount;
const lastCall = () => worker.google.calls.at(-1);

describe("a caller's key", () => {
  test("may stand in the query, and travels to Google in a header", async () => {
    const [key = ""] = issueKeys(worker.google, "Query", 1);
    const response = await fetch(`${worker.url}${GENERATE}?key=${key}`, { method: "POST", body: BODY });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-contributed")).toBe("yes");
    expect(lastCall()).toMatchObject({ key, credential: "header", path: GENERATE });
  });

  test("may come as a Bearer token, and travels to Google in the header that the route wants", async () => {
    const [key = ""] = issueKeys(worker.google, "Bearer", 1);
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(worker.url + GENERATE, { method: "POST", body: BODY, headers });
    expect(response.status).toBe(200);
    expect(lastCall()).toMatchObject({ key, credential: "header" });
  });

  test("may come in a list, of which every key joins", async () => {
    const keys = issueKeys(worker.google, "Listed", 4);
    await vi.waitFor(async () => {
      expect((await post(worker.url, GENERATE, keys.join(", "))).status).toBe(200);
      const statuses = await Promise.all(keys.map(async (key) => (await ownKey(worker.url, key)).status));
      expect(statuses).toEqual([200, 200, 200, 200]);
    }, SOON);
  });

  test("that is missing gets Google's kind of refusal, and nothing is forwarded", async () => {
    const from = worker.google.calls.length;
    const response = await fetch(worker.url + GENERATE, { method: "POST", body: BODY });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: 403, status: "PERMISSION_DENIED" } });
    expect(worker.google.calls.length).toBe(from);
  });

  test("stays off the table in own mode, which serves it alone", async () => {
    const [key = ""] = issueKeys(worker.google, "Loner", 1);
    for (let turn = 0; turn < 3; turn++) {
      const response = await post(worker.url, GENERATE, key, { headers: { "x-pool-mode": "own" } });
      expect(response.headers.get("x-pool-served-by")).toBe("own");
      expect(lastCall()?.key).toBe(key);
    }
    expect((await ownKey(worker.url, key)).status).toBe(404);
  });

  test("shows its owner how it stands, leaves the table on request and comes back on request", async () => {
    const [key = ""] = issueKeys(worker.google, "Leaver", 1);
    await contribute(worker, [key]);
    const shown = await (await ownKey(worker.url, key)).text();
    expect(JSON.parse(shown)).toMatchObject({ status: "active", endsWith: key.slice(-4) });
    expect(shown).not.toContain(key);

    expect(await json(ownKey(worker.url, key, "DELETE"))).toMatchObject({ status: "withdrawn" });
    expect(await json(ownKey(worker.url, key))).toMatchObject({ status: "withdrawn", endsWith: null });
    expect((await post(worker.url, GENERATE, key)).status).toBe(200);
    expect(lastCall()?.key).toBe(key);
    expect(await json(ownKey(worker.url, key))).toMatchObject({ status: "withdrawn" });

    expect((await ownKey(worker.url, key, "POST")).status).toBe(200);
    await contribute(worker, [key]);
  });
});

describe("the reports", () => {
  test("count a key within seconds after it joined", async () => {
    const before = await keyCount();
    await contribute(worker, issueKeys(worker.google, "Counted", 2));
    await vi.waitFor(async () => expect(await keyCount()).toBe(before + 2), SOON);
    expect(await json(fetch(`${worker.url}/keycount`))).toEqual({ keyCount: before + 2, message: "success" });
  });

  test("feed a badge on shields.io", async () => {
    const count = await keyCount();
    const badge = await json(fetch(`${worker.url}/badge`));
    expect(badge).toMatchObject({ schemaVersion: 1, label: expect.any(String), message: String(count) });
  });

  test("say that the pool is well", async () => {
    const response = await fetch(`${worker.url}/health`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: "ok" });
  });
});

describe("a page in a browser", () => {
  test("is allowed to call by the preflight, without a key and without a request to Google", async () => {
    const from = worker.google.calls.length;
    const response = await fetch(worker.url + GENERATE, {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, x-goog-api-key",
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-headers")).toBe("authorization, x-goog-api-key");
    expect(worker.google.calls.length).toBe(from);
  });

  test("may read the answer, errors too, and the pool's headers", async () => {
    const origin = { origin: "https://app.example" };
    const answers = [
      await post(worker.url, GENERATE, member, { headers: origin }),
      await fetch(worker.url + GENERATE, { method: "POST", headers: origin, body: BODY }),
    ];
    for (const answer of answers) {
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
      expect(answer.headers.get("access-control-expose-headers")).toContain("x-pool-served-by");
    }
    expect(worker.google.violations).toEqual([]);
  });
});

describe("a body of 30 MB", () => {
  const data = "A".repeat(30_000_000);
  const parts = [{ inlineData: { mimeType: "image/png", data } }, { text: "What is this?" }];
  const body = JSON.stringify({ contents: [{ role: "user", parts }] });

  test("travels once, on the caller's own key", async () => {
    const [key = ""] = issueKeys(worker.google, "Heavy", 1);
    await contribute(worker, [key]);
    const from = worker.google.calls.length;
    const response = await post(worker.url, COUNT_TOKENS, key, { body });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-served-by")).toBe("own");
    expect(worker.google.calls.slice(from)).toMatchObject([{ key, bodyBytes: body.length }]);
  });

  test("is not sent again when Google is overloaded", async () => {
    const [key = ""] = issueKeys(worker.google, "HeavyToo", 1);
    await contribute(worker, [key]);
    worker.google.script(key, { kind: "error", fixture: "overloaded" });
    const from = worker.google.calls.length;
    expect((await post(worker.url, GENERATE, key, { body })).status).toBe(503);
    expect(worker.google.calls.slice(from)).toMatchObject([{ key, bodyBytes: body.length }]);
  });
});

test("a body that a client sends with a GET is left behind", async () => {
  expect(await getWithBody("/v1beta/models", member)).toBe(200);
  expect(await getWithBody("/v1beta/files", member)).toBe(200);
});

describe("a caller who hangs up", () => {
  // Before the answer's headers `wrangler dev` does not tell the Worker; test/promises covers that in workerd.
  test("in the middle of a stream stops the request to Google", async () => {
    const [key = ""] = issueKeys(worker.google, "Dripping", 1);
    worker.google.script(key, { kind: "drip", pauseMs: 50 });
    const caller = new AbortController();
    const answer = await post(worker.url, STREAM, key, { signal: caller.signal });
    await answer.body?.getReader().read();
    caller.abort();
    await vi.waitFor(() => expect(worker.google.callsBy(key)).toMatchObject([{ aborted: true }]), SOON);
  });

  test("costs no key its seat", async () => {
    expect(await json(ownKey(worker.url, member))).toMatchObject({ status: "active", coolings: [] });
  });
});
