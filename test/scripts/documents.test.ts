import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const OPERATIONS = ["docs/operations.md", "docs/operations.zh-CN.md"];
const OPERATOR = ["docs/operator.md", "docs/operator.zh-CN.md"];
/** Where a file's name without its folder may be. */
const FOLDERS = ["src", "test", "scripts", "docs", "bench", "simulator"];

const read = (name: string) => readFile(join(ROOT, name), "utf8");

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true });
  return entries.map((entry) => join(folder, entry));
}

/** Files and folders of the repository that a document names between code marks; without a folder a file may be in any. */
async function lostNames(document: string): Promise<string[]> {
  const text = await read(document);
  const known = (await Promise.all(FOLDERS.map(filesBelow))).flat();
  const names = [...text.matchAll(/`([\w@./-]+)`/g)].map(([, name = ""]) => name);
  const paths = names.filter((name) => /^(?:src|test|scripts|docs|bench|simulator|migrations|\.github)\//.test(name));
  const bare = names.filter((name) => /^[\w-]+(?:\.test)?\.tsx?$/.test(name));
  return [
    ...paths.filter((path) => !existsSync(join(ROOT, path)) && !existsSync(join(ROOT, `${path}.test.ts`))),
    ...bare.filter((name) => !known.some((path) => path.endsWith(`/${name}`))),
  ];
}

describe("The documents", () => {
  it.each([
    "SECURITY.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/architecture.md",
    "docs/api.md",
    ...OPERATIONS,
    ...OPERATOR,
  ])("%s names only files that are there", async (document) => {
    expect(await lostNames(document)).toEqual([]);
  });

  it.each(OPERATIONS)("%s explains every event that the Worker writes to its log", async (document) => {
    const text = await read(document);
    const sources = (await filesBelow("src")).filter((path) => /\.tsx?$/.test(path));
    const code = (await Promise.all(sources.map(read))).join("\n");
    // `pool.key_${…}` counts as explained where one event that begins so is.
    const events = code.matchAll(/[lL]og\(\s*"(?:info|warn|error)",\s*(?:"([a-z_.]+)"|`([a-z_.]+)\$)/g);
    const missing = Array.from(events, ([, whole, start]) => (whole === undefined ? `\`${start}` : `\`${whole}\``));
    expect(missing.length).toBeGreaterThan(10);
    expect(missing.filter((event) => !text.includes(event))).toEqual([]);
  });

  it.each([OPERATIONS, OPERATOR])("%s and %s have the same sections, tables and blocks of code", async (...pair) => {
    const [english, chinese] = await Promise.all(pair.map(async (document) => shapeOf(await read(document))));
    expect(english?.length).toBeGreaterThan(10);
    expect(chinese).toEqual(english);
  });

  it("link to files and headings that are there", async () => {
    const documents = [await readdir(ROOT), await filesBelow("docs")].flat().filter((name) => name.endsWith(".md"));
    expect(documents.length).toBeGreaterThan(30);
    expect((await Promise.all(documents.map(lostLinks))).flat()).toEqual([]);
  });
});

async function lostLinks(document: string): Promise<string[]> {
  const text = (await read(document)).replaceAll(/^```[\s\S]*?^```/gm, "");
  const links = Array.from(text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g), ([, link = ""]) => link);
  const isLost = await Promise.all(
    links.map(async (link) => {
      const [path = "", heading] = link.split("#");
      const target = path === "" ? document : normalize(join(dirname(document), path));
      if (!existsSync(join(ROOT, target))) return true;
      return heading !== undefined && !headingsOf(await read(target)).includes(heading);
    }),
  );
  return links.filter((_, index) => isLost[index]).map((link) => `${document}: ${link}`);
}

/** The anchors that GitHub gives to the headings. */
function headingsOf(markdown: string): string[] {
  const headings = Array.from(markdown.matchAll(/^#+ (.+)$/gm), ([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- ]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Levels of headings, languages of blocks of code, rows of tables with their first cell if it is one piece of code. */
function shapeOf(markdown: string): string[] {
  const lines = markdown.match(/^(?:#+ |```\w+|\|.*$)/gm) ?? [];
  return lines.map((line) => {
    if (!line.startsWith("|")) return line;
    return /^\| (`[^`|]*`) *\|/.exec(line)?.[1] ?? "|";
  });
}
