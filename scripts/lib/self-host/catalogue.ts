import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { headersFor, readHeaderRules } from "./header-rules.ts";

/** Path → the headers that the file of that name in `public/` is served with; an `etag` is among them. */
export type Catalogue = Record<string, Record<string, string>>;

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};

/** Cloudflare reads these itself and serves them to nobody. */
const HEADERS_FILE = "_headers";
const NOT_SERVED = new Set([HEADERS_FILE, "_redirects"]);

/** Every file below the folder that is served: none whose name, or whose folder's, begins with a dot, and no link. */
export async function readCatalogue(folder: string): Promise<Catalogue> {
  const rules = readHeaderRules(await readFile(join(folder, HEADERS_FILE), "utf8").catch(() => ""));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep))
    .filter((parts) => !parts.some((part) => part.startsWith(".")) && !NOT_SERVED.has(parts.join("/")));
  const rows = files.map(async (parts) => {
    const path = `/${parts.map(encodeURIComponent).join("/")}`;
    const hash = createHash("sha256").update(await readFile(join(folder, ...parts)));
    const headers = {
      "content-type": TYPES[extname(parts.at(-1) ?? "")] ?? "application/octet-stream",
      // Cloudflare's own default; the tag makes asking cheap.
      "cache-control": "public, max-age=0, must-revalidate",
      etag: `"${hash.digest("hex").slice(0, 32)}"`,
      ...headersFor(path, rules),
    };
    return [path, headers] as const;
  });
  return Object.fromEntries(await Promise.all(rows));
}
