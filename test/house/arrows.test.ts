import { beforeAll, describe, expect, it } from "vitest";
import { houseOf, importsOf, readSources, type Import, type SourceFile } from "./source.ts";

/** DESIGN.md, "The house": who may import whom. A house may always import from itself. */
const ARROWS: Record<string, readonly string[]> = {
  "index.ts": ["app.ts", "services.ts", "settings.ts", "upkeep.ts", "upstream"],
  "upkeep.ts": ["services.ts", "relay"],
  "app.ts": ["services.ts", "surfaces"],
  "services.ts": [
    "settings.ts",
    "live-settings.ts",
    "pool",
    "relay",
    "records",
    "upstream",
    "upload-ticket.ts",
    "access",
    "db",
  ],
  surfaces: [
    "ingress",
    "relay",
    "pool",
    "services.ts",
    "settings.ts",
    "upload-ticket.ts",
    "access",
    "records",
    "live-settings.ts",
  ],
  relay: ["pool", "upstream", "ingress"],
  pool: ["db"],
  "upload-ticket.ts": [],
  "settings.ts": ["setting-kinds.ts"],
  "setting-kinds.ts": [],
  "live-settings.ts": ["settings.ts", "setting-kinds.ts", "db"],
  access: ["db"],
  records: ["db"],
  ingress: [],
  upstream: [],
  db: [],
};

/** What anybody may use, and what uses nothing but each other. */
const COMMON = ["verdict.ts", "api-key.ts", "access-token.ts", "clock.ts", "log.ts", "problem.ts"];

/** Surfaces hand the composition's functions around, so they may name their types. */
const TYPES_ONLY: Record<string, readonly string[]> = { surfaces: ["upstream"] };

/** Packages that belong to one house. */
const PACKAGES: [RegExp, readonly string[]][] = [
  [/^hono(?:\/|$)/, ["index.ts", "app.ts", "surfaces"]],
  [/^drizzle-orm(?:\/|$)/, ["db"]],
  [/^valibot$/, ["settings.ts", "setting-kinds.ts", "surfaces"]],
  [/^@valibot\/to-json-schema$/, ["surfaces"]],
];

const MAX_LINES = 250;

let sources: SourceFile[] = [];

beforeAll(async () => {
  sources = await readSources();
});

function isAllowed({ from, to, isPackage, typeOnly }: Import): boolean {
  const house = houseOf(from);
  if (isPackage) return PACKAGES.every(([name, houses]) => !name.test(to) || houses.includes(house));
  const target = houseOf(to);
  if (target === house || COMMON.includes(target)) return true;
  if (typeOnly && TYPES_ONLY[house]?.includes(target) === true) return true;
  return ARROWS[house]?.includes(target) === true;
}

const show = ({ from, to }: Import) => `${from} → ${to}`;

describe("the house", () => {
  it("has the files that the rules speak of", () => {
    const houses = new Set(sources.map(({ path }) => houseOf(path)));
    expect([...houses].toSorted()).toEqual([...Object.keys(ARROWS), ...COMMON].toSorted());
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(100);
  });

  it("has no import against the arrows", () => {
    const wrong = sources.flatMap(({ imports }) => imports).filter((one) => !isAllowed(one));
    expect(wrong.map(show)).toEqual([]);
  });

  it("has nothing in common use that uses a house", () => {
    const wrong = sources
      .filter(({ path }) => COMMON.includes(path))
      .flatMap(({ imports }) => imports)
      .filter(({ to, isPackage }) => !isPackage && !COMMON.includes(to));
    expect(wrong.map(show)).toEqual([]);
  });

  it("has no circle", () => {
    expect(findCircle(sources)).toBeUndefined();
  });

  it("imports files that are there", () => {
    const paths = new Set(sources.map(({ path }) => path));
    const lost = sources.flatMap(({ imports }) => imports).filter(({ to, isPackage }) => !isPackage && !paths.has(to));
    expect(lost.map(show)).toEqual([]);
  });

  it(`has no file above ${MAX_LINES} lines`, () => {
    const long = sources.filter(({ text }) => text.trimEnd().split("\n").length > MAX_LINES);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it("writes to the log in one place", () => {
    const writers = sources.filter(({ text }) => /\bconsole\s*[.[]/.test(text));
    // The second one shows people code that does.
    expect(writers.map(({ path }) => path)).toEqual(["log.ts", "surfaces/pages/clients.ts"]);
  });

  it("has one default export: the Worker", () => {
    const defaults = sources.filter(({ text }) => /^export\s+(?:default\b|\{[^}]*\bas\s+default\b)/m.test(text));
    expect(defaults.map(({ path }) => path)).toEqual(["index.ts"]);
  });

  it("reveals keys in few places", () => {
    const revealers = sources.filter(
      ({ path, text }) => !["api-key.ts", "access-token.ts"].includes(path) && text.includes(".reveal()"),
    );
    expect(revealers.map(({ path }) => path).filter((path) => !MAY_REVEAL.includes(path))).toEqual([]);
  });

  it("has no clock, dice or network of its own outside the composition root", () => {
    const judges = sources.filter(({ path }) => /^(?:relay|pool|upstream|ingress|db)\//.test(path));
    const wild = judges.filter(({ path, text }) => {
      const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      return path !== "upstream/egress-relay.ts" && /\bDate\.now\(|\bMath\.random\(|\bglobalThis\.fetch\b/.test(code);
    });
    expect(wild.map(({ path }) => path)).toEqual([]);
  });
});

/** Who may see a key's text: whoever sends, seals or redacts it, or tells one caller's key from another's. */
const MAY_REVEAL = [
  "upstream/forward.ts",
  "upstream/plain-words.ts",
  "upstream/redirect.ts",
  "access/token-book.ts",
  "access/token-hash.ts",
  "pool/vault.ts",
  "pool/contributors.ts",
  "pool/fair-share.ts",
  "relay/reply.ts",
  "surfaces/guests/admission.ts",
  "surfaces/guests/guest-visit.ts",
  "surfaces/verify.ts",
  // A token, not a key: shown once, to who made it.
  "surfaces/operator/desk/tokens.tsx",
  "surfaces/operator/api/token-routes.ts",
  "upload-ticket.ts",
];

describe("the rules themselves can fail", () => {
  it.each([
    ["upstream/x.ts", 'import { createPool } from "../pool/pool.ts";'],
    ["upstream/x.ts", 'import type { KeyTable } from "../db/keys.ts";'],
    ["pool/x.ts", 'import { classify } from "../upstream/classify.ts";'],
    ["pool/x.ts", 'import { sql } from "drizzle-orm";'],
    ["relay/x.ts", 'import { Hono } from "hono";'],
    ["relay/x.ts", 'import {\n  a,\n  b,\n} from "../surfaces/api.ts";'],
    ["ingress/x.ts", 'export { Pool } from "../pool/pool.ts";'],
    ["surfaces/x.ts", 'import { keyTable } from "../db/keys.ts";'],
    ["surfaces/x.ts", 'import { classify } from "../upstream/classify.ts";'],
    ["db/x.ts", 'import "../pool/pool.ts";'],
  ])("%s: %s", (path, text) => {
    const [found] = importsOf(path, text);
    expect(found === undefined || isAllowed(found)).toBe(false);
  });

  it("a circle is found", () => {
    const file = (path: string, target: string) => ({
      path,
      text: "",
      imports: importsOf(path, `import "${target}";`),
    });
    expect(findCircle([file("a.ts", "./b.ts"), file("b.ts", "./c.ts"), file("c.ts", "./a.ts")])).toEqual([
      "a.ts",
      "b.ts",
      "c.ts",
      "a.ts",
    ]);
  });
});

/** The first circle of imports, types included: A may not know B that knows A. */
function findCircle(files: readonly SourceFile[]): string[] | undefined {
  const targets = new Map(files.map(({ path, imports }) => [path, imports.filter(({ isPackage }) => !isPackage)]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    const at = trail.indexOf(path);
    if (at !== -1) return [...trail.slice(at), path];
    if (done.has(path)) return undefined;
    for (const { to } of targets.get(path) ?? []) {
      const circle = visit(to, [...trail, path]);
      if (circle !== undefined) return circle;
    }
    done.add(path);
    return undefined;
  };
  for (const { path } of files) {
    const circle = visit(path, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
