/** `pnpm start`: the same Worker on a server of one's own, on workerd, with its database in a folder. */

import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseEnv } from "node:util";
import { askHealth } from "./lib/health.ts";
import { LOCAL_DATABASE, migrateLocally } from "./lib/local-database.ts";
import { wrangler } from "./lib/run-wrangler.ts";
import { MODULES, toCapnp, type ServerConfig } from "./lib/self-host/capnp.ts";
import { readCatalogue } from "./lib/self-host/catalogue.ts";
import { dataDirOf, minutesOf, readSelfHostOptions, toAddress, type SelfHostOptions } from "./lib/self-host/options.ts";
import { startWorkerd, type Workerd } from "./lib/self-host/workerd.ts";
import { MINIFLARE } from "./lib/workerd-process.ts";
import { readComplaint } from "./lib/wrangler-answers.ts";
import { readWranglerConfig, type WranglerConfig } from "./lib/wrangler-config.ts";
import { Complaint, runScript, type Lifetime } from "./support/lifetime.ts";
import { createSecretsFile } from "./support/secrets.ts";
import { ROOT } from "./support/wrangler.ts";

const USAGE = `pnpm start

Runs Potluck on this machine for good. Environment:
  HOST          where to listen (127.0.0.1; 0.0.0.0 for everybody)
  PORT          8787
  DATA_DIR      where the database and the secrets are kept (data)
  PUBLIC_URL    the address that callers use, if a proxy stands before: https://potluck.example.com
  TRUST_PROXY   1: believe X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host
  STOP_SECONDS  how long requests under way may take to end (30)
and every variable and secret of the Worker (README), which may also stand in DATA_DIR/.dev.vars.`;

const SOCKETS = ["http", "cron"];
const RESTART_AFTER_MS = 1000;
/** Who crashes more often does not get better by another start. */
const MAX_CRASHES_AN_HOUR = 10;
const HOUR_MS = 3_600_000;

await runScript(start);

async function start({ onEnd }: Lifetime): Promise<number> {
  if (process.argv.slice(2).some((argument) => argument === "--help" || argument === "-h")) {
    console.log(USAGE);
    return 0;
  }
  const dataDir = dataDirOf(process.env, ROOT);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const secretsFile = join(dataDir, ".dev.vars");
  if (await createSecretsFile(secretsFile)) say("server.secrets_created", { file: secretsFile });
  const options = readSelfHostOptions(process.env, parseEnv(await readFile(secretsFile, "utf8")), ROOT);
  const config = await readWranglerConfig();

  await migrateLocally(dataDir);
  const folder = await mkdtemp(join(tmpdir(), "potluck-"));
  onEnd(() => rm(folder, { recursive: true, force: true }));
  await buildInto(folder);
  const configFile = join(folder, "server.capnp");
  await writeFile(configFile, toCapnp(await toServerConfig(options, config)));
  await keepRunning(configFile, options, config, onEnd);
  return 0;
}

async function toServerConfig(options: SelfHostOptions, config: WranglerConfig): Promise<ServerConfig> {
  const { host, port, dataDir, publicOrigin, trustsProxy, variables } = options;
  const assetsFolder = join(ROOT, config.assetsFolder);
  return {
    address: toAddress(host, port),
    databaseFolder: join(dataDir, "v3/d1"),
    database: LOCAL_DATABASE,
    assetsFolder,
    assets: await readCatalogue(assetsFolder),
    compatibilityDate: config.compatibilityDate,
    compatibilityFlags: config.compatibilityFlags,
    variables: Object.keys(variables),
    ratelimits: config.ratelimits,
    publicOrigin,
    trustsProxy,
    reachesPrivateNetwork: "GEMINI_BASE_URL" in variables,
  };
}

/** Puts together what workerd runs: the Worker as it is deployed, what stands before it, and D1. */
async function buildInto(folder: string): Promise<void> {
  const answer = await wrangler(["deploy", "--dry-run", "--outdir", join(folder, "bundle")]);
  if (answer.code !== 0)
    throw new Complaint(`The Worker could not be built. wrangler says:\n\n${readComplaint(answer)}`);
  await copyFile(join(folder, "bundle/index.js"), join(folder, MODULES.potluck));
  for (const [source, target] of [
    ["front.ts", MODULES.front],
    ["assets.ts", MODULES.assets],
    ["d1-door.ts", MODULES.door],
  ] as const) {
    const code = await readFile(join(import.meta.dirname, "lib/self-host", source), "utf8");
    await writeFile(join(folder, target), stripTypeScriptTypes(code));
  }
  const parts = join(dirname(MINIFLARE), "workers");
  await copyFile(join(parts, "d1/database.worker.js"), join(folder, MODULES.database));
  await copyFile(join(parts, "shared/index.worker.js"), join(folder, MODULES.shared));
  await copyFile(join(parts, "shared/zod.worker.js"), join(folder, MODULES.zod));
  await chmod(folder, 0o700);
}

/** Runs workerd until the script is told to stop; starts it again when it crashes. */
async function keepRunning(
  configFile: string,
  { variables, stopWithinMs, host }: SelfHostOptions,
  { cron }: WranglerConfig,
  onEnd: Lifetime["onEnd"],
): Promise<void> {
  let running: Workerd | undefined;
  let isStopping = false;
  onEnd(async () => {
    isStopping = true;
    say("server.stopping", {});
    await running?.stop(stopWithinMs);
    say("server.stopped", {});
  });
  const clock = setInterval(() => void runCron(running, cron), minutesOf(cron) * 60_000);
  onEnd(() => clearInterval(clock));

  const crashes: number[] = [];
  for (;;) {
    running = await startWorkerd(configFile, SOCKETS, variables);
    const url = `http://${toAddress(host, running.port("http"))}`;
    const health = await askHealth(url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:"));
    if (health.kind === "misconfigured") throw new Complaint(health.message);
    say("server.ready", { url, health: health.kind });
    void runCron(running, cron);
    await running.ended;
    if (isStopping) return;
    const now = Date.now();
    crashes.push(now);
    say("server.crashed", { crashes: crashes.length });
    if (crashes.filter((at) => at > now - HOUR_MS).length > MAX_CRASHES_AN_HOUR)
      throw new Complaint("workerd crashes again and again.");
    await wait(RESTART_AFTER_MS);
  }
}

async function runCron(workerd: Workerd | undefined, cron: string): Promise<void> {
  try {
    const url = `http://127.0.0.1:${workerd?.port("cron")}`;
    const response = await fetch(url, { headers: { "x-cron": cron }, signal: AbortSignal.timeout(60_000) });
    const { outcome } = (await response.json()) as { outcome?: string };
    if (outcome !== "ok") say("server.cron_failed", { outcome: outcome ?? `HTTP ${response.status}` });
  } catch (error) {
    say("server.cron_failed", { outcome: error instanceof Error ? error.message : String(error) });
  }
}

/** One line, like those that the Worker writes. */
function say(event: string, fields: Record<string, string | number>): void {
  console.log(JSON.stringify({ level: "info", event, ...fields }));
}
