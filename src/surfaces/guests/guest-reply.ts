import { causeOf } from "../../log.ts";
import type { Relayed } from "../../relay/call.ts";
import { toReply } from "../../relay/reply.ts";
import type { Services } from "../../services.ts";
import type { Guest } from "./admission.ts";
import type { GuestVisit } from "./guest-visit.ts";
import type { Place } from "./holder.ts";
import { holderFailed, keysFailed } from "./refusals.ts";

/**
 * The answer as a guest gets it. All that Google said went to a pool key, so all of it is redacted; where it is about
 * that key alone, it is not told, but `outOfOrder` is.
 */
export function guestReply(
  relayed: Relayed,
  { visit, target }: GuestVisit,
  { clock }: Services,
  outOfOrder = keysFailed,
): Response {
  if (visit.about !== undefined) visit.about.relayed = relayed;
  const reply = toReply(relayed, target.dialect, { now: clock(), arrivedAt: visit.arrivedAt });
  if (!isOutOfOrder(relayed)) return reply;
  const response = outOfOrder(target.dialect);
  for (const name of ["x-pool-attempts", "x-pool-served-by", "server-timing"]) {
    response.headers.set(name, reply.headers.get(name) ?? "");
  }
  return response;
}

/**
 * The same where one key alone could serve. The pool does not hear what that key got, and may not find out for long
 * (only its turns are reported): a home that is out of order is left, or nothing could be made any more.
 */
export function placeReply(
  relayed: Relayed,
  visited: GuestVisit,
  { guest, place }: { guest: Guest; place: Place },
  services: Services,
): Response {
  if (!place.isHome) return guestReply(relayed, visited, services, holderFailed);
  if (isOutOfOrder(relayed)) {
    const { access, log } = services;
    const leaving = access.belongings.leaveHome(guest.id, place.id);
    visited.visit.defer(leaving.catch((error: unknown) => log("warn", "access.failed", { cause: causeOf(error) })));
  }
  return guestReply(relayed, visited, services);
}

function isOutOfOrder({ answer: { verdict } }: Relayed): boolean {
  return verdict.kind === "key_dead" || verdict.kind === "key_broke";
}
