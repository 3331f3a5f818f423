import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";

const SRC = join(import.meta.dirname, "../../src");

export interface Import {
  from: string;
  /** A path below `src`, or a package's name. */
  to: string;
  isPackage: boolean;
  /** Gone after compilation. */
  typeOnly: boolean;
}

export interface SourceFile {
  /** Below `src`. */
  path: string;
  text: string;
  imports: Import[];
}

const STATEMENT = /^(?:import|export)\s+(?<type>type\s)?(?:[^;"']*?\sfrom\s+)?"(?<target>[^"]+)"/gm;

/** Every source file with what it imports. */
export async function readSources(): Promise<SourceFile[]> {
  const names = await readdir(SRC, { recursive: true });
  const paths = names.filter((name) => /\.tsx?$/.test(name)).toSorted();
  return Promise.all(
    paths.map(async (path) => {
      const text = await readFile(join(SRC, path), "utf8");
      return { path, text, imports: importsOf(path, text) };
    }),
  );
}

export function importsOf(path: string, text: string): Import[] {
  return [...text.matchAll(STATEMENT)].map(({ groups }) => {
    const target = groups?.["target"] ?? "";
    const isPackage = !target.startsWith(".");
    const to = isPackage ? target : normalize(join(dirname(path), target));
    return { from: path, to, isPackage, typeOnly: groups?.["type"] !== undefined };
  });
}

/** `pool` of `pool/vault.ts`; a file at the root is its own house: `services.ts`. */
export function houseOf(path: string): string {
  return path.split("/", 1)[0] ?? path;
}
