/**
 * `pnpm secret:rotate`: seals the whole pool under a new POOL_SECRET while it serves. It can be stopped anywhere, and
 * run again it goes on where it was.
 */

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { secretIdOf } from "../src/pool/vault.ts";
import { askStep, type Step } from "./lib/resealing-client.ts";
import { wrangler } from "./lib/run-wrangler.ts";
import { readComplaint, readNames, saysWorkerIsMissing } from "./lib/wrangler-answers.ts";
import { readCommandLine } from "./support/command-line.ts";
import { Complaint, runScript } from "./support/lifetime.ts";
import { bold, dim, green, yellow } from "./support/paint.ts";
import { ROOT } from "./support/wrangler.ts";

const USAGE = `ADMIN_TOKEN=… pnpm secret:rotate --url https://potluck.you.workers.dev

Replaces POOL_SECRET: every key is sealed anew while the pool goes on serving.
  --url               where the Worker is (or POTLUCK_URL)
  --settle 60         seconds to wait for instances of the Worker that do not know the new secret yet
  --forget-withdrawn  finish although withdrawals would be forgotten
  --file              where the new secret is kept meanwhile (default .pool-secret-next)

Environment:
  ADMIN_TOKEN         the operator's token; lost? set a new one: npx wrangler secret put ADMIN_TOKEN
  POOL_SECRET_NEXT    the new secret, instead of a random one; keep a copy, it cannot be read back`;

const MIN_SECRET_LENGTH = 32;
/** How long a new secret may take to reach the Worker. */
const ARRIVAL_MS = 120_000;
const ASK_AGAIN_MS = 1000;

interface Options {
  url: string;
  adminToken: string;
  settleMs: number;
  file: string;
  forgetsWithdrawn: boolean;
}

await runScript(rotate);

async function rotate(): Promise<number> {
  const options = readCommandLine(USAGE, readOptions);
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  console.log(bold("\nReplacing POOL_SECRET\n"));
  const next = await beginRotation(options);
  const isOurs = createAsker(options, secretIdOf(next));
  const stuck = await resealAll(isOurs, options.settleMs);
  if (stuck.sealed > 0) {
    done(yellow(`${stuck.sealed} stored keys open under neither secret: they serve nobody, and are left as they are`));
  }
  if (stuck.withdrawn > 0 && !options.forgetsWithdrawn) {
    console.log(withdrawnHelp(stuck.withdrawn));
    return 1;
  }
  await putSecrets({ POOL_SECRET: next, POOL_SECRET_NEXT: null });
  done("POOL_SECRET: replaced");
  await isOurs(0);
  await rm(options.file);
  done(`${options.file}: removed`);
  console.log(
    "\nThe old secret opens nothing any more. Back-ups made until now need it still: make a new one (pnpm backup).\n",
  );
  return 0;
}

function readOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: "string", default: process.env["POTLUCK_URL"] ?? "" },
      settle: { type: "string", default: "60" },
      file: { type: "string", default: join(ROOT, ".pool-secret-next") },
      "forget-withdrawn": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  if (!/^https?:\/\//.test(values.url)) throw new Error("--url is missing: the address of your Worker.");
  const adminToken = process.env["ADMIN_TOKEN"] ?? "";
  if (adminToken === "") throw new Error("ADMIN_TOKEN is missing from the environment.");
  const settleMs = Number(values.settle) * 1000;
  if (!(settleMs >= 0)) throw new Error("--settle must be a number of seconds.");
  const url = values.url.replace(/\/+$/, "");
  return { url, adminToken, settleMs, file: values.file, forgetsWithdrawn: values["forget-withdrawn"] };
}

/** Puts the next secret beside the one in use, or goes on with the one put before. Returns it. */
async function beginRotation({ file, url, adminToken }: Options): Promise<string> {
  // Before anything is changed: is this the right Worker and the right token?
  await askStep(url, adminToken, 0);
  const answer = await wrangler(["secret", "list", "--format", "json"]);
  const names = readNames(answer);
  if (saysWorkerIsMissing(answer)) throw new Complaint("The Worker is not deployed: pnpm deploy");
  if (names === undefined)
    throw new Complaint(`The secrets could not be listed. wrangler says:\n\n${readComplaint(answer)}`);
  const isPut = names.has("POOL_SECRET_NEXT");
  if (isPut && !existsSync(file)) {
    throw new Complaint(
      `A rotation is under way, but ${file} is not here: finish it where it was begun. Until then both secrets work.`,
    );
  }
  const next = await keepNextSecret(file);
  if (isPut) return logged(next, "going on with the rotation that was begun");
  // What is on the disk cannot be lost on the way.
  await putSecrets({ POOL_SECRET_NEXT: next });
  return logged(next, `POOL_SECRET_NEXT: put; kept in ${file} until the end`);
}

function logged(next: string, text: string): string {
  done(text);
  return next;
}

async function keepNextSecret(file: string): Promise<string> {
  if (!existsSync(file)) {
    const given = process.env["POOL_SECRET_NEXT"] ?? "";
    await writeFile(file, `${given === "" ? randomBytes(32).toString("base64url") : given}\n`, {
      flag: "wx",
      mode: 0o600,
    });
  }
  const next = (await readFile(file, "utf8")).trim();
  if (next.length < MIN_SECRET_LENGTH)
    throw new Complaint(`${file} holds no secret of ${MIN_SECRET_LENGTH} characters or more.`);
  return next;
}

/** Standard input: a secret must stand neither among arguments nor in another file. */
async function putSecrets(secrets: Record<string, string | null>): Promise<void> {
  const answer = await wrangler(["secret", "bulk"], { input: JSON.stringify(secrets) });
  if (answer.code !== 0) throw new Complaint(`The secret could not be put. wrangler says:\n\n${readComplaint(answer)}`);
}

/** Asks until an instance of the Worker answers that seals under the next secret. */
function createAsker({ url, adminToken }: Options, secretId: string) {
  return async function ask(after: number): Promise<Step> {
    const deadline = Date.now() + ARRIVAL_MS;
    let other: Step | undefined;
    do {
      const step = await askStep(url, adminToken, after);
      if (step?.secretId === secretId) return step;
      other = step ?? other;
      await wait(ASK_AGAIN_MS);
    } while (Date.now() < deadline);
    throw new Complaint(
      other === undefined
        ? `${url} does not answer. Run this again later: it goes on where it was.`
        : `${url} seals under another secret than the one kept here. Is it the Worker of this account? Nothing is lost.`,
    );
  };
}

/** Walks over all keys until a whole walk, some time after the one before, finds none to seal anew. */
async function resealAll(ask: (after: number) => Promise<Step>, settleMs: number): Promise<NonNullable<Step["stuck"]>> {
  for (let walk = 1; ; walk++) {
    let step = await ask(0);
    let resealed = step.resealed;
    while (step.left > 0) {
      console.log(dim(`    ${resealed} keys sealed anew, ${step.left >= 1000 ? "1000 or more" : step.left} left`));
      step = await ask(step.after);
      resealed += step.resealed;
    }
    if (resealed > 0 || walk === 1) done(`${resealed} ${resealed === 1 ? "key" : "keys"} sealed anew`);
    if (resealed === 0 && walk > 1) return step.stuck ?? { sealed: 0, withdrawn: 0 };
    if (settleMs > 0) console.log(dim(`    waiting ${settleMs / 1000} s for keys that joined under the old secret`));
    await wait(settleMs);
  }
}

function withdrawnHelp(count: number): string {
  return `
${yellow(`Not finished: ${count} withdrawn ${count === 1 ? "key is" : "keys are"} remembered under the old secret alone.`)}
Only a hash of them is stored, so they cannot be moved until their owners call again. Both secrets go on working.
Either leave it so and run this again some weeks later, or, if the old secret has leaked, finish now:

  pnpm secret:rotate --forget-withdrawn

Then a withdrawn key that is used here again joins the pool again.
`;
}

function done(text: string): void {
  console.log(`  ${green("✓")} ${text}`);
}
