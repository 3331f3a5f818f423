import type { Context } from "hono";
import type { Services } from "../services.ts";

/** `GET /health`: 200 while the pool can be used, 503 while requests travel on their callers' own keys only. */
export function health({ pool }: Services) {
  return async function health(c: Context): Promise<Response> {
    try {
      const { active } = await pool.totals();
      return c.json({ status: "ok", database: "ok", keyCount: active }, 200, { "cache-control": "no-store" });
    } catch {
      return c.json({ status: "degraded", database: "unavailable" }, 503, { "cache-control": "no-store" });
    }
  };
}
