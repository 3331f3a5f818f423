/**
 * What stands in `public/`, served as Cloudflare serves it: by exact names, so that no path leads to anything else on
 * the disk. Runs in workerd.
 */

import type { Catalogue } from "./catalogue.ts";

interface Env {
  /** The folder, read-only. */
  DISK: Fetcher;
  CATALOGUE: Catalogue;
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const isRead = request.method === "GET" || request.method === "HEAD";
    const headers = isRead && Object.hasOwn(env.CATALOGUE, pathname) ? env.CATALOGUE[pathname] : undefined;
    if (headers === undefined) return new Response(null, { status: 404 });
    const known = request.headers.get("if-none-match");
    if (known?.includes(headers["etag"] ?? "")) return new Response(null, { status: 304, headers });
    const file = await env.DISK.fetch(`http://disk${pathname}`, { method: request.method });
    return new Response(file.body, { status: file.status, headers });
  },
} satisfies ExportedHandler<Env>;
