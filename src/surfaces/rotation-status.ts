import type { Context } from "hono";
import type { Services } from "../services.ts";

/**
 * `GET /rotation-status`, for the operator's token: how many keys there are, where each model's cursor stands, and which
 * keys of the ring are ready. Keys have their place in the ring as their only name.
 */
export function rotationStatus({ pool, clock }: Services) {
  return async function rotationStatus(c: Context): Promise<Response> {
    const [totals, ring] = await Promise.all([pool.totals(), pool.ring()]);
    const size = Math.max(totals.active - ring.resting, ring.cooling.length);
    const status = {
      at: clock(),
      keys: { ...totals, resting: ring.resting },
      /** The state of the first thousand keys: the first is number 0. */
      ring: { size, states: ring.cooling.map((isCooling) => (isCooling ? "cooling" : "ready")) },
      cursors: ring.cursors,
    };
    return c.json(status, 200, { "cache-control": "no-store" });
  };
}
