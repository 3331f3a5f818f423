/** Writes workerd's configuration: the few shapes of `workerd.capnp` that the bench uses. */

export interface WorkerService {
  name: string;
  /** Module name → file, the entry first. Paths are relative to the configuration. */
  modules: [name: string, file: string][];
  vars?: Record<string, string>;
  /** Further bindings, written in Cap'n Proto. */
  bindings?: string[];
  /** Further fields of the Worker, written in Cap'n Proto. */
  fields?: string[];
  /** Other compatibility than Potluck's own. */
  compatibility?: { date: string; flags: string[] };
  /** On a socket of its own. */
  listens?: boolean;
}

export interface Config {
  workers: WorkerService[];
  /** Further services, written in Cap'n Proto. */
  services?: string[];
  extensions?: [name: string, file: string][];
}

/** As in wrangler.jsonc. */
const COMPATIBILITY = { date: "2026-11-01", flags: ["enable_request_signal"] };

/** Cap'n Proto's string literals take JSON's escapes. */
export const quoted = (text: string) => JSON.stringify(text);

/** The text of a configuration file. */
export function toCapnp({ workers, services = [], extensions = [] }: Config): string {
  const sockets = workers.filter(({ listens }) => listens);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "internet", network = (allow = ["private"])),
    ${[...services, ...workers.map(toService)].join(",\n    ")}
  ],
  sockets = [
    ${sockets.map(({ name }) => `(name = ${quoted(name)}, address = "127.0.0.1:0", http = (), service = ${quoted(name)})`).join(",\n    ")}
  ],
  extensions = [(modules = [${extensions.map(([name, file]) => `(name = ${quoted(name)}, esModule = embed ${quoted(file)})`).join(", ")}])]
);
`;
}

function toService({
  name,
  modules,
  vars = {},
  bindings = [],
  fields = [],
  compatibility = COMPATIBILITY,
}: WorkerService): string {
  const all = [
    ...Object.entries(vars).map(([key, value]) => `(name = ${quoted(key)}, text = ${quoted(value)})`),
    ...bindings,
  ];
  return `(name = ${quoted(name)}, worker = (
      modules = [${modules.map(([module, file]) => `(name = ${quoted(module)}, esModule = embed ${quoted(file)})`).join(", ")}],
      compatibilityDate = ${quoted(compatibility.date)},
      compatibilityFlags = [${compatibility.flags.map(quoted).join(", ")}],
      bindings = [${all.join(", ")}],
      globalOutbound = "internet"${fields.map((field) => `,\n      ${field}`).join("")}))`;
}

/** A D1 binding whose database answers at an address: workerd's own client, over HTTP as on Cloudflare's network. */
export function d1Binding(name: string, service: string): string {
  return `(name = ${quoted(name)}, wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [(name = "fetcher", service = ${quoted(service)})]))`;
}

/** A server outside this process. */
export function externalService(name: string, port: number): string {
  return `(name = ${quoted(name)}, external = (address = "127.0.0.1:${port}", http = ()))`;
}
