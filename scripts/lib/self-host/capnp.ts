/** Writes workerd's configuration for a server of one's own. Pure. No secret stands in it: workerd reads those from its environment. */

import type { Catalogue } from "./catalogue.ts";

export interface ServerConfig {
  /** Where the public socket listens: `host:port`. */
  address: string;
  /** Absolute: where the database's files are. */
  databaseFolder: string;
  /** The database's name: the same that wrangler gives a local one, so that its commands find it. */
  database: string;
  /** Absolute: what is served as it is, and which of its files are. */
  assetsFolder: string;
  assets: Catalogue;
  compatibilityDate: string;
  compatibilityFlags: readonly string[];
  /** Names of the variables and secrets that the Worker gets from workerd's environment. */
  variables: readonly string[];
  ratelimits: readonly { name: string; limit: number; period: number }[];
  publicOrigin: string;
  trustsProxy: boolean;
  /** Google may be a simulated one on this machine or network. */
  reachesPrivateNetwork: boolean;
}

/** Modules are files beside the configuration. */
export const MODULES = {
  potluck: "potluck.js",
  front: "front.js",
  assets: "assets.js",
  door: "d1-door.js",
  database: "d1-database.worker.js",
  shared: "shared-index.worker.js",
  zod: "shared-zod.worker.js",
} as const;

/** Cap'n Proto's string literals take JSON's escapes. */
const quoted = (text: string) => JSON.stringify(text);

const list = (items: readonly string[]) => `[${items.join(", ")}]`;

const modules = (file: string) => `modules = [(name = ${quoted(file)}, esModule = embed ${quoted(file)})]`;

const text = (name: string, value: string) => `(name = ${quoted(name)}, text = ${quoted(value)})`;

export function toCapnp(config: ServerConfig): string {
  const { compatibilityDate: date, compatibilityFlags: flags } = config;
  const compatibility = (more: readonly string[] = []) =>
    `compatibilityDate = ${quoted(date)}, compatibilityFlags = ${list([...flags, ...more].map(quoted))}`;
  const networks = config.reachesPrivateNetwork ? ["public", "private"] : ["public"];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "internet", network = (allow = ${list(networks.map(quoted))}, tlsOptions = (trustBrowserCas = true))),
    (name = "disk", disk = (path = ${quoted(config.databaseFolder)}, writable = true)),
    (name = "public", disk = (path = ${quoted(config.assetsFolder)})),
    (name = "assets", worker = (${modules(MODULES.assets)}, ${compatibility()},
      bindings = [
        (name = "DISK", service = "public"),
        (name = "CATALOGUE", json = ${quoted(JSON.stringify(config.assets))})])),
    (name = "front", worker = (${modules(MODULES.front)}, ${compatibility(["service_binding_extra_handlers"])},
      bindings = [
        (name = "POTLUCK", service = "potluck"),
        (name = "ASSETS", service = "assets"),
        ${text("PUBLIC_ORIGIN", config.publicOrigin)},
        ${text("TRUST_PROXY", config.trustsProxy ? "1" : "")}])),
    (name = "potluck", worker = (${modules(MODULES.potluck)}, ${compatibility()}, globalOutbound = "internet",
      bindings = ${list([
        `(name = "DB", wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [(name = "fetcher", service = "d1-door")]))`,
        ...config.variables.map((name) => `(name = ${quoted(name)}, fromEnvironment = ${quoted(name)})`),
        ...config.ratelimits.map(toLimiter),
      ])})),
    (name = "d1-door", worker = (${modules(MODULES.door)}, ${compatibility()},
      bindings = [
        (name = "OBJECTS", durableObjectNamespace = (className = "D1DatabaseObject", serviceName = "d1")),
        ${text("DATABASE", config.database)}])),
    (name = "d1", worker = (${modules(MODULES.database)},
      compatibilityDate = "2023-07-24", compatibilityFlags = ["nodejs_compat", "experimental"],
      bindings = [(name = "MINIFLARE_BLOBS", service = "disk")],
      durableObjectNamespaces = [(className = "D1DatabaseObject", uniqueKey = "miniflare-D1DatabaseObject", enableSql = true)],
      durableObjectStorage = (localDisk = "disk")))
  ],
  sockets = [
    (name = "http", address = ${quoted(config.address)}, http = (), service = "front"),
    (name = "cron", address = "127.0.0.1:0", http = (), service = (name = "front", entrypoint = "cron"))
  ],
  extensions = [(modules = [
    (name = "miniflare:shared", esModule = embed ${quoted(MODULES.shared)}),
    (name = "miniflare:zod", esModule = embed ${quoted(MODULES.zod)})])]
);
`;
}

function toLimiter({ name, limit, period }: ServerConfig["ratelimits"][number]): string {
  const props = quoted(JSON.stringify({ name, limit, period }));
  return `(name = ${quoted(name)}, service = (name = "front", entrypoint = "Limiter", props = (json = ${props})))`;
}
