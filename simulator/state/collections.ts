import type { Arrival } from "../arrival.ts";
import { notFound, refuse } from "../arrival.ts";
import { jsonAnswer } from "../refusals.ts";
import { newId, ProjectStore, timestamp } from "./project-store.ts";

type Resource = Record<string, unknown>;

const HOUR_MS = 3_600_000;

/** How each collection describes what it made; anything not listed echoes the request below a new name. */
const DESCRIBE: Readonly<Record<string, (arrival: Arrival) => Resource>> = {
  cachedContents: ({ json, bytes, now }) => ({
    ...pick(json, ["model", "displayName"]),
    expireTime: json["expireTime"] ?? timestamp(now + (seconds(json["ttl"]) ?? HOUR_MS)),
    usageMetadata: { totalTokenCount: Math.ceil(bytes.byteLength / 4) },
  }),
  fileSearchStores: ({ json }) => ({
    ...pick(json, ["displayName"]),
    activeDocumentsCount: "0",
    sizeBytes: "0",
  }),
  auth_tokens: ({ json }) => pick(json, ["expireTime", "newSessionExpireTime", "uses"]),
};

/** Collections of the API that belong to a project (protocol §3). */
export const PROJECT_COLLECTIONS = new Set([
  "cachedContents",
  "batches",
  "fileSearchStores",
  "auth_tokens",
  "corpora",
  "agents",
  "environments",
  "triggers",
  "credentials",
  "voices",
  "webhooks",
]);

/** Create, list, get, patch and delete for what a project owns, and the long-running operations among it. */
export class Collections {
  readonly #resources = new ProjectStore<Resource>();

  clear(): void {
    this.#resources.clear();
  }

  owns(project: string, name: string): boolean {
    return this.#resources.find(project, name) !== undefined;
  }

  projectOf(name: string): string | undefined {
    return this.#resources.projectOf(name);
  }

  /** Puts a ready resource, say an operation, below a name that was chosen elsewhere. */
  put(project: string, name: string, resource: Resource): Resource {
    this.#resources.put(project, name, { name, ...resource });
    return { name, ...resource };
  }

  find(project: string, name: string): Resource | undefined {
    return this.#resources.find(project, name);
  }

  serve(arrival: Arrival): Response {
    const { route, project, now, json } = arrival;
    const { collection } = route;
    const name = `${collection}/${route.id}`;
    if (route.action === "list") return this.#list(arrival, collection);
    if (route.action === "create" && !route.id) {
      const describe = DESCRIBE[collection] ?? (() => json);
      const times = { createTime: timestamp(now), updateTime: timestamp(now) };
      return jsonAnswer(this.put(project, `${collection}/${newId()}`, { ...describe(arrival), ...times }));
    }
    const found = this.#resources.find(project, name);
    if (!found) return collection === "cachedContents" ? refuse(arrival, "cache-forbidden") : notFound(arrival);
    switch (route.action) {
      case "get":
        return jsonAnswer(found);
      case "patch":
        return jsonAnswer(this.put(project, name, { ...found, ...json, name, updateTime: timestamp(now) }));
      case "delete":
        this.#resources.remove(project, name);
        return jsonAnswer({});
      case "cancel":
        this.put(project, name, {
          ...found,
          done: true,
          metadata: { state: "BATCH_STATE_CANCELLED" },
        });
        return jsonAnswer({});
      case "importFile":
        return jsonAnswer(this.put(project, `${name}/operations/${newId()}`, { done: true, response: {} }));
      default:
        return notFound(arrival);
    }
  }

  #list(arrival: Arrival, collection: string): Response {
    const direct = new RegExp(`^${collection}/[^/]+$`);
    const found = this.#resources.list(arrival.project).filter((resource) => direct.test(String(resource["name"])));
    return jsonAnswer({ [collection === "batches" ? "operations" : collection]: found });
  }
}

function pick(from: Resource, names: string[]): Resource {
  return Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]));
}

/** A protobuf duration (`"300s"`) in milliseconds. */
function seconds(value: unknown): number | undefined {
  return typeof value === "string" && /^\d+(\.\d+)?s$/.test(value) ? Number.parseFloat(value) * 1000 : undefined;
}
