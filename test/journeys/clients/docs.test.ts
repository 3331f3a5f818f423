import { execFile, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ANSWER, layClientTable, type ClientTable } from "../../support/client-table.ts";

const ROOT = join(import.meta.dirname, "../../..");
const PLACEHOLDER = "https://potluck.example.com";

interface Block {
  language: string;
  code: string;
}

async function blocksOf(page: string): Promise<Block[]> {
  const text = await readFile(join(ROOT, "docs", page), "utf8");
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", code = ""]) => ({ language, code }));
}

const blocks = await blocksOf("clients.md");
const settings = blocks.find(({ language }) => language === "json")?.code ?? "";
const programs = blocks.filter(({ language }) => language === "js" || language === "sh");

let table: ClientTable;
let home: string;

beforeAll(async () => {
  table = await layClientTable();
  table.google.issue("your-own-key");
  home = await mkdtemp(join(tmpdir(), "potluck-docs-"));
  await mkdir(join(home, ".gemini"));
  await writeFile(join(home, ".gemini/settings.json"), settings);
});
afterEach(() => table.checkWire());
afterAll(async () => {
  await table.close();
  await rm(home, { recursive: true, force: true });
});

/** Runs a program of the page as its reader would, with the address of this Worker. */
async function run({ language, code }: Block): Promise<string> {
  const program = code.replaceAll(PLACEHOLDER, table.url);
  const [command, args] =
    language === "js" ? [process.execPath, ["--input-type=module", "--eval", program]] : ["sh", ["-ec", program]];
  const path = [join(ROOT, "node_modules/.bin"), process.env["PATH"]].join(delimiter);
  const env = {
    PATH: path,
    HOME: home,
    CI: "1",
    NO_COLOR: "1",
    GEMINI_API_KEY: table.caller,
    GEMINI_CLI_TRUST_WORKSPACE: "true",
  };
  const { stdout } = await promisify(execFile)(command, args, { cwd: ROOT, env });
  return stdout;
}

test("the page has the programs that are run here", () => {
  expect(programs.length).toBeGreaterThanOrEqual(9);
});

const firstLine = ({ code }: Block) => code.split("\n", 1)[0] ?? "";
const hasCurl = spawnSync("curl", ["--version"]).status === 0;
// A machine with Node and nothing else has no curl.
const runnable = programs.filter((block) => hasCurl || !firstLine(block).startsWith("curl"));

test.each(runnable.map((block) => [firstLine(block), block] as const))("%s", async (_, block) => {
  table.takeCalls();
  expect((await run(block)).replaceAll(/"text": "|\s+/g, " ")).toContain(ANSWER.slice(0, 20));
  expect(table.takeCalls().length).toBeGreaterThan(0);
});

test("the Chinese page has the same programs and settings", async () => {
  expect(await blocksOf("clients.zh-CN.md")).toEqual(blocks);
});
