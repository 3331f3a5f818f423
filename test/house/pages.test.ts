import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { CLIENTS } from "../../src/surfaces/pages/clients.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGES = join(ROOT, "src/surfaces");
const ASSETS = join(ROOT, "public/assets");

const read = (...path: string[]) => readFile(join(...path), "utf8");

describe("The copy of uPlot that the pages serve", () => {
  it.each(["uPlot.iife.min.js", "uPlot.min.css"])("%s is that of the package", async (name) => {
    const dist = dirname(createRequire(import.meta.url).resolve("uplot"));
    expect(await read(ASSETS, "vendor", name)).toBe(await read(dist, name));
  });

  it("brings its licence along", async () => {
    const folder = dirname(dirname(createRequire(import.meta.url).resolve("uplot")));
    expect(await read(ASSETS, "vendor/uPlot.LICENSE.txt")).toBe(await read(folder, "LICENSE"));
  });
});

describe("The settings on the public page", () => {
  it.each(CLIENTS.flatMap(({ id, blocks }) => blocks.map((block, index) => [id, index, block] as const)))(
    "for %s (%i) stand in docs/clients.md, whose blocks are run by tests",
    async (_, __, block) => {
      const documents = (await read(ROOT, "docs/clients.md")) + (await read(ROOT, "README.md"));
      const origin = "https://potluck.example.com";
      const text = documents.replaceAll("https://potluck.example.workers.dev", origin);
      expect(text).toContain(`\n${block(origin)}\n`);
    },
  );
});

describe("The texts of the pages", () => {
  it("are there in both languages, and none was left in English", async () => {
    const files = (await readdir(PAGES, { recursive: true })).filter((name) => /\bi18n\/.*\.ts$/.test(name));
    expect(files.length).toBeGreaterThan(4);
    const untranslated: string[] = [];
    for (const file of files) {
      const module: Record<string, unknown> = await import(join(PAGES, file));
      for (const [name, both] of Object.entries(module)) {
        const { en, zh } = both as { en?: unknown; zh?: unknown };
        if (en === undefined || zh === undefined) continue;
        const english = textsIn(en, name);
        const chinese = new Map(textsIn(zh, name));
        for (const [path, text] of english) {
          const translation = chinese.get(path);
          const isSame = translation === text && !path.endsWith("Command") && /[a-z]{3,} [a-z]{2,}/i.test(text);
          if (translation === undefined || translation.trim() === "" || isSame) untranslated.push(`${file} ${path}`);
        }
      }
    }
    expect(untranslated).toEqual([]);
  });
});

/** Every text below a value, by where it stands; a text that is made by a function is left out. */
function textsIn(value: unknown, path: string): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, `${path}.${key}`));
}

describe("The style sheet", () => {
  it("takes nothing from elsewhere and nothing inline", async () => {
    const css = await read(ASSETS, "potluck.css");
    expect(css).not.toMatch(/@import|url\(/);
  });

  it("gives its colours for light and for dark, each of the same names", async () => {
    const css = await read(ASSETS, "potluck.css");
    const [light = "", dark = ""] = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, body]) => body);
    const coloursOf = (body: string) => new Set([...body.matchAll(/(--[a-z-]+): (?:#|rgb)/g)].map(([, name]) => name));
    expect(coloursOf(light).size).toBeGreaterThan(20);
    expect(coloursOf(dark)).toEqual(coloursOf(light));
  });

  it.each([
    ["--ink", "--paper", 7],
    ["--ink-soft", "--paper", 4.5],
    ["--ink-soft", "--card", 4.5],
    ["--ink-soft", "--sunken", 4.5],
    ["--tomato", "--paper", 4.5],
    ["--tomato", "--card", 4.5],
    ["--on-tomato", "--tomato", 4.5],
    ["--on-tomato", "--tomato-strong", 4.5],
    ["--leaf", "--good-back", 4.5],
    ["--mustard", "--warning-back", 4.5],
    ["--tomato", "--bad-back", 4.5],
    ["--sky", "--info-back", 4.5],
    ["--line-strong", "--card", 3],
    ["--ring", "--paper", 3],
    ["--series-leaf", "--card", 3],
    ["--series-tomato", "--card", 3],
  ])("%s on %s has a contrast of %d, in light and in dark", async (ink, ground, least) => {
    const css = await read(ASSETS, "potluck.css");
    const blocks = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, body = ""]) => body);
    expect(blocks).toHaveLength(2);
    for (const block of blocks) {
      const colour = (name: string) => new RegExp(`${name}: (#[0-9a-f]{6});`).exec(block)?.[1] ?? "";
      expect(contrast(colour(ink), colour(ground))).toBeGreaterThanOrEqual(least);
    }
  });
});

/** WCAG 2.2, "contrast ratio". */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
