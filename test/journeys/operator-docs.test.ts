import { execFile, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";
import { newKey } from "../support/client-table.ts";

const PAGE = join(import.meta.dirname, "../../docs/api.md");
const ADMIN_TOKEN = "the-operator's-token-of-the-page";

const text = await readFile(PAGE, "utf8");
const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code = ""]) => code);
const hasTools = ["curl", "jq"].every((tool) => spawnSync(tool, ["--version"]).status === 0);

let worker: WorkerProcess;
const key = newKey();

beforeAll(async () => {
  worker = await startWorker({ secrets: { ADMIN_TOKEN } });
  for (const each of [key, newKey()]) {
    worker.google.issue(each);
    const response = await fetch(`${worker.url}/v1beta/models/gemini-2.5-flash:generateContent`, {
      method: "POST",
      headers: { "x-goog-api-key": each, "content-type": "application/json" },
      body: JSON.stringify({ contents: [{ parts: [{ text: "Hello" }] }] }),
    });
    await response.text();
    expect(response.headers.get("x-pool-contributed")).toBe("yes");
  }
});
afterAll(() => worker.close());

test("the page has the calls that are run here", () => {
  expect(blocks.length).toBeGreaterThanOrEqual(8);
});

const nameOf = (code: string) => /api\/admin[^"]*/.exec(code)?.[0] ?? code;

// A machine with Node and nothing else has neither.
test.skipIf(!hasTools).each(blocks.map((code) => [nameOf(code), code] as const))("%s", async (_name, code) => {
  const env = { PATH: process.env["PATH"], POTLUCK: worker.url, ADMIN_TOKEN, GEMINI_API_KEY: key };
  const { stdout } = await promisify(execFile)("sh", ["-ec", code], { env });
  expect(stdout.trim()).not.toBe("");
  expect(stdout).not.toContain(key);
  expect(stdout).not.toContain('"error":{');
});

test("every route but those for programs is on the page", async () => {
  const response = await fetch(`${worker.url}/api/admin/openapi.json`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  const { paths } = (await response.json()) as { paths: Record<string, unknown> };
  const shown = Object.keys(paths).filter((path) => !/reseal/.test(path));
  const missing = shown.filter(
    (path) => !text.includes(path.replace("/{id}", "/1").replace("/{name}", "/MAX_RETRIES")),
  );
  expect(missing).toEqual([]);
});
