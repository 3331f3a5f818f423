import * as v from "valibot";
import type { Services } from "../../../services.ts";
import { invalid } from "./read-input.ts";
import { notFound, route, type Route } from "./route.ts";
import { count, idParams, MAX_ID, models, text, timeInAnswer, wholeNumberInBody } from "./schemas.ts";

const MISSING = "There is no such token.";

const periods = ["day", "month", "total"] as const;

const token = v.object({
  id: count,
  name: v.string(),
  lastFour: v.string(),
  createdAt: timeInAnswer,
  expiresAt: v.nullable(timeInAnswer),
  revokedAt: v.nullable(timeInAnswer),
  models: v.nullable(v.pipe(v.string(), v.description("Patterns, separated by commas; null for all models."))),
  requestLimit: v.nullable(count),
  limitPeriod: v.picklist(periods),
  used: v.pipe(count, v.description("Requests counted in the period of the limit.")),
  uses: v.pipe(count, v.description("Requests counted since it was created.")),
  lastUsedAt: v.nullable(timeInAnswer),
});

const name = v.pipe(text(100), v.minLength(1, "must not be empty"));
const terms = {
  expiresAt: v.optional(v.nullable(v.pipe(wholeNumberInBody(1, MAX_ID), v.description("Epoch milliseconds.")))),
  models: v.optional(v.nullable(models)),
  requestLimit: v.optional(v.nullable(wholeNumberInBody(1, 1_000_000_000))),
  limitPeriod: v.optional(v.picklist(periods, "must be day, month or total")),
};

/** Access tokens: their bearers bring no key. A token's text is in one answer only, that of its creation. */
export function tokenRoutes({ access, clock }: Services): Route[] {
  return [
    route({
      method: "get",
      path: "/tokens",
      name: "listTokens",
      tag: "tokens",
      summary: "All access tokens, the newest first. Never the tokens themselves.",
      answer: v.object({ tokens: v.array(token) }),
      handle: async () => ({ tokens: (await access.list()).map(toAnswer) }),
    }),
    route({
      method: "post",
      path: "/tokens",
      name: "createToken",
      tag: "tokens",
      summary: "Creates an access token. This answer is the only one that holds it.",
      body: v.strictObject({ name, ...terms }),
      answer: v.object({ token: v.string(), ...token.entries }),
      status: 201,
      async handle({ body }) {
        const { expiresAt = null, models = null, requestLimit = null, limitPeriod = "total" } = body;
        if (expiresAt !== null && expiresAt <= clock()) return invalid(PAST);
        const given = { name: body.name, expiresAt, models: emptyToNull(models), requestLimit, limitPeriod };
        const created = await access.create(given);
        return { token: created.token.reveal(), ...toAnswer(created.row) };
      },
    }),
    route({
      method: "patch",
      path: "/tokens/{id}",
      name: "changeToken",
      tag: "tokens",
      summary: "Changes what is named in the body. It holds here at once, elsewhere within a minute.",
      params: idParams,
      body: v.strictObject({ name: v.optional(name), ...terms }),
      answer: token,
      mayMiss: true,
      async handle({ params, body: { models, ...body } }) {
        if (body.expiresAt !== undefined && body.expiresAt !== null && body.expiresAt <= clock()) return invalid(PAST);
        const changed = await access.change(params.id, {
          ...withoutUndefined(body),
          ...(models === undefined ? {} : { models: emptyToNull(models) }),
        });
        return changed === undefined ? notFound(MISSING) : toAnswer(changed);
      },
    }),
    route({
      method: "delete",
      path: "/tokens/{id}",
      name: "revokeToken",
      tag: "tokens",
      summary: "Ends a token for good. It holds here at once, elsewhere within a minute.",
      params: idParams,
      status: 204,
      mayMiss: true,
      handle: async ({ params }) => ((await access.revoke(params.id)) ? undefined : notFound(MISSING)),
    }),
  ];
}

const PAST = "expiresAt must not lie in the past.";

type Row = Awaited<ReturnType<Services["access"]["list"]>>[number];

/** Field by field: what another table's key a token is bound to is not told. */
function toAnswer(row: Row): v.InferOutput<typeof token> {
  const { id, lastFour, createdAt, expiresAt, revokedAt, models, requestLimit, limitPeriod } = row;
  const { used, uses, lastUsedAt } = row;
  return {
    id,
    name: row.name,
    lastFour,
    createdAt,
    expiresAt,
    revokedAt,
    models,
    requestLimit,
    limitPeriod,
    used,
    uses,
    lastUsedAt,
  };
}

function emptyToNull(text: string | null): string | null {
  return text === "" ? null : text;
}

type Given<Terms> = { [Name in keyof Terms]?: Exclude<Terms[Name], undefined> };

function withoutUndefined<Terms extends object>(terms: Terms): Given<Terms> {
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined)) as Given<Terms>;
}
