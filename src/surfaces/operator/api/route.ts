import * as v from "valibot";
import { problemResponse } from "../../../problem.ts";
import type { Defer } from "../../../pool/rotation.ts";
import { invalid, readJson, readQuery, readValue, type Reading } from "./read-input.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** One request to a route, read from HTTP. */
export interface Visitor {
  request: Request;
  params: Record<string, string>;
  defer: Defer;
}

/** What a route tells of itself, for the router and for the OpenAPI document: there is no route without it. */
export interface Route {
  method: Method;
  /** Below /api/admin, in OpenAPI's form: `/keys/{id}`. */
  path: `/${string}`;
  /** OpenAPI's `operationId`. */
  name: string;
  summary: string;
  tag: string;
  params: v.GenericSchema | undefined;
  query: v.GenericSchema | undefined;
  body: v.GenericSchema | undefined;
  answer: v.GenericSchema | undefined;
  status: 200 | 201 | 204;
  /** Media types that it answers with beside JSON. */
  otherMedia: readonly string[];
  /** It can answer 404. */
  mayMiss: boolean;
  serve: (visitor: Visitor) => Promise<Response>;
}

const NOTHING = v.strictObject({});
type Nothing = typeof NOTHING;

interface RouteSpec<
  P extends v.GenericSchema,
  Q extends v.GenericSchema,
  B extends v.GenericSchema,
  A extends v.GenericSchema,
> {
  method: Method;
  path: `/${string}`;
  name: string;
  summary: string;
  tag: string;
  params?: P;
  query?: Q;
  body?: B;
  answer?: A;
  status?: 200 | 201 | 204;
  otherMedia?: readonly string[];
  mayMiss?: boolean;
  /** What it answers with; a `Response` where it is none of the schema's. */
  handle: (input: {
    params: v.InferOutput<P>;
    query: v.InferOutput<Q>;
    body: v.InferOutput<B>;
    defer: Defer;
  }) => Promise<v.InferOutput<A> | Response>;
}

/** A route whose input is read by its schemas before `handle` sees it, and whose answer is typed by one. */
export function route<
  A extends v.GenericSchema = v.VoidSchema<undefined>,
  P extends v.GenericSchema = Nothing,
  Q extends v.GenericSchema = Nothing,
  B extends v.GenericSchema = v.VoidSchema<undefined>,
>(spec: RouteSpec<P, Q, B, A>): Route {
  const { handle, params, query, body, answer, status = 200, otherMedia = [], mayMiss = false, ...rest } = spec;

  async function serve(visitor: Visitor): Promise<Response> {
    const search = readQuery(new URL(visitor.request.url).search);
    if (search.kind === "refused") return search.response;
    const read = {
      params: readValue(params ?? NOTHING, visitor.params),
      query: readValue(query ?? NOTHING, search.value),
      body: body === undefined ? VOID : await readBodyOf(visitor.request, body),
    };
    if (read.params.kind === "refused") return read.params.response;
    if (read.query.kind === "refused") return read.query.response;
    if (read.body.kind === "refused") return read.body.response;
    const result = await handle({
      params: read.params.value as v.InferOutput<P>,
      query: read.query.value as v.InferOutput<Q>,
      body: read.body.value as v.InferOutput<B>,
      defer: visitor.defer,
    });
    if (result instanceof Response) return result;
    return status === 204 ? new Response(null, { status }) : Response.json(result, { status });
  }

  return { ...rest, params, query, body, answer, status, otherMedia, mayMiss, serve };
}

const VOID: Reading<unknown> = { kind: "read", value: undefined };

async function readBodyOf(request: Request, schema: v.GenericSchema): Promise<Reading<unknown>> {
  const json = await readJson(request);
  return json.kind === "read" ? readValue(schema, json.value) : json;
}

export function notFound(message: string): Response {
  return problemResponse({ code: 404, status: "NOT_FOUND", message }, "gemini");
}

/** The answer to a cursor that was made for something else, or by nobody. */
export function foreignCursor(field: string): Response {
  return invalid(`${field} must be what the step before returned, for the same question.`);
}
