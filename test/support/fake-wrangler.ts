/**
 * A stand-in for `wrangler` 4.156 on PATH: it keeps an account in a JSON file (`FAKE_WRANGLER`) and answers in the
 * real one's words, recorded from the real one in front of a mock of Cloudflare's API. Node only.
 */

import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";

export interface FakeAccount {
  loggedIn: boolean;
  accounts: { id: string; name: string }[];
  databases: { name: string; location: string }[];
  /** The Worker's secrets; undefined while there is no Worker. */
  secrets: Record<string, string> | undefined;
  appliedMigrations: string[];
  /** What the account's deploy targets are. */
  targets: string[];
  /** Makes commands that begin so fail with that text. */
  failing: Record<string, string>;
  /** The remote database's rows, as `d1 execute` reports them. */
  keys: number;
  dump: string;
  /** A file that the Worker of a test reads its secrets from, kept up to date like Cloudflare does. */
  secretsMirror?: string;
}

export interface FakeCall {
  args: string[];
  /** What the command read: standard input, or the file of secrets, with its mode. */
  secrets?: Record<string, string | null>;
  secretsFileMode?: string;
  secretsFile?: string;
}

const MIGRATIONS = ["0000_pool.sql", "0001_totals_triggers.sql"];

const path = process.env["FAKE_WRANGLER"];
if (path !== undefined && import.meta.main) await run(path, process.argv.slice(2));

async function run(statePath: string, args: string[]): Promise<void> {
  const account = JSON.parse(readFileSync(statePath, "utf8")) as FakeAccount;
  const call: FakeCall = { args };
  const input = await text(process.stdin);
  const flag = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const secretsFile = flag("--secrets-file");
  if (secretsFile !== undefined) {
    call.secretsFile = secretsFile;
    call.secrets = JSON.parse(readFileSync(secretsFile, "utf8")) as Record<string, string>;
    call.secretsFileMode = (statSync(secretsFile).mode & 0o777).toString(8);
  } else if (args[1] === "bulk") {
    call.secrets = JSON.parse(input) as Record<string, string | null>;
  }
  appendFileSync(`${statePath}.calls`, `${JSON.stringify(call)}\n`);

  const command = args.join(" ");
  const failure = Object.entries(account.failing).find(([start]) => command.startsWith(start));
  if (failure !== undefined && !failure[1].startsWith("after:")) fail(failure[1]);
  answer(account, args, call, flag);
  writeFileSync(statePath, JSON.stringify(account));
  if (account.secretsMirror !== undefined) writeFileSync(account.secretsMirror, JSON.stringify(account.secrets ?? {}));
  if (failure !== undefined) fail(failure[1].slice("after:".length));
}

function answer(
  account: FakeAccount,
  args: string[],
  call: FakeCall,
  flag: (name: string) => string | undefined,
): void {
  const command = args.join(" ");
  if (command === "whoami --json") {
    if (!account.loggedIn) {
      say('\n{"loggedIn":false}');
      process.exit(1);
    }
    const { accounts } = account;
    return print({ loggedIn: true, authType: "OAuth Token", email: "operator@example.com", accounts });
  }
  if (!account.loggedIn) {
    fail(
      "In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to work.",
    );
  }
  if (account.accounts.length > 1 && process.env["CLOUDFLARE_ACCOUNT_ID"] === undefined) {
    fail(
      "More than one account available but unable to select one in non-interactive mode.\nPlease set the appropriate `account_id` in your wrangler.jsonc file or assign it to the `CLOUDFLARE_ACCOUNT_ID` environment variable.",
    );
  }
  const [area, verb, subject] = args;
  switch (`${area} ${verb}`) {
    case "d1 list":
      return print(account.databases.map(({ name }) => ({ uuid: "6f1c0f5e-0000-4000-8000-000000000001", name })));
    case "d1 create":
      if (account.databases.some(({ name }) => name === subject)) fail("A database with that name already exists");
      account.databases.push({ name: subject ?? "", location: flag("--location") ?? "" });
      return say(`✅ Successfully created DB '${subject}' in region WNAM\nCreated your new D1 database.`);
    case "d1 migrations":
      return applyMigrations(account);
    case "d1 execute":
      return execute(account, flag);
    case "d1 export":
      writeFileSync(flag("--output") ?? "", account.dump);
      return say(
        `🌀 Executing on remote database DB (6f1c…):\nYou can also download your export from the following URL manually. This link will be valid for one hour: https://signed.example/dump?signature=secret\n🌀 Downloaded to ${flag("--output")} successfully!`,
      );
    case "secret list":
      if (account.secrets === undefined) {
        fail('Worker "potluck" not found.\n\n  If this is a new Worker, run `wrangler deploy` first to create it.');
      }
      return print(Object.keys(account.secrets).map((name) => ({ name, type: "secret_text" })));
    case "secret bulk":
      return changeSecrets(account, call.secrets ?? {});
  }
  if (area === "deploy") return deploy(account, call);
  fail(`Unknown command: ${command}`);
}

function applyMigrations(account: FakeAccount): void {
  if (account.databases.length === 0) {
    fail(
      "Couldn't find a D1 DB named 'potluck' (bound as 'DB') in the API. Run 'wrangler d1 create potluck' to create it.",
    );
  }
  const due = MIGRATIONS.filter((name) => !account.appliedMigrations.includes(name));
  if (due.length === 0) return say("Resource location: remote \n\n✅ No migrations to apply!");
  account.appliedMigrations.push(...due);
  const row = (name: string, mark: string) => `│ ${name.padEnd(24)} │ ${mark}     │`;
  say(["Migrations to be applied:", "│ name │", ...due.map((name) => `│ ${name.padEnd(24)} │`)].join("\n"));
  for (const [index] of due.entries()) {
    say(due.map((name, at) => row(name, at <= index ? "✅" : "🕒️")).join("\n"));
  }
}

function execute(account: FakeAccount, flag: (name: string) => string | undefined): void {
  const file = flag("--file");
  if (file !== undefined) {
    account.dump = readFileSync(file, "utf8");
    account.appliedMigrations = ["0000_pool.sql"];
    account.keys = (account.dump.match(/^INSERT INTO "keys"/gm) ?? []).length;
    return say("🚣 Executed 9 queries in 3.00ms (9 rows read, 9 rows written)");
  }
  if (flag("--command")?.includes("sqlite_master") === true) {
    const names = account.appliedMigrations.length === 0 ? [] : ["keys", "added_later"];
    return print([{ results: names.map((name) => ({ type: "table", name })), success: true, meta: {} }]);
  }
  if (account.appliedMigrations.length === 0) fail("no such table: keys: SQLITE_ERROR [code: 7500]");
  print([{ results: [{ n: account.keys }], success: true, meta: {} }]);
}

function changeSecrets(account: FakeAccount, secrets: Record<string, string | null>): void {
  account.secrets ??= {};
  for (const [name, value] of Object.entries(secrets)) {
    if (value === null) delete account.secrets[name];
    else account.secrets[name] = value;
    say(`✨ Successfully ${value === null ? "deleted" : "created"} secret for key: ${name}`);
  }
}

function deploy(account: FakeAccount, { secrets = {} }: FakeCall): void {
  account.secrets = { ...account.secrets, ...(secrets as Record<string, string>) };
  const record = { type: "deploy", version: 1, worker_name: "potluck", targets: account.targets };
  const output = process.env["WRANGLER_OUTPUT_FILE_PATH"];
  if (output !== undefined)
    appendFileSync(output, `{"type":"wrangler-session","version":1}\n${JSON.stringify(record)}\n`);
  say(`Uploaded potluck (0.14 sec)\nDeployed potluck triggers (0.02 sec)\n  ${account.targets.join("\n  ")}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(value: unknown): void {
  say(JSON.stringify(value, null, 2));
}

/** In the real one's dress: coloured, with its notes around it. */
function fail(message: string): never {
  complain(`\u001B[31m✘ \u001B[41;31m[\u001B[41;97mERROR\u001B[41;31m]\u001B[0m \u001B[1m${message}\u001B[0m\n`);
  complain('\n🪵  Logs were written to "/root/.config/.wrangler/logs/wrangler.log"');
  say("\nIf you think this is a bug then please create an issue at https://github.com/cloudflare/workers-sdk");
  process.exit(1);
}

/** What the fake was asked, in order. */
export function readCalls(statePath: string): FakeCall[] {
  if (!existsSync(`${statePath}.calls`)) return [];
  const lines = readFileSync(`${statePath}.calls`, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as FakeCall);
}
