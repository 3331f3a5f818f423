/**
 * Stands before the Worker where Cloudflare's edge would: says where the request came from and under which address
 * callers know this server, serves the pages' files, keeps the limits, and passes the cron's call on. Runs in workerd.
 */

import { WorkerEntrypoint } from "cloudflare:workers";

interface Env {
  POTLUCK: Fetcher & {
    /** There with the flag `service_binding_extra_handlers`. */
    scheduled: (event: { cron: string; scheduledTime: Date }) => Promise<{ outcome: string }>;
  };
  /** 404 for what is no file of `public/`. */
  ASSETS: Fetcher;
  /** The origin that callers use; empty: what the request says. */
  PUBLIC_ORIGIN: string;
  /** "1": a reverse proxy stands before, and what it says of the caller is true. */
  TRUST_PROXY: string;
}

export default {
  async fetch(request, env) {
    if (request.method === "GET" || request.method === "HEAD") {
      const asset = await env.ASSETS.fetch(request.url, { method: request.method, headers: request.headers });
      if (asset.status !== 404) return asset;
    }
    const headers = new Headers(request.headers);
    // What a caller says of their own address is forged until proven otherwise.
    headers.set("cf-connecting-ip", clientAddress(request, env));
    const url = publicUrl(request, env);
    return env.POTLUCK.fetch(new Request(url, new Request(request, { headers, redirect: "manual" })));
  },
} satisfies ExportedHandler<Env>;

function clientAddress(request: Request, env: Env): string {
  // The last entry is the one that the nearest proxy wrote; those before it come from the caller.
  const forwarded =
    env.TRUST_PROXY === "1" ? request.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() : undefined;
  if (forwarded !== undefined && forwarded !== "") return forwarded;
  const peer = (request.cf as { clientIp?: string } | undefined)?.clientIp ?? "unknown";
  return peer.replace(/^\[(.*)\]:\d+$/, "$1").replace(/^([\d.]+):\d+$/, "$1");
}

/** Upload URLs lead back here: they must bear the address that the caller can reach. */
function publicUrl(request: Request, env: Env): string {
  const url = new URL(request.url);
  if (env.PUBLIC_ORIGIN !== "") return env.PUBLIC_ORIGIN + url.pathname + url.search;
  if (env.TRUST_PROXY === "1") {
    const protocol = request.headers.get("x-forwarded-proto");
    if (protocol === "https" || protocol === "http") url.protocol = protocol;
    const host = request.headers.get("x-forwarded-host");
    if (host !== null && /^[\w.:[\]-]+$/.test(host)) {
      url.port = "";
      url.host = host;
    }
  }
  return url.href;
}

/** What the server's clock calls, on a socket of its own. */
export const cron = {
  async fetch(request, env) {
    const result = await env.POTLUCK.scheduled?.({
      cron: request.headers.get("x-cron") ?? "",
      scheduledTime: new Date(),
    });
    return Response.json(result ?? { outcome: "unsupported" });
  },
} satisfies ExportedHandler<Env>;

interface Limit {
  name: string;
  limit: number;
  period: number;
}

const windows = new Map<string, { window: number; counts: Map<string, number> }>();

/** Cloudflare's rate limiting binding, for one process: counts in windows of `period` seconds. */
export class Limiter extends WorkerEntrypoint<Env, Limit> {
  limit({ key }: { key: string }): { success: boolean } {
    const { name, limit, period } = this.ctx.props;
    const window = Math.floor(Date.now() / (period * 1000));
    const known = windows.get(name);
    const current = known?.window === window ? known : { window, counts: new Map<string, number>() };
    windows.set(name, current);
    const count = (current.counts.get(key) ?? 0) + 1;
    if (count > limit) return { success: false };
    current.counts.set(key, count);
    return { success: true };
  }
}
