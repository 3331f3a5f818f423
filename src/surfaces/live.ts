import type { Context } from "hono";
import type { Target } from "../ingress/target.ts";
import { outgoingOf } from "../relay/outgoing.ts";
import { toReply } from "../relay/reply.ts";
import { PINNED } from "../relay/route.ts";
import type { Services } from "../services.ts";

/** Opens a Live session on an ephemeral token: it is the one credential, and not a key. */
export function openLiveByToken({ forward, clock }: Services) {
  return async function openLiveByToken(c: Context, target: Target, token: string): Promise<Response> {
    const arrivedAt = clock();
    const separator = target.pathAndQuery.includes("?") ? "&" : "?";
    const pathAndQuery = `${target.pathAndQuery}${separator}access_token=${encodeURIComponent(token)}`;
    const outgoing = outgoingOf(c.req.raw, { ...target, pathAndQuery }, { kind: "none" }, PINNED);
    const answer = await forward(outgoing, undefined);
    return toReply({ answer, servedBy: "own", key: undefined, attempts: 1, contributed: false }, target.dialect, {
      now: clock(),
      arrivedAt,
    });
  };
}
