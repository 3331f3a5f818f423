import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as v from "valibot";
import { createServices } from "../../src/services.ts";
import { operatorApi, operatorRoutes } from "../../src/surfaces/operator/api/api.ts";
import { env } from "cloudflare:workers";
import { ADMIN_TOKEN, layOperatorTable } from "../support/operator.ts";
import { emptyPool } from "../support/pool-rows.ts";
import { newKeys } from "../support/table.ts";

interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  parameters?: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { required: boolean; content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}

interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
}

const services = () => createServices({ ...env, ADMIN_TOKEN }, { log: () => undefined });

let document: Document;
let operations: { method: string; path: string; operation: Operation }[];

beforeAll(async () => {
  document = await layOperatorTable().get<Document>("/openapi.json");
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
});

/** The keywords of JSON Schema 2020-12 that the document may use; a word that is none of them means nothing there. */
const SCHEMA_WORDS = new Set(
  (
    "$ref type properties required additionalProperties items anyOf oneOf enum const pattern minLength maxLength minItems " +
    "maxItems minimum maximum description default title"
  ).split(" "),
);

function wordsOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([word, value]) => {
    if (word === "properties") return [word, ...Object.values(value as object).flatMap(wordsOf)];
    if (word === "items") return [word, ...wordsOf(value)];
    if (word === "anyOf" || word === "oneOf") return [word, ...(value as unknown[]).flatMap(wordsOf)];
    return [word];
  });
}

const schemasOf = ({ operation }: { operation: Operation }) => [
  ...(operation.parameters ?? []).map(({ schema }) => schema),
  ...Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => schema),
  ...Object.values(operation.responses).flatMap(({ content = {} }) =>
    Object.values(content).map(({ schema }) => schema),
  ),
];

describe("the OpenAPI document", () => {
  it("covers every route below /api/admin, and no other", () => {
    const routed = operatorApi(services())
      .routes.filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method.toLowerCase()} /api/admin${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    const described = operations.map(({ method, path }) => `${method} ${path}`);
    expect(described.toSorted()).toEqual([...new Set(routed)].toSorted());
    expect(described.length).toBeGreaterThan(10);
  });

  it("has the structure of OpenAPI 3.1", () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/);
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { method, path, operation } of operations) {
      expect(["get", "post", "put", "patch", "delete"]).toContain(method);
      expect(operation.summary).not.toBe("");
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const parameters = operation.parameters ?? [];
      const described = parameters.filter((parameter) => parameter.in === "path");
      expect(described.map(({ name, required }) => [name, required])).toEqual(inPath.map((name) => [name, true]));
      expect(new Set(parameters.map((one) => `${one.in} ${one.name}`)).size).toBe(parameters.length);
      if (method === "get" || method === "delete") expect(operation.requestBody).toBeUndefined();
      for (const [status, { description }] of Object.entries(operation.responses)) {
        expect(status).toMatch(/^[2-5]\d\d$/);
        expect(description).not.toBe("");
      }
      expect(Object.keys(operation.responses)).toContain("401");
      expect(Object.keys(operation.responses)[0]).toMatch(/^2/);
    }
  });

  it("speaks JSON Schema only, and refers to what is there", () => {
    const schemas = [...operations.flatMap(schemasOf), ...Object.values(document.components.schemas)];
    expect([...new Set(schemas.flatMap(wordsOf))].filter((word) => !SCHEMA_WORDS.has(word))).toEqual([]);
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref);
    const there = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect(refs.length).toBeGreaterThan(5);
    expect([...new Set(refs)].filter((ref) => !there.includes(ref ?? ""))).toEqual([]);
  });

  it("says of numbers in a query that they are numbers, and what a body must have", () => {
    const limit = document.paths["/api/admin/keys"]?.["get"]?.parameters?.find(({ name }) => name === "limit");
    expect(limit).toMatchObject({
      in: "query",
      required: false,
      schema: { type: "integer", minimum: 1, maximum: 500 },
    });
    const body = document.paths["/api/admin/keys/import"]?.["post"]?.requestBody;
    expect(body?.content["application/json"]?.schema).toMatchObject({
      required: ["text"],
      additionalProperties: false,
    });
  });

  it("is not told to who is no operator", async () => {
    const response = await layOperatorTable().send({ method: "GET", path: "/api/admin/openapi.json" });
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain("paths");
  });
});

describe("real answers", () => {
  beforeEach(emptyPool);

  it("match the schemas of their routes", async () => {
    const table = layOperatorTable();
    const keys = newKeys(3);
    await table.contribute(...keys);
    await table.post("/keys/actions", { action: "retire", ids: [2] });
    const calls: [string, string, string, unknown?][] = [
      ["listKeys", "GET", "/keys?sort=uses&limit=2"],
      ["getKey", "GET", "/keys/1"],
      ["findKey", "POST", "/keys/find", { key: keys[0] }],
      ["noteKey", "PATCH", "/keys/2", { note: "x" }],
      ["actOnKeys", "POST", "/keys/actions", { action: "verify", filter: {} }],
      ["actOnKeys", "POST", "/keys/actions", { action: "cool", ids: [1] }],
      ["importKeys", "POST", "/keys/import", { text: keys.join(" ") }],
      ["exportKeys", "GET", "/keys/export"],
      ["listSettings", "GET", "/settings"],
      ["changeSetting", "PUT", "/settings/MAX_RETRIES", { value: "2" }],
      ["resetSetting", "DELETE", "/settings/MAX_RETRIES"],
      ["getOverview", "GET", "/overview"],
      ["getActivity", "GET", "/activity?range=hour"],
      ["listFailures", "GET", "/failures"],
      ["reseal", "POST", "/reseal"],
      ["createToken", "POST", "/tokens", { name: "team" }],
      ["listTokens", "GET", "/tokens"],
      ["changeToken", "PATCH", "/tokens/1", { name: "other" }],
      ["revokeToken", "DELETE", "/tokens/1"],
    ];
    const routes = operatorRoutes(services());
    for (const [name, method, path, body] of calls) {
      const route = routes.find((one) => one.name === name);
      const called = await table.call(method, path, body);
      expect([name, called.status]).toEqual([name, route?.status]);
      if (route?.answer === undefined) continue;
      const checked = v.safeParse(strict(route.answer), called.body);
      expect([name, checked.issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)]).toEqual([
        name,
        undefined,
      ]);
    }
    expect(new Set(calls.map(([name]) => name))).toEqual(
      new Set(routes.map(({ name }) => name).filter((name) => name !== "getDocument")),
    );
  });
});

/** The same schema, whose objects take no field that it does not name: what is not described must not be told. */
function strict(schema: v.GenericSchema): v.GenericSchema {
  if (schema.type === "object" && "entries" in schema) {
    const entries = Object.entries(schema.entries as v.ObjectEntries);
    return v.strictObject(Object.fromEntries(entries.map(([name, entry]) => [name, strict(entry as v.GenericSchema)])));
  }
  if (schema.type === "array" && "item" in schema) return v.array(strict(schema.item as v.GenericSchema));
  if (schema.type === "nullable" && "wrapped" in schema) return v.nullable(strict(schema.wrapped as v.GenericSchema));
  if (schema.type === "optional" && "wrapped" in schema) return v.optional(strict(schema.wrapped as v.GenericSchema));
  return schema;
}
