import type { AccessToken } from "../../access-token.ts";
import type { TokenStanding } from "../../access/token-book.ts";
import { readClientAddress } from "../../ingress/client-address.ts";
import type { Target } from "../../ingress/target.ts";
import type { Services } from "../../services.ts";
import { tooManyNewKeys } from "../new-keys.ts";
import type { Visit } from "../visit.ts";
import { databaseDown, invalid, unknownToken, usedUp } from "./refusals.ts";

/** The row of a token that is good. */
export type Guest = Extract<TokenStanding, { kind: "good" }>["row"];

/** Who is at the door: a guest, or the answer that they get instead. A token that this isolate knows costs no query. */
export async function admitGuest(
  token: AccessToken,
  { request, defer }: Visit,
  { dialect, pathAndQuery }: Target,
  { access, fairShare }: Services,
): Promise<Guest | Response> {
  let standing = access.recall(token, defer);
  if (standing === undefined) {
    const mayTry = await fairShare.mayTry([token], readClientAddress(request.headers));
    if (!mayTry) return tooManyNewKeys(dialect);
    standing = await access.recognise(token);
  }
  switch (standing.kind) {
    case "unknown":
      return unknownToken(dialect);
    case "unavailable":
      return databaseDown(dialect);
    case "good":
      break;
  }
  if (pathAndQuery.includes(token.reveal())) {
    return invalid("The access token stands in the URL, where it would reach Google. Send it in a header.", dialect);
  }
  if (request.headers.has("x-pool-mode")) {
    return invalid("x-pool-mode is for those who bring a key of their own.", dialect);
  }
  return standing.row;
}

/** Takes one request of the guest's limit and counts it; the answer that refuses it if none is left. */
export async function spendRequest(
  guest: Guest,
  { defer }: Visit,
  { dialect }: Target,
  { access, clock }: Services,
): Promise<Response | undefined> {
  const taken = await access.take(guest, defer);
  switch (taken.kind) {
    case "granted":
      access.countUse(guest, defer);
      return undefined;
    case "used_up":
      return usedUp(taken.until === undefined ? undefined : taken.until - clock(), dialect);
    case "unavailable":
      return databaseDown(dialect);
  }
}
