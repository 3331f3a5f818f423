import type { Relayed } from "../../relay/call.ts";
import { toReply } from "../../relay/reply.ts";
import type { Services } from "../../services.ts";
import type { GuestVisit } from "./guest-visit.ts";
import { keysFailed } from "./refusals.ts";

/**
 * The answer as a guest gets it. All that Google said went to a pool key, so all of it is redacted; where it is about
 * that key alone, it is not told.
 */
export function guestReply(relayed: Relayed, { visit, target }: GuestVisit, { clock }: Services): Response {
  if (visit.about !== undefined) visit.about.relayed = relayed;
  const reply = toReply(relayed, target.dialect, { now: clock(), arrivedAt: visit.arrivedAt });
  const { kind } = relayed.answer.verdict;
  if (kind !== "key_dead" && kind !== "key_broke") return reply;
  const response = keysFailed(target.dialect);
  for (const name of ["x-pool-attempts", "x-pool-served-by", "server-timing"]) {
    response.headers.set(name, reply.headers.get(name) ?? "");
  }
  return response;
}
