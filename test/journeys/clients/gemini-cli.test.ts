import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ANSWER, layClientTable, MODEL, type ClientTable } from "../../support/client-table.ts";

const GEMINI = join(import.meta.dirname, "../../../node_modules/@google/gemini-cli/bundle/gemini.js");

/** Without the first line `gemini -p` stops at "Invalid auth method selected"; the others keep it at home. */
const SETTINGS = {
  security: { auth: { selectedType: "gemini-api-key" } },
  privacy: { usageStatisticsEnabled: false },
  general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
};

let table: ClientTable;
let home: string;

beforeAll(async () => {
  table = await layClientTable();
  home = await mkdtemp(join(tmpdir(), "potluck-gemini-cli-"));
  await mkdir(join(home, ".gemini"));
  await writeFile(join(home, ".gemini/settings.json"), JSON.stringify(SETTINGS));
});
afterEach(() => table.checkWire());
afterAll(async () => {
  await table.close();
  await rm(home, { recursive: true, force: true });
});

/** Asks the CLI one question without a terminal and returns what it printed. */
async function ask(env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [GEMINI, "-p", "Hello", "-m", MODEL], {
    cwd: home,
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      CI: "1",
      NO_COLOR: "1",
      GEMINI_CLI_TRUST_WORKSPACE: "true",
      GOOGLE_GEMINI_BASE_URL: table.url,
      GEMINI_API_KEY: table.caller,
      ...env,
    },
  });
  return stdout;
}

describe("Gemini CLI", () => {
  test("answers a prompt from the pool", async () => {
    const { result, calls } = await table.pooled(() => ask());
    expect(result).toContain(ANSWER);
    expect(calls[0]?.path).toBe(`/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`);
  });

  test("in bearer mode sends the key twice, of which Google sees one", async () => {
    expect(await ask({ GEMINI_API_KEY_AUTH_MECHANISM: "bearer" })).toContain(ANSWER);
    expect(table.takeCalls().map(({ headers }) => headers["authorization"])).toEqual([undefined]);
  });
});
