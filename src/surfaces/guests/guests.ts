import type { AccessToken } from "../../access-token.ts";
import { readBody } from "../../ingress/body.ts";
import type { HeldBytes } from "../../ingress/held-bytes.ts";
import { fieldInQuery, queryOf } from "../../ingress/query.ts";
import type { Target } from "../../ingress/target.ts";
import { causeOf } from "../../log.ts";
import type { Services } from "../../services.ts";
import type { Visit } from "../visit.ts";
import { admitGuest } from "./admission.ts";
import { guestState } from "./guest-state.ts";
import { guestTurns } from "./guest-turns.ts";
import type { ReadWhole } from "./guest-visit.ts";
import { databaseDown, fieldInUrl, tooBusy, tooLarge } from "./refusals.ts";

/**
 * Requests with an access token. They bring no key: the pool's serve them, and what they make at Google is remembered as
 * theirs. A token never reaches Google.
 */
export function guests(services: Services, held: HeldBytes) {
  const { log, settings } = services;

  return async function guests(visit: Visit, target: Target, token: AccessToken): Promise<Response> {
    const holding = held.hold();
    const readWhole: ReadWhole = async ({ request }, { dialect }) => {
      if (request.method === "GET" || request.method === "HEAD") return { kind: "none" };
      const body = await readBody(request, settings.REPLAY_MAX_BYTES, holding.grow);
      if (body.kind !== "stream") return body;
      // Of two reasons to leave a body a stream the other is that too many are held already.
      const isSmall = Number(request.headers.get("content-length") ?? Infinity) <= settings.REPLAY_MAX_BYTES;
      return isSmall ? tooBusy(dialect) : tooLarge(settings.REPLAY_MAX_BYTES, dialect);
    };
    try {
      const guest = await admitGuest(token, visit, target, services);
      if (guest instanceof Response) return guest;
      // Whose thing a request names is looked for in its path and body.
      if (fieldInQuery(queryOf(target.pathAndQuery), "state") !== undefined) return fieldInUrl(target.dialect);
      const serve = target.purpose === "stateful" ? guestState : guestTurns;
      return await serve({ visit, target, token }, guest, readWhole, services);
    } catch (error) {
      log("warn", "access.failed", { cause: causeOf(error) });
      return databaseDown(target.dialect);
    } finally {
      holding.letGo();
    }
  };
}
