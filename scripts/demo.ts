/** `pnpm demo`: the Worker against a simulated Google, with a table full of guests. No account, no key, no internet. */

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, parseEnv } from "node:util";
import type { ServedGoogle } from "../simulator/serve.ts";
import { serveSimulatedGoogle } from "../simulator/serve.ts";
import { inviteContributors, type Contributor } from "./demo/cast.ts";
import { measureLatency } from "./demo/latency.ts";
import { keepScore, type KeyStatus, type Score } from "./demo/score.ts";
import { introduce, tell } from "./demo/story.ts";
import { visit, type Visit } from "./demo/visit.ts";
import { inParallel } from "../src/relay/in-parallel.ts";
import { readCommandLine } from "./support/command-line.ts";
import { Complaint, runScript, type Lifetime } from "./support/lifetime.ts";
import { bold, dim, green } from "./support/paint.ts";
import { isFree, parsePort } from "./support/ports.ts";
import { startProgress } from "./support/progress.ts";
import { createSecretsFile } from "./support/secrets.ts";
import { curlLines, pageLines } from "./support/try-it.ts";
import { isNoRequestLine, tidyLine } from "./support/wrangler-output.ts";
import { applyMigrations, startLocalWorker, type LocalWorker } from "./support/wrangler.ts";

const USAGE = `pnpm demo [--once] [--port 8787]

Shows the pool at work against a simulated Google.
  --once   ends after the table, instead of staying up to be played with
  --port   where the Worker listens (without it: PORT of the environment, else 8787, or any free port)`;

const REQUESTS_EACH = 15;
const GUESTS_AT_A_TIME = 8;
const DEFAULT_PORT = 8787;
/** Lines of the Worker's log that are shown when something went wrong. */
const LAST_WORDS = 30;

await runScript(demo);

async function demo(lifetime: Lifetime): Promise<number> {
  const { once, help, port } = readCommandLine(USAGE, readOptions);
  if (help) {
    console.log(USAGE);
    return 0;
  }
  say(bold("Potluck: everyone brings a key, everyone eats from the table."), "");
  say(dim("Google is simulated on this machine and the keys are made up. The Worker is the real one."), "");

  const scene = await setUp(lifetime, await choosePort(port));
  const guests = inviteContributors();
  for (const { key, behaviour } of guests) scene.google.google.script(key, behaviour);
  say("", ...introduce(guests, REQUESTS_EACH), "");

  const visits = await serveAll(guests, scene.worker.url, lifetime.signal);
  const score = await report(visits, guests, scene);
  if (score.complaints.length > 0) {
    say("The Worker's last words:", "", ...new Set(scene.log.filter(isNoRequestLine).slice(-LAST_WORDS)), "");
    return 1;
  }
  if (once) return 0;

  inviteToPlay(guests, scene);
  await scene.worker.ended;
  throw new Complaint("The Worker has ended.");
}

function readOptions(args: string[]) {
  return parseArgs({
    args,
    options: {
      once: { type: "boolean", default: process.env["CI"] === "true" && !process.stdout.isTTY },
      port: { type: "string", default: process.env["PORT"] },
      help: { type: "boolean", short: "h", default: false },
    },
  }).values;
}

async function choosePort(asked: string | undefined): Promise<number> {
  if (asked === undefined) return (await isFree(DEFAULT_PORT)) ? DEFAULT_PORT : 0;
  const port = parsePort(asked);
  if (port === undefined) throw new Complaint(`${asked} is not a port.`);
  if (!(await isFree(port))) throw new Complaint(`Port ${port} is taken. Without --port the demo finds a free one.`);
  return port;
}

interface Scene {
  google: ServedGoogle;
  worker: LocalWorker;
  /** The demo's own database and secrets; nothing of it outlives the demo. */
  folder: string;
  log: string[];
  /** The operator's token of this demo alone. */
  adminToken: string;
  /** From now on the Worker's lines appear in the terminal. */
  showLog: () => void;
}

async function setUp({ onEnd }: Lifetime, port: number): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), "potluck-demo-"));
  onEnd(() => rm(folder, { recursive: true, force: true }));
  const google = await serveSimulatedGoogle();
  onEnd(google.close);
  say(`  ${green("✓")} Simulated Google   ${google.url}`);

  const persistTo = join(folder, "state");
  const envFile = join(folder, "secrets");
  await createSecretsFile(envFile);
  const { ADMIN_TOKEN: adminToken = "" } = parseEnv(await readFile(envFile, "utf8"));
  await applyMigrations(persistTo);
  const log: string[] = [];
  let isShown = false;
  const worker = await startLocalWorker({
    port,
    persistTo,
    envFile,
    // Counts are to be seen while people still look.
    vars: { GEMINI_BASE_URL: google.url, FLUSH_AFTER_MS: "1000" },
    onLine: (line) => {
      log.push(line);
      const text = tidyLine(line);
      if (isShown && text !== undefined) console.log(dim(text));
    },
  });
  onEnd(worker.stop);
  say(`  ${green("✓")} The Worker         ${publicUrl(worker)}`);
  return { google, worker, folder, log, adminToken, showLog: () => (isShown = true) };
}

/** As people type it. */
function publicUrl({ url }: LocalWorker): string {
  return url.replace("127.0.0.1", "localhost");
}

async function serveAll(guests: readonly Contributor[], url: string, signal: AbortSignal): Promise<Visit[]> {
  const turns = Array.from({ length: REQUESTS_EACH }, (_, turn) => guests.map((guest) => ({ guest, turn }))).flat();
  const progress = startProgress(turns.length);
  let served = 0;
  const visits = await inParallel(turns, GUESTS_AT_A_TIME, async ({ guest, turn }) => {
    const result = await visit(guest, turn, url);
    signal.throwIfAborted();
    if (result.failure === undefined) served += 1;
    progress.advance(`${served} served`);
    return result;
  });
  progress.end();
  return visits;
}

async function report(visits: Visit[], guests: readonly Contributor[], scene: Scene): Promise<Score> {
  const { google, worker, folder, log } = scene;
  const calls = [...google.google.calls];
  const lucky = luckyOne(guests);
  const latency = await measureLatency(google.url, worker.url, lucky.key);
  const statuses = new Map(
    await Promise.all(guests.map(async ({ key }) => [key, await askStatus(worker.url, key)] as const)),
  );
  const score = keepScore(visits, calls, statuses);
  const findings = {
    latency,
    keyCount: await askKeyCount(worker.url),
    strayHeaders: google.google.violations.length,
    exposedKeys: await countExposed(guests, folder, log),
  };
  const seated = score.rows.filter(({ status }) => status?.status === "active").length;
  if (findings.keyCount !== seated)
    score.complaints.push(`/keycount says ${findings.keyCount}, but ${seated} keys are active.`);
  if (findings.strayHeaders > 0) score.complaints.push("Headers left the Worker that should not have.");
  if (findings.exposedKeys > 0) score.complaints.push("Keys can be read in the Worker's database or log.");
  score.complaints.push(...google.google.faults.map((fault) => `The simulated Google has a gap: ${fault}`));
  say("", ...tell(score, findings), "");
  return score;
}

function luckyOne(guests: readonly Contributor[]): Contributor {
  const lucky = guests.find(({ trouble }) => trouble === "none");
  if (lucky === undefined) throw new Error("nobody has a good key");
  return lucky;
}

async function askStatus(url: string, key: string): Promise<KeyStatus> {
  const response = await fetch(`${url}/key`, { headers: { "x-goog-api-key": key } });
  return response.ok ? ((await response.json()) as KeyStatus) : undefined;
}

async function askKeyCount(url: string): Promise<number> {
  const { keyCount } = (await (await fetch(`${url}/keycount`)).json()) as { keyCount: number };
  return keyCount;
}

/** How many of the keys can be found in what the Worker left on the disk or wrote. */
async function countExposed(guests: readonly Contributor[], folder: string, log: readonly string[]): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), "latin1")));
  texts.push(log.join("\n"));
  return guests.filter(({ key }) => texts.some((text) => text.includes(key))).length;
}

function inviteToPlay(guests: readonly Contributor[], { worker, adminToken, showLog }: Scene): void {
  const url = publicUrl(worker);
  const { name, key } = luckyOne(guests);
  say(
    bold("The table stays set. Have a bite, with a made-up key that works here:"),
    "",
    ...curlLines(url, key),
    "",
    `curl ${url}/keycount`,
    `curl ${url}/key -H "x-goog-api-key: ${key}"    ${dim(`# how ${name}'s key is doing`)}`,
    "",
    "In a browser:",
    "",
    ...pageLines(url, adminToken),
    "",
    dim("Ctrl-C ends it; nothing is kept. For the real Google: pnpm dev"),
    "",
  );
  showLog();
}

function say(...lines: string[]): void {
  console.log(lines.join("\n"));
}
