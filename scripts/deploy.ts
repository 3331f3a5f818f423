/** `pnpm deploy`: from a Cloudflare account, new or not, to a running Worker. Safe to run again. */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { wasGivenTo } from "./lib/ancestors.ts";
import { deployedLines, loginHelp, LOCATIONS, type Outcome } from "./lib/deploy-texts.ts";
import { planSecrets, type SecretPlan } from "./lib/deploy-secrets.ts";
import { askHealth, type Health } from "./lib/health.ts";
import { wrangler } from "./lib/run-wrangler.ts";
import {
  readAppliedMigrations,
  readComplaint,
  readDeployedUrl,
  readLogin,
  readNames,
  saysWorkerIsMissing,
  type Answer,
} from "./lib/wrangler-answers.ts";
import { readWranglerConfig, type WranglerConfig } from "./lib/wrangler-config.ts";
import { readCommandLine } from "./support/command-line.ts";
import { Complaint, runScript, type Lifetime } from "./support/lifetime.ts";
import { bold, dim, green, yellow } from "./support/paint.ts";

const USAGE = `pnpm deploy
pnpm run deploy [--dry-run] [--location wnam] [--health-timeout 120]

Puts Potluck on your Cloudflare account, or brings it up to date.
  --dry-run         shows every step and changes nothing
  --location        where a new database is created: ${LOCATIONS.join(", ")}
  --health-timeout  how many seconds the new Worker has to answer

Environment:
  CLOUDFLARE_API_TOKEN   instead of \`wrangler login\`
  CLOUDFLARE_ACCOUNT_ID  which account, if you have several
  POOL_SECRET            used for a new Worker instead of a random one; keep a copy, it cannot be read back
  ADMIN_TOKEN            the same for the operator's token`;

const HEALTH_EVERY_MS = 2000;

interface Options {
  isDryRun: boolean;
  location: string;
  healthTimeoutMs: number;
}

await runScript(deploy);

async function deploy({ onEnd }: Lifetime): Promise<number> {
  const options = readCommandLine(USAGE, readOptions);
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  options.isDryRun ||= await wasGivenTo("--dry-run", /\bpnpm\b.*\bdeploy\b/);
  const config = await readWranglerConfig();
  console.log(
    bold(`\nDeploying ${config.worker} to Cloudflare${options.isDryRun ? " (dry run: nothing is changed)" : ""}\n`),
  );
  const isLoggedIn = await checkLogin(options);
  await ensureDatabase(config, options, isLoggedIn);
  const secrets = await planMissingSecrets(config, options, isLoggedIn);
  await applyMigrations(options);
  const url = await uploadWorker(secrets, options, onEnd);
  if (options.isDryRun) {
    step("would call /health until the Worker answers, and print its address");
    return 0;
  }
  const health = url === undefined ? undefined : await waitForHealth(url, options.healthTimeoutMs);
  const outcome: Outcome = {
    url,
    health,
    worker: config.worker,
    adminToken: tokenToShow(secrets),
    isTokenHidden: secrets.isHidden && secrets.freshToken !== undefined,
  };
  console.log(deployedLines(outcome).join("\n"));
  return health === undefined || health.kind === "ok" ? 0 : 1;
}

function readOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      "dry-run": { type: "boolean", default: false },
      location: { type: "string", default: "wnam" },
      "health-timeout": { type: "string", default: "120" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  if (!LOCATIONS.includes(values.location)) throw new Error(`--location must be one of ${LOCATIONS.join(", ")}.`);
  const seconds = Number(values["health-timeout"]);
  if (!(seconds >= 0)) throw new Error("--health-timeout must be a number of seconds.");
  return { isDryRun: values["dry-run"], location: values.location, healthTimeoutMs: seconds * 1000 };
}

/** False only in a dry run, which goes on without an account. */
async function checkLogin({ isDryRun }: Options): Promise<boolean> {
  const login = readLogin(await wrangler(["whoami", "--json"]));
  switch (login.kind) {
    case "logged_in": {
      const [account, ...more] = login.accounts;
      const where = account !== undefined && more.length === 0 ? `, account ${account.name}` : "";
      done(`logged in${login.email === undefined ? "" : ` as ${login.email}`}${where}`);
      return true;
    }
    case "unclear":
      step("the login does not tell who it is; going on with it");
      return true;
    case "logged_out":
      if (!isDryRun) throw new Complaint(loginHelp());
      step(yellow("not logged in: the steps are those for a new account"));
      console.log(dim(loginHelp().replaceAll(/^/gm, "      ")));
      return false;
  }
}

async function ensureDatabase(
  { database, databaseId }: WranglerConfig,
  options: Options,
  isLoggedIn: boolean,
): Promise<void> {
  if (databaseId !== undefined) return done(`database ${database}: as wrangler.jsonc says`);
  const create = ["d1", "create", database, "--location", options.location];
  if (isLoggedIn) {
    const answer = await wrangler(["d1", "list", "--json"]);
    const names = readNames(answer);
    if (names === undefined) throw failed("The databases could not be listed", answer);
    if (names.has(database)) return done(`database ${database}: there`);
  }
  if (options.isDryRun) return would(create);
  await must("The database could not be created", create);
  done(`database ${database}: created (${options.location})`);
}

/** Which secrets the Worker lacks. One that exists is never touched: it may be all that opens the keys. */
async function planMissingSecrets(
  { worker }: WranglerConfig,
  { isDryRun }: Options,
  isLoggedIn: boolean,
): Promise<SecretPlan> {
  const answer = isLoggedIn ? await wrangler(["secret", "list", "--format", "json"]) : undefined;
  const existing = answer === undefined || saysWorkerIsMissing(answer) ? new Set<string>() : readNames(answer);
  if (answer !== undefined && existing === undefined)
    throw failed(`The secrets of ${worker} could not be listed`, answer);
  const plan = planSecrets(existing ?? new Set(), process.env);
  if (plan.missing.length === 0) done("secrets: all there, left as they are");
  else if (isDryRun)
    step(
      `would make ${plan.missing.join(" and ")}, and put ${plan.missing.length > 1 ? "them" : "it"} with the upload`,
    );
  else done(`secrets: ${plan.missing.join(" and ")} go${plan.missing.length > 1 ? "" : "es"} up with the Worker`);
  return plan;
}

/** Before the code that needs them: a migration that fails leaves the Worker as it is. */
async function applyMigrations({ isDryRun }: Options): Promise<void> {
  const apply = ["d1", "migrations", "apply", "DB", "--remote"];
  if (isDryRun) return would(apply);
  const answer = await must("A migration failed. The Worker was left as it is", apply);
  const applied = readAppliedMigrations(answer);
  done(applied.length === 0 ? "migrations: up to date" : `migrations: ${applied.length} applied`);
}

/** Returns the Worker's public address, if it has one. */
async function uploadWorker(
  plan: SecretPlan,
  { isDryRun }: Options,
  onEnd: Lifetime["onEnd"],
): Promise<string | undefined> {
  if (isDryRun) {
    would([
      "deploy",
      ...(plan.missing.length > 0 ? ["--secrets-file", "<temporary file, readable by you alone>"] : []),
    ]);
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), "potluck-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  onEnd(remove);
  try {
    const records = join(folder, "records.ndjson");
    const args = ["deploy"];
    if (plan.missing.length > 0) {
      const file = join(folder, "secrets.json");
      await writeFile(file, JSON.stringify(plan.values), { mode: 0o600, flag: "wx" });
      args.push("--secrets-file", file);
    }
    const answer = await wrangler(args, { env: { WRANGLER_OUTPUT_FILE_PATH: records } });
    if (answer.code !== 0) throw await failedUpload(plan, answer);
    done("Worker: uploaded");
    return readDeployedUrl(await readFile(records, "utf8").catch(() => ""));
  } finally {
    await remove();
  }
}

/** The upload may have failed after the secrets were stored: a token that nobody was shown would be lost. */
async function failedUpload(plan: SecretPlan, answer: Answer): Promise<Complaint> {
  const complaint = failed("The Worker could not be deployed", answer);
  const token = tokenToShow(plan);
  if (token === undefined) return complaint;
  const stored = readNames(await wrangler(["secret", "list", "--format", "json"]));
  if (!stored?.has("ADMIN_TOKEN")) return complaint;
  return new Complaint(`${complaint.message}\n\nADMIN_TOKEN was stored all the same, and is shown only now: ${token}`);
}

async function waitForHealth(url: string, timeoutMs: number): Promise<Health> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const health = await askHealth(url);
    if (health.kind === "ok") {
      done(`/health: ok, ${health.keyCount} ${health.keyCount === 1 ? "key" : "keys"} in the pool`);
      return health;
    }
    // A misconfiguration does not pass by waiting.
    if (health.kind === "misconfigured" || Date.now() + HEALTH_EVERY_MS > deadline) return health;
    await wait(HEALTH_EVERY_MS);
  }
}

function tokenToShow(plan: SecretPlan): string | undefined {
  return plan.isHidden ? undefined : plan.freshToken;
}

async function must(complaint: string, args: string[]): Promise<Answer> {
  const answer = await wrangler(args);
  if (answer.code !== 0) throw failed(complaint, answer);
  return answer;
}

function failed(complaint: string, answer: Answer): Complaint {
  return new Complaint(`${complaint}. wrangler says:\n\n${readComplaint(answer)}`);
}

function done(text: string): void {
  console.log(`  ${green("✓")} ${text}`);
}

function step(text: string): void {
  console.log(`  ${dim("·")} ${text}`);
}

function would(args: string[]): void {
  step(`would run: wrangler ${args.join(" ")}`);
}
