/** Reads Cloudflare's `_headers` file (developers.cloudflare.com/workers/static-assets/headers), as far as paths go. Pure. */

export interface HeaderRule {
  /** Matches whole paths. */
  path: RegExp;
  headers: [name: string, value: string][];
}

/** A line at the margin names a path, `*` for anything; the indented ones below it are its headers. */
export function readHeaderRules(text: string): HeaderRule[] {
  const rules: HeaderRule[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name, value] = /^\s+([\w-]+):\s*(.+?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) rules.at(-1)?.headers.push([name.toLowerCase(), value]);
    else if (line.startsWith("/")) rules.push({ path: toPattern(line.trim()), headers: [] });
    else throw new Error(`_headers: this line is not understood: ${line.trim()}`);
  }
  return rules;
}

/** What all rules for that path say; a header that several of them set gets all their values. */
export function headersFor(path: string, rules: readonly HeaderRule[]): Record<string, string> {
  const headers = new Headers();
  for (const rule of rules) {
    if (rule.path.test(path)) for (const [name, value] of rule.headers) headers.append(name, value);
  }
  return Object.fromEntries(headers);
}

function toPattern(path: string): RegExp {
  const escaped = path.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${escaped.join(".*")}$`);
}
