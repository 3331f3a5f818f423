import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SECRETS, SETTINGS } from "../../src/settings.ts";

/** Name, default and meaning of every setting, as src/settings.ts has them; a secret has no default. */
const SETTING_ROWS = [
  ...Object.entries(SECRETS).map(([name, doc]) => [name, "", doc]),
  ...Object.entries(SETTINGS).map(([name, { doc, default: value }]) => [name, value, doc]),
];

describe("The table of settings", () => {
  it("in README.md is that of src/settings.ts", async () => {
    expect(await settingRowsOf("README.md")).toEqual(SETTING_ROWS);
  });

  it("in README.zh-CN.md has the same names and defaults, each with a meaning", async () => {
    const rows = await settingRowsOf("README.zh-CN.md");
    expect(rows.map(([name, value]) => [name, value])).toEqual(SETTING_ROWS.map(([name, value]) => [name, value]));
    expect(rows.filter(([, , meaning]) => meaning === undefined || meaning === "")).toEqual([]);
  });
});

describe("The Chinese README", () => {
  it("has as many sections and blocks of code as the English one, in the same order of levels", async () => {
    expect(outlineOf(await readDocument("README.zh-CN.md"))).toEqual(outlineOf(await readDocument("README.md")));
  });
});

function readDocument(name: string): Promise<string> {
  return readFile(join(import.meta.dirname, "../..", name), "utf8");
}

/** The cells between the markers, without code marks; the head and the line below it left out. */
async function settingRowsOf(name: string): Promise<string[][]> {
  const [, table = ""] = /<!-- settings:begin[^>]*-->(.*?)<!-- settings:end -->/s.exec(await readDocument(name)) ?? [];
  const rows = table.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) => {
    const [setting = "", value = "", meaning = ""] = row.split("|").slice(1, -1);
    return [plain(setting), plain(value), meaning.trim()];
  });
}

function plain(cell: string): string {
  return cell.trim().replaceAll("`", "");
}

/** The level of every heading and the language of every block of code. */
function outlineOf(markdown: string): string[] {
  const blocks = markdown.split(/^```/m);
  return blocks.flatMap((block, index) =>
    index % 2 === 1 ? [block.split("\n", 1)[0] ?? ""] : (block.match(/^#+(?= )/gm) ?? []),
  );
}
