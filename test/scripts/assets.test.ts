import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCatalogue } from "../../scripts/lib/self-host/catalogue.ts";
import { headersFor, readHeaderRules } from "../../scripts/lib/self-host/header-rules.ts";
import { startSelfHosted, stopAllSelfHosted, type SelfHosted } from "../support/self-hosted.ts";

const PUBLIC = join(import.meta.dirname, "../../public");
const STYLE = "/assets/vendor/uPlot.min.css";

let server: SelfHosted;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "potluck-assets-"));
  server = await startSelfHosted({ DATA_DIR: join(folder, "data") });
});

afterAll(async () => {
  await stopAllSelfHosted();
  await rm(folder, { recursive: true, force: true });
});

/** Sends the path as it is: `fetch` would resolve its dots. */
async function raw(path: string, method = "GET"): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(server.url, { path, method }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    outgoing.once("error", reject).end();
  });
}

describe("pnpm start", () => {
  it("serves every file of public/ as it is, with its type", async () => {
    const entries = await readdir(PUBLIC, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith("_"));
    for (const file of files) {
      const name = join(file.parentPath, file.name);
      const response = await fetch(`${server.url}/${relative(PUBLIC, name)}`);
      expect(`${file.name} ${response.status}`).toBe(`${file.name} 200`);
      expect(response.headers.get("content-type")).not.toBe("application/octet-stream");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(Buffer.from(await response.arrayBuffer()).equals(await readFile(name))).toBe(true);
    }
    expect(files.length).toBeGreaterThan(0);
  });

  it("sends a file again only when it has changed", async () => {
    const first = await fetch(server.url + STYLE);
    await first.arrayBuffer();
    const etag = first.headers.get("etag") ?? "";
    const second = await fetch(server.url + STYLE, { headers: { "if-none-match": `W/${etag}` } });
    expect([second.status, await second.text()]).toEqual([304, ""]);
    const other = await fetch(server.url + STYLE, { headers: { "if-none-match": '"another"' } });
    expect([other.status, (await other.text()).length > 0]).toEqual([200, true]);
    const head = await fetch(server.url + STYLE, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it.each([
    "/assets",
    "/assets/",
    "/assets/vendor/",
    "/assets/vendor/../../../package.json",
    "/assets/vendor/%2e%2e/%2e%2e/%2e%2e/package.json",
    "/assets/..%2f..%2fpackage.json",
    "/assets/vendor/..%5c..%5c..%5cpackage.json",
    "/assets//vendor/uPlot.min.css/",
    "/%2e%2e/package.json",
    "/package.json",
    "/.dev.vars",
    "/constructor",
    "/__proto__",
  ])("shows nothing of the disk at %s", async (path) => {
    const { status, body } = await raw(path);
    expect(status).toBe(404);
    // workerd lists a folder as JSON: `[{"name":…,"type":…}]`.
    expect(body).not.toMatch(/devDependencies|POOL_SECRET|"type"|\.uplot/);
  });

  it("takes no word for a file but GET and HEAD", async () => {
    for (const method of ["POST", "PUT", "DELETE"]) expect((await raw(STYLE, method)).status).toBe(404);
  });
});

describe("the catalogue of what is served", () => {
  it("holds no dotfile, no link, and not Cloudflare's own files", async () => {
    const root = join(folder, "public");
    await mkdir(join(root, ".git"), { recursive: true });
    await mkdir(join(root, "a b"), { recursive: true });
    const rule = "/pl*\n  Content-Type: text/x-plain\n";
    const files = [".dev.vars", ".git/config", "_redirects", "a b/页.svg", "plain"];
    for (const name of files) await writeFile(join(root, name), name);
    await writeFile(join(root, "_headers"), rule);
    await symlink("/etc/passwd", join(root, "link.txt"));
    const catalogue = await readCatalogue(root);
    expect(
      Object.entries(catalogue)
        .map(([path, headers]) => `${path} ${headers["content-type"]}`)
        .toSorted(),
    ).toEqual(["/a%20b/%E9%A1%B5.svg image/svg+xml", "/plain text/x-plain"]);
  });

  it("takes headers from the file that Cloudflare takes them from", () => {
    const rules = readHeaderRules(
      "# a note\n/a/*\n  X-One: 1\n  Link: <b>; rel=x\n\n/a/b.css\n\tX-One: 2\r\n/a.css\n  X-Two: 2\n",
    );
    expect(headersFor("/a/b.css", rules)).toEqual({ "x-one": "1, 2", link: "<b>; rel=x" });
    expect(headersFor("/a/c", rules)).toEqual({ "x-one": "1", link: "<b>; rel=x" });
    expect(headersFor("/aXcss", rules)).toEqual({});
    expect(() => readHeaderRules("https://elsewhere.example/*\n  X-One: 1")).toThrow("not understood");
    expect(() => readHeaderRules("/a/*\n  ! X-One")).toThrow("not understood");
  });
});
