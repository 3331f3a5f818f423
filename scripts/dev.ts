/** `pnpm dev`: the Worker on this machine, with a local database and secrets of its own. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs, parseEnv } from "node:util";
import { SETTINGS } from "../src/settings.ts";
import { readCommandLine } from "./support/command-line.ts";
import { Complaint, runScript, type Lifetime } from "./support/lifetime.ts";
import { bold, dim, green } from "./support/paint.ts";
import { isFree, parsePort } from "./support/ports.ts";
import { createSecretsFile } from "./support/secrets.ts";
import { baseUrlLines, curlLines, pageLines } from "./support/try-it.ts";
import { tidyLine } from "./support/wrangler-output.ts";
import { applyMigrations, ROOT, startLocalWorker } from "./support/wrangler.ts";

const DEFAULT_PORT = "8787";
const SECRETS_FILE = join(ROOT, ".dev.vars");

const USAGE = `pnpm dev [--port ${DEFAULT_PORT}]

Runs the Worker on this machine. Environment:
  PORT             the port to listen on
  GEMINI_BASE_URL  where requests are forwarded to, instead of Google`;

await runScript(dev);

async function dev({ onEnd }: Lifetime): Promise<number> {
  const options = readCommandLine(USAGE, readOptions);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const port = parsePort(options.port);
  if (port === undefined) throw new Complaint(`${options.port} is not a port.`);
  if (!(await isFree(port))) {
    throw new Complaint(
      `Port ${port} is taken. Stop what listens there, or choose another: pnpm dev --port ${port + 1}`,
    );
  }
  const isNew = await createSecretsFile(SECRETS_FILE);
  if (isNew) console.log(dim("Wrote .dev.vars with fresh secrets."));
  await applyMigrations();

  const target = process.env["GEMINI_BASE_URL"];
  let isReady = false;
  const worker = await startLocalWorker({
    port,
    vars: target === undefined ? {} : { GEMINI_BASE_URL: target },
    onLine: (line) => {
      const text = tidyLine(line);
      if (isReady && text !== undefined) console.log(text);
    },
  });
  onEnd(worker.stop);
  isReady = true;
  const { GEMINI_BASE_URL: fileTarget, ADMIN_TOKEN: adminToken } = await readSecretsFile();
  greet(`http://localhost:${port}`, {
    target: target ?? fileTarget ?? SETTINGS.GEMINI_BASE_URL.default,
    token: (adminToken ?? "") === "" ? "an ADMIN_TOKEN that you put into .dev.vars" : "ADMIN_TOKEN of .dev.vars",
  });
  await worker.ended;
  throw new Complaint("The Worker has ended.");
}

function readOptions(args: string[]) {
  return parseArgs({
    args,
    options: {
      port: { type: "string", default: process.env["PORT"] ?? DEFAULT_PORT },
      help: { type: "boolean", short: "h", default: false },
    },
  }).values;
}

async function readSecretsFile(): Promise<{ GEMINI_BASE_URL?: string; ADMIN_TOKEN?: string }> {
  return parseEnv(await readFile(SECRETS_FILE, "utf8"));
}

function greet(url: string, { target, token }: { target: string; token: string }): void {
  const lines = [
    "",
    bold(`Potluck is at ${green(url)}`),
    `Requests are forwarded to ${target}`,
    "",
    "Try it with your own Gemini key:",
    "",
    ...curlLines(url, "$GEMINI_API_KEY"),
    "",
    ...baseUrlLines(url),
    "",
    "In a browser:",
    "",
    ...pageLines(url, token),
    "",
    dim("Ctrl-C ends it."),
    "",
  ];
  console.log(lines.join("\n"));
}
