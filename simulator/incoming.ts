import type { IncomingMessage } from "node:http";

/** Every header of a Node request, repeated ones kept. */
export function readHeaders(incoming: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return headers;
}

/** As a string: `new URL("//ws/…", base)` would take the path for a host. */
export function readUrl(incoming: IncomingMessage): string {
  return `http://${incoming.headers.host ?? "localhost"}${incoming.url ?? "/"}`;
}
