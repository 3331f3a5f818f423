import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";
import { BODY, contribute, GENERATE, issueKeys, ownKey, post } from "./table-manners.ts";

/** Everything by which a proxy could tell Google who its caller is. */
const TELLTALES = {
  cookie: "session=1",
  origin: "https://app.example",
  referer: "https://app.example/page",
  forwarded: "for=192.0.2.1",
  "x-forwarded-for": "192.0.2.1",
  "x-real-ip": "192.0.2.1",
  "x-goog-user-project": "somebody",
  "openai-organization": "org-1",
  "x-gemini-api-privileged-user-id": "installation-1",
};

/** Errors in which Google repeats the key or its project. */
const ECHOING = ["key-suspended", "service-disabled", "quota-minute", "overloaded"];

let worker: WorkerProcess;
let keys: string[];
/** Every answer that anybody got, with the keys that its caller presented. */
const answers: { presented: string[]; text: string }[] = [];

async function keep(presented: string[], pending: Promise<Response>): Promise<void> {
  const response = await pending;
  const text = JSON.stringify([...response.headers]) + (await response.text());
  answers.push({ presented, text });
}

beforeAll(async () => {
  worker = await startWorker({ secrets: { ADMIN_TOKEN: "the-operator-of-the-journeys" } });
  const { url, google } = worker;
  keys = issueKeys(google, "Secret", 12);
  const [byHeader = "", byQuery = "", byBearer = "", ...listed] = keys;

  await keep([byHeader], post(url, GENERATE, byHeader, { headers: TELLTALES }));
  await keep([byQuery], fetch(`${url}${GENERATE}?key=${byQuery}`, { method: "POST", body: BODY }));
  await keep(
    [byBearer],
    fetch(url + GENERATE, { method: "POST", body: BODY, headers: { authorization: `Bearer ${byBearer}` } }),
  );
  await contribute(worker, listed);

  for (const [index, fixture] of ECHOING.entries()) google.script(listed[index] ?? "", { kind: "error", fixture });
  for (let turn = 0; turn < 2 * keys.length; turn++) {
    await keep([byHeader], post(url, GENERATE, byHeader, { headers: TELLTALES }));
    const chat = { model: "gemini-2.5-flash", messages: [{ role: "user", content: "Hello" }] };
    const headers = { authorization: `Bearer ${byBearer}`, ...TELLTALES };
    await keep(
      [byBearer],
      fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(chat) }),
    );
  }
  for (const key of keys) await keep([key], ownKey(url, key));
  for (const key of keys) await keep([key], post(url, GENERATE, key));
  for (const path of ["/", "/keycount", "/badge", "/health"]) await keep([], fetch(url + path));
  await keep([], post(url, "/v1beta/nothing/here", "not a key"));
  await keep([byQuery], ownKey(url, byQuery, "DELETE"));
});
afterAll(() => worker.close());

async function filesBelow(folder: string): Promise<{ name: string; bytes: Buffer }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(names.map(async (name) => ({ name, bytes: await readFile(name) })));
}

/** Which of the keys stand in the text, by their last four characters: a failing test must not print them. */
function keysIn(text: string | Buffer): string[] {
  return keys.filter((key) => text.includes(key)).map((key) => key.slice(-4));
}

test("Google did repeat keys and projects in its errors, or this file proves nothing", () => {
  const refused = worker.google.calls.filter(({ answeredStatus }) => answeredStatus === 403);
  expect(new Set(refused.map(({ key }) => key)).size).toBeGreaterThanOrEqual(2);
});

test("no answer holds a key, in its body or its headers, not even its caller's own", () => {
  expect(answers.flatMap(({ text }) => keysIn(text))).toEqual([]);
});

test("no answer names the project of another", () => {
  const projectOf = new Map(worker.google.calls.map(({ key, project }) => [key, project]));
  const named = answers.flatMap(({ presented, text }) => {
    const others = keys.filter((key) => !presented.includes(key)).map((key) => projectOf.get(key));
    return others.filter((project) => project !== undefined && text.includes(project));
  });
  expect(named).toEqual([]);
});

test("nothing on the disk holds a key: no database, no journal, no cache, no trace", async () => {
  const files = await filesBelow(worker.folder);
  const databases = files.filter(({ name }) => name.includes("/d1/"));
  expect(databases.some(({ bytes }) => bytes.includes("CONSUMER_SUSPENDED"))).toBe(true);
  expect(files.filter(({ bytes }) => keysIn(bytes).length > 0).map(({ name }) => name)).toEqual([]);
});

test("nothing that the Worker or wrangler wrote holds a key", () => {
  expect(worker.output()).toContain("POST /v1beta/models");
  expect(keysIn(worker.output())).toEqual([]);
});

test("no header that tells about the caller has left", () => {
  expect(worker.google.violations).toEqual([]);
  expect(worker.google.calls.length).toBeGreaterThan(keys.length);
});
