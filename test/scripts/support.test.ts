import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inParallel } from "../../src/relay/in-parallel.ts";
import { HOST, isFree, parsePort } from "../../scripts/support/ports.ts";
import { renderBar, startProgress } from "../../scripts/support/progress.ts";
import { createSecretsFile, freshSecrets } from "../../scripts/support/secrets.ts";
import { renderTable } from "../../scripts/support/table.ts";
import { baseUrlLines, curlLines, pageLines } from "../../scripts/support/try-it.ts";
import { isNoRequestLine, tidyLine } from "../../scripts/support/wrangler-output.ts";

describe("secrets for a local run", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "potluck-secrets-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("are long enough, and different every time", () => {
    const first = parseEnv(freshSecrets());
    expect(first["POOL_SECRET"]?.length).toBeGreaterThanOrEqual(32);
    expect(first["ADMIN_TOKEN"]?.length).toBeGreaterThanOrEqual(32);
    expect(parseEnv(freshSecrets())["POOL_SECRET"]).not.toBe(first["POOL_SECRET"]);
  });

  test("can be read by their owner only", async () => {
    const path = join(folder, ".dev.vars");
    expect(await createSecretsFile(path)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("never take the place of secrets that are there", async () => {
    const path = join(folder, ".dev.vars");
    await createSecretsFile(path);
    const before = await readFile(path, "utf8");
    expect(await createSecretsFile(path)).toBe(false);
    expect(await readFile(path, "utf8")).toBe(before);
  });

  test("that cannot be written are an error", async () => {
    await expect(createSecretsFile(join(folder, "missing", ".dev.vars"))).rejects.toThrow("ENOENT");
  });
});

describe("a port", () => {
  test("is read as people write it, and nothing else is", () => {
    expect(parsePort("8787")).toBe(8787);
    for (const text of ["0", "65536", "-1", "80.5", "http", "", " 80", "1e3"]) expect(parsePort(text)).toBeUndefined();
  });

  test("is not free while somebody listens there", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    const { port } = server.address() as AddressInfo;
    expect(await isFree(port)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    expect(await isFree(port)).toBe(true);
  });
});

describe("a table", () => {
  test("aligns its columns, numbers to the right", () => {
    const lines = renderTable(
      [{ title: "Who" }, { title: "Asked", align: "right" }],
      [
        ["Ada", "5"],
        ["Benedict", "15"],
      ],
    );
    expect(lines).toEqual(["Who       Asked", "────────  ─────", "Ada           5", "Benedict     15"]);
  });

  test("does not count colours as width", () => {
    const [, , red, plain] = renderTable(
      [{ title: "A" }, { title: "B" }],
      [
        ["\u001B[31mred\u001B[39m", "x"],
        ["blue", "y"],
      ],
    );
    expect(red).toBe("\u001B[31mred\u001B[39m   x");
    expect(plain).toBe("blue  y");
  });

  test("without rows is its titles", () => {
    expect(renderTable([{ title: "Who" }], [])).toEqual(["Who", "───"]);
  });
});

describe("the progress of a long job", () => {
  const written = (isTTY: boolean, total: number): string => {
    let text = "";
    const progress = startProgress(total, { isTTY, columns: 80, write: (piece) => (text += piece) });
    for (let done = 1; done <= total; done++) progress.advance(`${done} served`);
    progress.end();
    return text;
  };

  test("is a bar that fills", () => {
    expect(renderBar(0, 300, "")).toBe(`  ${"░".repeat(30)}    0/300`);
    expect(renderBar(150, 300, "140 served")).toBe(`  ${"█".repeat(15)}${"░".repeat(15)}  150/300  140 served`);
    expect(renderBar(300, 300, "")).toBe(`  ${"█".repeat(30)}  300/300`);
    expect(renderBar(0, 0, "")).toContain("█".repeat(30));
  });

  test("never wraps in a narrow terminal", () => {
    expect(renderBar(150, 300, "a long note that says much", 40)).toHaveLength(39);
  });

  test("redraws itself in a terminal and leaves a fresh line behind", () => {
    const text = written(true, 3);
    expect(text.split("\r")).toHaveLength(5);
    expect(text.endsWith("3 served\n")).toBe(true);
  });

  test("is a few plain lines where there is no terminal", () => {
    expect(written(false, 300)).toBe(
      "  75 of 300  75 served\n  150 of 300  150 served\n  225 of 300  225 served\n  300 of 300  300 served\n",
    );
    expect(written(false, 2)).toBe("  1 of 2  1 served\n  2 of 2  2 served\n");
  });
});

describe("wrangler's output", () => {
  test("loses what nobody misses", () => {
    const noise = [
      "",
      "Using secrets defined in .dev.vars",
      "Your Worker has access to the following bindings:",
      "Binding                               Resource                  Mode",
      'env.POOL_SECRET ("(hidden)")          Environment Variable      local',
      "\u001B[90m⎔ Starting local server...\u001B[39m",
      "[wrangler:info] Ready on http://127.0.0.1:8787",
    ];
    for (const line of noise) expect(tidyLine(line)).toBeUndefined();
  });

  test("keeps requests, errors and the Worker's own lines", () => {
    expect(tidyLine("[wrangler:info] GET /health 200 OK (3ms)")).toBe("GET /health 200 OK (3ms)");
    expect(tidyLine("\u001B[31m✘ [ERROR] Build failed\u001B[0m")).toBe("✘ [ERROR] Build failed");
    expect(tidyLine('{"level":"warn","event":"pool.key_retire"}')).toBe('{"level":"warn","event":"pool.key_retire"}');
  });

  test("tells request lines from others", () => {
    expect(isNoRequestLine("[wrangler:info] GET /health 200 OK (3ms)")).toBe(false);
    expect(isNoRequestLine("✘ [ERROR] Build failed")).toBe(true);
  });
});

test("work in parallel keeps the order of its results and its limit", async () => {
  let running = 0;
  let most = 0;
  const results = await inParallel([30, 10, 20, 5], 2, async (ms) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, ms));
    running -= 1;
    return ms * 2;
  });
  expect(results).toEqual([60, 20, 40, 10]);
  expect(most).toBe(2);
});

test("the lines to copy name the address, and the shell's variable for the key", () => {
  const curl = curlLines("http://localhost:8787", "$GEMINI_API_KEY").join("\n");
  expect(curl).toContain("http://localhost:8787/v1beta/models/");
  expect(curl).toContain('"x-goog-api-key: $GEMINI_API_KEY"');
  expect(
    curl
      .split("\n")
      .slice(0, -1)
      .every((line) => line.endsWith("\\")),
  ).toBe(true);
  expect(baseUrlLines("http://localhost:8787").join("\n")).toContain('baseURL: "http://localhost:8787/v1"');
});

test("the lines about the pages name each address once, and where the operator's token is", () => {
  const lines = pageLines("http://localhost:8787", "ADMIN_TOKEN of .dev.vars");
  const addresses = lines.map((line) => /https?:\S+/.exec(line)?.[0]);
  expect(addresses).toEqual(["http://localhost:8787/", "http://localhost:8787/my-key", "http://localhost:8787/admin"]);
  expect(lines.filter((line) => line.includes("ADMIN_TOKEN"))).toEqual([expect.stringContaining("/admin ")]);
});
