import * as v from "valibot";
import type { Services } from "../../../services.ts";
import { route, type Route } from "./route.ts";
import { count, MAX_ID, wholeNumber } from "./schemas.ts";

/** What the operator's scripts do step by step. */
export function upkeepRoutes({ pool }: Services): Route[] {
  return [
    route({
      method: "post",
      path: "/reseal",
      name: "reseal",
      tag: "upkeep",
      summary: "Seals some more keys under POOL_SECRET_NEXT and says how many are left (`pnpm secret:rotate`).",
      query: v.strictObject({
        after: v.optional(v.pipe(wholeNumber(0, MAX_ID), v.description("`after` of the step before."))),
      }),
      answer: v.object({
        secretId: v.string(),
        resealed: count,
        left: count,
        after: count,
        stuck: v.optional(v.object({ sealed: count, withdrawn: count })),
      }),
      handle: ({ query }) => pool.reseal(query.after ?? 0),
    }),
  ];
}
