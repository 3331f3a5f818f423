import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import type { Route } from "./route.ts";
import { COMPONENTS, problem } from "./schemas.ts";

type Json = Record<string, unknown>;

/** What any route may answer beside what it is for. */
const PROBLEMS = {
  "400": "Something in the request is wrong; the message names it.",
  "401": "The operator's token or session is missing or wrong.",
  "404": "There is nothing by that id or name.",
  "413": "The body is larger than 1 MiB.",
  "415": "The body is not JSON.",
  "429": "Too many wrong tokens came from this address.",
  "503": "The database did not answer.",
} as const;

/**
 * The OpenAPI 3.1 document of the routes, made of the very schemas that read their requests. A schema that JSON Schema
 * has no words for throws here, which a test notices.
 */
export function openApiDocument(routes: readonly Route[], basePath: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = `${basePath}${route.path}`;
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Potluck operator API",
      version: "1",
      description: "All times are epoch milliseconds. Errors have Google's shape.",
    },
    servers: [{ url: "/" }],
    security: [{ operatorToken: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        operatorToken: { type: "http", scheme: "bearer", description: "The deployment's ADMIN_TOKEN." },
      },
      schemas: Object.fromEntries(Object.entries(COMPONENTS).map(([name, schema]) => [name, schemaOf(schema, name)])),
    },
  };
}

function operationOf(route: Route): Json {
  const { name, summary, tag, body, status } = route;
  return {
    operationId: name,
    summary,
    tags: [tag],
    ...(route.params === undefined && route.query === undefined
      ? {}
      : { parameters: [...parametersOf("path", route.params), ...parametersOf("query", route.query)] }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: jsonContent(schemaOf(body)) } }),
    responses: { [status]: answerOf(route), ...problemsOf(route) },
  };
}

function answerOf({ answer, otherMedia }: Route): Json {
  const others = otherMedia.map((media) => [media, { schema: { type: "string" } }]);
  const content = answer === undefined ? {} : jsonContent(schemaOf(answer));
  const media = { ...content, ...Object.fromEntries(others) };
  return { description: "Done.", ...(Object.keys(media).length === 0 ? {} : { content: media }) };
}

function problemsOf({ body, mayMiss }: Route): Json {
  const content = jsonContent(schemaOf(problem));
  const codes = Object.entries(PROBLEMS).filter(
    ([code]) => (mayMiss || code !== "404") && (body !== undefined || (code !== "413" && code !== "415")),
  );
  return Object.fromEntries(codes.map(([code, description]) => [code, { description, content }]));
}

function parametersOf(place: "path" | "query", schema: v.GenericSchema | undefined): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property;
    return {
      name,
      in: place,
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function jsonContent(schema: Json): Json {
  return { "application/json": { schema } };
}

/** What a request's numbers become once they are read, not the text that a query carries them as. */
function schemaOf(schema: v.GenericSchema, name?: string): Json {
  const others = Object.entries(COMPONENTS).filter(([component]) => component !== name);
  const {
    $schema: _dialect,
    $defs: _components,
    ...rest
  } = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "output",
    definitions: Object.fromEntries(others),
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  });
  return rest;
}
