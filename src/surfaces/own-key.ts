import type { Context } from "hono";
import type { ApiKey } from "../api-key.ts";
import { readCaller } from "../ingress/caller.ts";
import { readClientAddress } from "../ingress/client-address.ts";
import { problemResponse } from "../problem.ts";
import type { Services } from "../services.ts";
import { callerProblem } from "./caller-problem.ts";
import { tooManyNewKeys } from "./new-keys.ts";

const NO_STORE = { "cache-control": "no-store" };

/** What a contributor can do with the key that they present: see it, withdraw it, let it join again. */
export function ownKey({ pool, fairShare, settings, clock }: Services) {
  /** Asking is limited like any use of new keys: it tells which keys of a stolen list are in the pool. */
  const withLimitedKey = (answer: KeyAnswer) =>
    withKey(async (c, key) => {
      const mayAsk = await fairShare.mayTry([key], readClientAddress(c.req.raw.headers));
      return mayAsk ? answer(c, key) : tooManyNewKeys("gemini");
    });

  return {
    /** `GET /key` */
    show: withLimitedKey(async (c, key) => {
      const found = await pool.lookUp(key);
      if (found === undefined) return notInThePool();
      const { row, coolings } = found;
      const now = clock();
      const secondsUntil = (time: number) => Math.max(0, Math.ceil((time - now) / 1000));
      return c.json(
        {
          status: row.status,
          reason: row.reason,
          endsWith: row.lastFour === "" ? null : row.lastFour,
          uses: row.uses,
          contributedAt: new Date(row.contributedAt).toISOString(),
          lastUsedAt: row.lastUsedAt === null ? null : new Date(row.lastUsedAt).toISOString(),
          restingForSeconds: row.restingUntil === null ? 0 : secondsUntil(row.restingUntil),
          coolings: coolings.map(({ model, kind, until }) => ({ model, kind, secondsLeft: secondsUntil(until) })),
        },
        200,
        NO_STORE,
      );
    }),

    /** `DELETE /key`: nothing stands between an owner and the door. */
    withdraw: withKey(async (c, key) => {
      if (!(await pool.withdraw(key))) return notInThePool();
      const message =
        "Your key has left the pool and its stored ciphertext is erased; a keyed hash stays, to remember your wish. " +
        "It will not join again by use; POST /key lets it.";
      return c.json({ status: "withdrawn", message }, 200, NO_STORE);
    }),

    /** `POST /key` */
    rejoin: withLimitedKey(async (c, key) => {
      if (settings.CONTRIBUTION === "closed") return contributionClosed();
      if (!(await pool.rejoin(key))) return notInThePool();
      return c.json(
        { status: "rejoining", message: "Your key joins the pool with its next successful request." },
        200,
        NO_STORE,
      );
    }),
  };
}

type KeyAnswer = (c: Context, key: ApiKey) => Promise<Response>;

function withKey(answer: KeyAnswer) {
  return async function ownKey(c: Context): Promise<Response> {
    const caller = readCaller(c.req.raw.headers, new URL(c.req.url).search);
    if (caller.kind !== "caller") return callerProblem(caller.kind, "gemini");
    return answer(c, caller.keys[0]);
  };
}

function contributionClosed(): Response {
  const message = "This pool takes no keys by use at present. Your key goes on serving your own requests.";
  return problemResponse({ code: 403, status: "PERMISSION_DENIED", message }, "gemini");
}

function notInThePool(): Response {
  return problemResponse({ code: 404, status: "NOT_FOUND", message: "This key is not in the pool." }, "gemini");
}
