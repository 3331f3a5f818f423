import * as v from "valibot";
import { readBody } from "../../../ingress/body.ts";
import { holdsGoogleKey } from "../../../ingress/pasted-keys.ts";
import { problemResponse } from "../../../problem.ts";

/** What can be read is a value, what cannot an answer that says why, naming the field and quoting nothing. */
export type Reading<Value> = { kind: "read"; value: Value } | { kind: "refused"; response: Response };

/** An import of 20,000 keys fits; nothing that an operator sends by hand is larger. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Field names that may be shown: a key might stand there by mistake. */
const SHOWABLE = /^[A-Za-z][A-Za-z0-9]{0,24}$/;

export function invalid(message: string, code = 400): Response {
  return problemResponse({ code, status: "INVALID_ARGUMENT", message }, "gemini");
}

/** Holds a value against a schema. */
export function readValue<S extends v.GenericSchema>(schema: S, value: unknown): Reading<v.InferOutput<S>> {
  const result = v.safeParse(schema, value, { abortEarly: true, message: describeIssue });
  if (result.success) return { kind: "read", value: result.output };
  const [issue] = result.issues;
  return { kind: "refused", response: invalid(`${fieldOf(issue)} ${issue.message}.`) };
}

/** The query as an object: each parameter once, and no key among them. URLs are kept in places that nobody sees. */
export function readQuery(search: string): Reading<Record<string, string>> {
  const entries = [...new URLSearchParams(search)];
  const query = Object.fromEntries(entries);
  const looksLikeKey = entries.some((entry) => entry[0] === "key" || holdsGoogleKey(entry.join(" ")));
  if (looksLikeKey) {
    const message =
      "A key must not stand in a URL, where logs and histories keep it. Send it in the body of POST /api/admin/keys/find.";
    return { kind: "refused", response: invalid(message) };
  }
  if (Object.keys(query).length < entries.length) {
    return { kind: "refused", response: invalid("A parameter of the query stands there twice.") };
  }
  return { kind: "read", value: query };
}

/** The JSON body of a request. */
export async function readJson(request: Request): Promise<Reading<unknown>> {
  const refuse = (message: string, code: number): Reading<unknown> => ({
    kind: "refused",
    response: invalid(message, code),
  });
  // Also keeps a form of another site out: it cannot send this type.
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers.get("content-type") ?? "")) {
    return refuse("The body must be JSON: send content-type: application/json.", 415);
  }
  const body = await readBody(request, MAX_BODY_BYTES);
  switch (body.kind) {
    case "stream":
      return refuse("The body must not be larger than 1 MiB.", 413);
    case "none":
      return refuse("The body must be a JSON object.", 400);
    case "bytes":
      try {
        return {
          kind: "read",
          value: JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body.bytes)),
        };
      } catch {
        return refuse("The body must be a JSON object.", 400);
      }
  }
}

function fieldOf(issue: v.BaseIssue<unknown>): string {
  const names = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? String(key) : showable(key)));
  return names.length === 0 ? "The body" : names.join(".");
}

function showable(name: unknown): string {
  return typeof name === "string" && SHOWABLE.test(name) ? name : "A field";
}

/** For what a schema says nothing about itself. Valibot's own words would quote what was received. */
function describeIssue(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === "never") return "is not known here";
  if (issue.input === undefined) return "is missing";
  return issue.expected === null ? "is not valid" : `must be ${issue.expected}`;
}
