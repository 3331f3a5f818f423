import type { Context } from "hono";
import { problemResponse } from "../../problem.ts";
import type { Services } from "../../services.ts";
import { isOperator } from "./bearer.ts";

const NO_STORE = { "cache-control": "no-store" };

/**
 * `POST /api/admin/reseal[?after=<id>]`: seals some more keys under `POOL_SECRET_NEXT`, and says how many are left.
 * `pnpm secret:rotate` calls it until none is. Without ADMIN_TOKEN there is no such page.
 */
export function reseal({ pool, settings }: Services) {
  return async function reseal(c: Context): Promise<Response> {
    if (settings.ADMIN_TOKEN === undefined) {
      const message = "Set ADMIN_TOKEN to open the operator's pages.";
      return problemResponse({ code: 404, status: "NOT_FOUND", message }, "gemini");
    }
    if (!isOperator(c.req.raw.headers, settings.ADMIN_TOKEN)) {
      const message = "Send the operator's token: Authorization: Bearer <ADMIN_TOKEN>.";
      return problemResponse({ code: 401, status: "UNAUTHENTICATED", message }, "gemini");
    }
    const after = c.req.query("after") ?? "0";
    if (!/^\d{1,15}$/.test(after)) {
      const message = "after must be the id that the last step returned.";
      return problemResponse({ code: 400, status: "INVALID_ARGUMENT", message }, "gemini");
    }
    return c.json(await pool.reseal(Number(after)), 200, NO_STORE);
  };
}
