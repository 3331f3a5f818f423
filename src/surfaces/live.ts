import type { Target } from "../ingress/target.ts";
import { outgoingOf } from "../relay/outgoing.ts";
import { toReply } from "../relay/reply.ts";
import { PINNED } from "../relay/route.ts";
import type { Services } from "../services.ts";
import type { Visit } from "./visit.ts";

/** Opens a Live session on an ephemeral token: it is the one credential, and not a key. */
export function openLiveByToken({ forward, clock }: Services) {
  return async function openLiveByToken(visit: Visit, target: Target, token: string): Promise<Response> {
    const { request, arrivedAt } = visit;
    const separator = target.pathAndQuery.includes("?") ? "&" : "?";
    const pathAndQuery = `${target.pathAndQuery}${separator}access_token=${encodeURIComponent(token)}`;
    const outgoing = outgoingOf(request, { ...target, pathAndQuery }, { kind: "none" }, PINNED);
    const answer = await forward(outgoing, undefined);
    return toReply({ answer, servedBy: "own", key: undefined, attempts: 1, contributed: false }, target.dialect, {
      now: clock(),
      arrivedAt,
    });
  };
}
