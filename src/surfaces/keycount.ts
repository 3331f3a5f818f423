import type { Context } from "hono";
import type { Services } from "../services.ts";

/** Together with the pool's own memory of its totals, no count is more than 5 s old. */
const CACHE = { "cache-control": "public, max-age=2" };

/** `GET /keycount`: for shields.io's `dynamic/json` with `$.keyCount`. */
export function keyCount({ pool }: Services) {
  return async function keyCount(c: Context): Promise<Response> {
    const { active } = await pool.totals();
    return c.json({ keyCount: active, message: "success" }, 200, CACHE);
  };
}

/** `GET /badge`: shields.io's endpoint schema (shields.io/badges/endpoint-badge). */
export function badge({ pool }: Services) {
  return async function badge(c: Context): Promise<Response> {
    const { active } = await pool.totals();
    const color = active === 0 ? "lightgrey" : active < 10 ? "yellow" : "brightgreen";
    const body = { schemaVersion: 1, label: "keys at the table", message: String(active), color, cacheSeconds: 300 };
    return c.json(body, 200, CACHE);
  };
}
