import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseJsonc } from "../../scripts/lib/jsonc.ts";
import { readDeployedUrl, readLogin, readNames } from "../../scripts/lib/wrangler-answers.ts";
import { openFakeCloudflare, type FakeCloudflare } from "../support/fake-wrangler-account.ts";

const DEPLOY = "scripts/deploy.ts";

let cloudflare: FakeCloudflare;
let worker: Server;
let url: string;
let answers: { status: number; body: unknown }[];

const OK = { status: 200, body: { status: "ok", database: "ok", keyCount: 0 } };

/** What the Worker says at /health; the last answer stays. */
beforeEach(async () => {
  answers = [OK];
  worker = createServer((_request, response) => {
    const { status, body } = (answers.length > 1 ? answers.shift() : answers[0]) ?? OK;
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await once(worker, "listening");
  url = `http://127.0.0.1:${(worker.address() as AddressInfo).port}`;
  cloudflare = await openFakeCloudflare({ targets: [url, "schedule: */5 * * * *"] });
});

afterEach(async () => {
  worker.close();
  await cloudflare.close();
});

const commands = () => cloudflare.calls().map(({ args }) => args.slice(0, 2).join(" "));

/** Commands that change something on the account. */
const CHANGING = ["d1 create", "d1 migrations", "deploy", "deploy --secrets-file", "secret put", "secret bulk"];

describe("pnpm deploy", () => {
  it("takes a new account to a running Worker: database, migrations, secrets and code in this order", async () => {
    const { code, output } = await cloudflare.run(DEPLOY);
    expect(output).toContain(`Potluck is at ${url}`);
    expect(code).toBe(0);
    const calls = cloudflare.calls();
    expect(calls.map(({ args }) => args.slice(0, 2).join(" "))).toEqual([
      "whoami --json",
      "d1 list",
      "d1 create",
      "secret list",
      "d1 migrations",
      "deploy --secrets-file",
    ]);
    const { databases, secrets, appliedMigrations } = await cloudflare.account();
    expect(databases).toEqual([{ name: "potluck", location: "wnam" }]);
    expect(appliedMigrations).toHaveLength(2);
    expect(Object.keys(secrets ?? {})).toEqual(["POOL_SECRET", "ADMIN_TOKEN"]);
    expect(secrets?.["POOL_SECRET"]?.length).toBeGreaterThanOrEqual(43);
  });

  it("shows the operator's token once, the pool's secret never, and tells where they are used", async () => {
    const { output } = await cloudflare.run(DEPLOY);
    const { secrets } = await cloudflare.account();
    expect(output.split(secrets?.["ADMIN_TOKEN"] ?? "?")).toHaveLength(2);
    expect(output).not.toContain(secrets?.["POOL_SECRET"]);
    expect(output).toContain(`Operator     ${url}/admin (scripts: ${url}/api/admin, Authorization: Bearer)`);
    expect(output).toContain("https://img.shields.io/badge/dynamic/json?url=");
    expect(output).toContain(encodeURIComponent(`${url}/keycount`));
    expect(output).toContain(encodeURIComponent("$.keyCount"));
  });

  it("passes secrets in a file that only its owner reads, never as arguments, and removes it", async () => {
    await cloudflare.run(DEPLOY);
    const { secrets } = await cloudflare.account();
    const calls = cloudflare.calls();
    const upload = calls.at(-1);
    expect(upload?.secretsFileMode).toBe("600");
    expect(existsSync(upload?.secretsFile ?? "")).toBe(false);
    for (const secret of Object.values(secrets ?? {}))
      expect(JSON.stringify(calls.map(({ args }) => args))).not.toContain(secret);
    expect((await readdir(cloudflare.folder)).filter((name) => name.startsWith("potluck-"))).toEqual([]);
  });

  it("changes nothing but the code when it is run again", async () => {
    await cloudflare.run(DEPLOY);
    const before = await cloudflare.account();
    cloudflare.calls();
    const { code, output } = await cloudflare.run(DEPLOY);
    expect(code).toBe(0);
    expect(commands()).toEqual(["whoami --json", "d1 list", "secret list", "d1 migrations", "deploy"]);
    expect(await cloudflare.account()).toEqual(before);
    for (const secret of Object.values(before.secrets ?? {})) expect(output).not.toContain(secret);
    expect(output).toContain("migrations: up to date");
    expect(output).not.toContain("token");
  });

  it("puts only what is missing, and never rotates a secret that exists", async () => {
    const POOL_SECRET = "the-operators-own-secret-of-40-characters";
    await cloudflare.change({ databases: [{ name: "potluck", location: "enam" }], secrets: { POOL_SECRET } });
    await cloudflare.run(DEPLOY);
    const { databases, secrets } = await cloudflare.account();
    expect(secrets?.["POOL_SECRET"]).toBe(POOL_SECRET);
    expect(secrets?.["ADMIN_TOKEN"]).toBeDefined();
    expect(databases).toEqual([{ name: "potluck", location: "enam" }]);
  });

  it("adopts a database that is there without a Worker", async () => {
    await cloudflare.change({ databases: [{ name: "potluck", location: "weur" }] });
    expect((await cloudflare.run(DEPLOY)).code).toBe(0);
    expect(commands()).not.toContain("d1 create");
  });

  it("creates the database where it is told", async () => {
    await cloudflare.run(DEPLOY, ["--location", "apac"]);
    expect((await cloudflare.account()).databases).toEqual([{ name: "potluck", location: "apac" }]);
    const { code, output } = await cloudflare.run(DEPLOY, ["--location", "moon"]);
    expect(code).toBe(1);
    expect(output).toContain("--location must be one of wnam");
  });

  it("takes secrets from the environment, without showing them", async () => {
    const given = { POOL_SECRET: "a-secret-restored-from-a-safe-place-40-chars", ADMIN_TOKEN: "my-own-token" };
    const { output } = await cloudflare.run(DEPLOY, [], given);
    expect((await cloudflare.account()).secrets).toEqual(given);
    for (const secret of Object.values(given)) expect(output).not.toContain(secret);
    const short = await openFakeCloudflare();
    const refused = await short.run(DEPLOY, [], { POOL_SECRET: "short" });
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("POOL_SECRET in your environment is too short");
    expect((await short.account()).secrets).toBeUndefined();
    await short.close();
  });

  it("hides the token in a CI log that others may read, and shows it in that of Workers Builds", async () => {
    const inCi = await cloudflare.run(DEPLOY, [], { CI: "true" });
    const { secrets } = await cloudflare.account();
    expect(inCi.output).not.toContain(secrets?.["ADMIN_TOKEN"]);
    expect(inCi.output).toContain("wrangler secret put ADMIN_TOKEN");
    const builds = await openFakeCloudflare({ targets: [url] });
    const inBuilds = await builds.run(DEPLOY, [], { CI: "true", WORKERS_CI: "1" });
    expect(inBuilds.output).toContain((await builds.account()).secrets?.["ADMIN_TOKEN"]);
    await builds.close();
  });

  it("works where Workers Builds has made everything already", async () => {
    const secrets = { POOL_SECRET: "p".repeat(40), ADMIN_TOKEN: "t".repeat(20) };
    await cloudflare.change({ databases: [{ name: "potluck", location: "wnam" }], secrets });
    const { code } = await cloudflare.run(DEPLOY, [], { CI: "true", WORKERS_CI: "1" });
    expect(code).toBe(0);
    expect((await cloudflare.account()).secrets).toEqual(secrets);
  });

  it("prefers the operator's domain to workers.dev", async () => {
    const records = `{"type":"wrangler-session"}\n{"type":"deploy","version":1,"targets":["https://potluck.me.workers.dev","ai.example.com (custom domain)","schedule: */5 * * * *"]}\n`;
    expect(readDeployedUrl(records)).toBe("https://ai.example.com");
    expect(readDeployedUrl('{"type":"deploy","targets":["example.com/* (zone name: example.com)"]}')).toBe(
      "https://example.com",
    );
    expect(readDeployedUrl('{"type":"deploy","targets":["*.example.com/*","schedule: */5 * * * *"]}')).toBeUndefined();
    expect(readDeployedUrl("")).toBeUndefined();
  });
});

describe("pnpm deploy --dry-run", () => {
  it("shows every step and runs none that changes anything", async () => {
    const before = await cloudflare.account();
    const { code, output } = await cloudflare.run(DEPLOY, ["--dry-run"]);
    expect(code).toBe(0);
    for (const step of [
      "d1 create potluck --location wnam",
      "POOL_SECRET and ADMIN_TOKEN",
      "d1 migrations apply DB --remote",
      "deploy --secrets-file",
      "/health",
    ]) {
      expect(output).toContain(step);
    }
    expect(commands().filter((command) => CHANGING.includes(command))).toEqual([]);
    expect(await cloudflare.account()).toEqual(before);
  });

  it("works without an account, and says how to get one", async () => {
    await cloudflare.change({ loggedIn: false });
    const { code, output } = await cloudflare.run(DEPLOY, ["--dry-run"]);
    expect(code).toBe(0);
    expect(output).toContain("wrangler login");
    expect(output).toContain("d1 migrations apply DB --remote");
    expect(commands()).toEqual(["whoami --json"]);
  });

  it("is a dry run also where pnpm keeps the flag to itself (pnpm 12: pnpm deploy --dry-run)", async () => {
    const pnpm = join(cloudflare.folder, "pnpm");
    await writeFile(pnpm, `#!/bin/sh\n"${process.execPath}" --no-warnings scripts/deploy.ts\n`, { mode: 0o755 });
    const { code, output } = await cloudflare.exec(pnpm, ["deploy", "--dry-run"]);
    expect(output).toContain("dry run: nothing is changed");
    expect(code).toBe(0);
    expect(commands().filter((command) => CHANGING.includes(command))).toEqual([]);
  });

  it("accepts the -- that some package managers leave in front of arguments", async () => {
    expect((await cloudflare.run(DEPLOY, ["--", "--dry-run"])).code).toBe(0);
  });
});

describe("pnpm deploy, when something is wrong", () => {
  it("tells who is not logged in how to, and does nothing else", async () => {
    await cloudflare.change({ loggedIn: false });
    const { code, output } = await cloudflare.run(DEPLOY);
    expect(code).toBe(1);
    expect(output).toContain("npx wrangler login");
    expect(output).toContain("CLOUDFLARE_API_TOKEN");
    expect(commands()).toEqual(["whoami --json"]);
  });

  it("passes on wrangler's question for the account", async () => {
    await cloudflare.change({
      accounts: [
        { id: "a", name: "A" },
        { id: "b", name: "B" },
      ],
    });
    const { code, output } = await cloudflare.run(DEPLOY);
    expect(code).toBe(1);
    expect(output).toContain("CLOUDFLARE_ACCOUNT_ID");
    expect((await cloudflare.run(DEPLOY, [], { CLOUDFLARE_ACCOUNT_ID: "a" })).code).toBe(0);
  });

  it("deploys no code when a migration fails", async () => {
    await cloudflare.change({ failing: { "d1 migrations": 'near "TABEL": syntax error: SQLITE_ERROR [code: 7500]' } });
    const { code, output } = await cloudflare.run(DEPLOY);
    expect(code).toBe(1);
    expect(output).toContain("A migration failed. The Worker was left as it is");
    expect(output).toContain("syntax error");
    expect(output).not.toContain("🪵");
    expect(commands().filter((command) => command.startsWith("deploy"))).toEqual([]);
    expect((await cloudflare.account()).secrets).toBeUndefined();
  });

  it("shows no token when nothing was stored, and leaves no secret on the disk", async () => {
    await cloudflare.change({
      failing: { deploy: "You need to register a workers.dev subdomain before publishing to workers.dev" },
    });
    const { code, output } = await cloudflare.run(DEPLOY);
    expect(code).toBe(1);
    expect(output).toContain("register a workers.dev subdomain");
    const upload = cloudflare.calls().findLast(({ args }) => args[0] === "deploy");
    for (const secret of Object.values(upload?.secrets ?? {})) expect(output).not.toContain(secret);
    expect(existsSync(upload?.secretsFile ?? "")).toBe(false);
    // Once the cause is gone, the next run finishes the work.
    await cloudflare.change({ failing: {} });
    expect((await cloudflare.run(DEPLOY)).code).toBe(0);
  });

  it("shows the token when the upload failed after it was stored: nobody could ever read it again", async () => {
    await cloudflare.change({
      failing: { deploy: 'after:Trigger configuration for "potluck" was only partially updated' },
    });
    const { code, output } = await cloudflare.run(DEPLOY);
    expect(code).toBe(1);
    expect(output).toContain((await cloudflare.account()).secrets?.["ADMIN_TOKEN"]);
  });

  it("waits until a new address answers", async () => {
    answers = [{ status: 404, body: "There is nothing here yet" }, OK];
    expect((await cloudflare.run(DEPLOY)).code).toBe(0);
  });

  it("says so when the Worker never answers, with the token all the same", async () => {
    answers = [{ status: 404, body: "There is nothing here yet" }];
    const { code, output } = await cloudflare.run(DEPLOY, ["--health-timeout", "0"]);
    expect(code).toBe(1);
    expect(output).toContain("does not answer (HTTP 404)");
    expect(output).toContain(`curl ${url}/health`);
    expect(output).toContain((await cloudflare.account()).secrets?.["ADMIN_TOKEN"]);
  });

  it("tells a Worker without its database from one that is misconfigured", async () => {
    answers = [{ status: 503, body: { status: "degraded", database: "unavailable" } }];
    expect((await cloudflare.run(DEPLOY, ["--health-timeout", "0"])).output).toContain("its database does not answer");
    answers = [{ status: 500, body: { error: { code: 500, message: "Potluck is not configured. EGRESS must be …" } } }];
    expect((await cloudflare.run(DEPLOY)).output).toContain("EGRESS must be");
  });
});

describe("what wrangler answers", () => {
  it("is read among its notes", () => {
    const answer = (stdout: string, code = 0) => ({ code, stdout, stderr: "" });
    expect(readLogin(answer('\n{"loggedIn":false}', 1))).toEqual({ kind: "logged_out" });
    expect(readLogin(answer("fetch failed", 1))).toEqual({ kind: "unclear" });
    expect(readNames(answer('Note: …\n[{"name":"a","x":1}]\n'))).toEqual(new Set(["a"]));
    expect(readNames(answer("[]"))).toEqual(new Set());
    expect(readNames(answer("", 1))).toBeUndefined();
  });

  it("is asked for what wrangler.jsonc names, comments and trailing commas included", () => {
    const text = '{ // a "comment"\n "a": "// no, /* not */ a comment", /* b */ "b": [1, 2,], "c": "x,]", }';
    expect(parseJsonc(text)).toEqual({ a: "// no, /* not */ a comment", b: [1, 2], c: "x,]" });
  });
});
