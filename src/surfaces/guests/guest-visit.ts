import { TOKEN_PREFIX, type AccessToken } from "../../access-token.ts";
import type { Body, RawBody } from "../../ingress/body.ts";
import type { Target } from "../../ingress/target.ts";
import type { GuestCall } from "../../relay/call.ts";
import { asJson, outgoingOf } from "../../relay/outgoing.ts";
import type { Route } from "../../relay/route.ts";
import type { Visit } from "../visit.ts";
import type { Guest } from "./admission.ts";

/** A guest's request on its way: for what, and with which token. */
export interface GuestVisit {
  visit: Visit;
  target: Target;
  token: AccessToken;
}

/** Reads a body whole, or gives the answer that refuses it: there is no own key that a larger one could travel on. */
export type ReadWhole = (visit: Visit, target: Target) => Promise<Exclude<RawBody, { kind: "stream" }> | Response>;

/** The request as the relay takes it, without the token. */
export function toCall({ visit, target }: GuestVisit, guest: Guest, body: Body, route: Route): GuestCall {
  const outgoing = withoutTokens(outgoingOf(visit.request, target, body, route));
  if (body.kind === "bytes" && target.operation !== "upload") asJson(outgoing.headers);
  return {
    outgoing,
    proves: target.purpose === "generating",
    arrivedAt: visit.arrivedAt,
    defer: visit.defer,
    tokenId: guest.id,
  };
}

const ANY_TOKEN = new RegExp(`${TOKEN_PREFIX}[A-Za-z0-9_-]{43}`);

/** Without any header that holds an access token: some clients show their key in a header of their own as well. */
export function withoutTokens(outgoing: GuestCall["outgoing"]): GuestCall["outgoing"] {
  const headers = Object.entries(outgoing.headers).filter(([, value]) => !ANY_TOKEN.test(value));
  return { ...outgoing, headers: Object.fromEntries(headers) };
}
