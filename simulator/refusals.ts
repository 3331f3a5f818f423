import type { FilledFixture, Fixture, FixtureValues } from "../test/support/google-fixture.ts";
import { fill } from "../test/support/google-fixture.ts";
import { isRecord } from "./json.ts";
import type { ErrorShape, Route } from "./route.ts";

/** What Google sends with every answer, refusal or not. */
const GOOGLE_HEADERS = { server: "scaffolding on HTTPServer2", vary: "Origin, X-Origin, Referer" };
const JSON_TYPE = "application/json; charset=UTF-8";
/** An address of RFC 5737: where Google believes the call came from. */
const EGRESS_IP = "203.0.113.7";

/** What a refusal may echo. */
export interface Echo {
  key?: string | undefined;
  project?: string | undefined;
  model?: string | undefined;
}

/** Turns recorded errors into answers in the layout of the route that asked (protocol §1.8). */
export class Refusals {
  readonly #fixtures: Readonly<Record<string, Fixture>>;

  constructor(fixtures: Readonly<Record<string, Fixture>>) {
    this.#fixtures = fixtures;
  }

  /** The recorded error of that name. `edit` may change the filled text, say to name the caller's field. */
  recorded(name: string, route: Route | undefined, echo: Echo, edit?: (body: string) => string): Response {
    const { status, contentType, body } = this.#fill(name, echo);
    const text = edit ? edit(body) : body;
    if (!contentType.startsWith("application/json")) return answer(status, contentType, text);
    return shaped(status, JSON.parse(text), route?.errorShape ?? "object");
  }

  /** The error object alone, for the tail of a broken stream. */
  tail(name: string, echo: Echo): string {
    return print(unwrap(JSON.parse(this.#fill(name, echo).body)));
  }

  /** An error that no fixture records; Google's layout without details. */
  plain(code: number, status: string, message: string, route: Route | undefined): Response {
    return shaped(code, { error: { code, message, status } }, route?.errorShape ?? "object");
  }

  /** A path that Google's front end does not know. */
  unknownPath(path: string): Response {
    const html = `<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n  <p><b>404.</b> <ins>That’s an error.</ins>\n  <p>The requested URL <code>${escapeHtml(path)}</code> was not found on this server.  <ins>That’s all we know.</ins>\n`;
    return answer(404, "text/html; charset=UTF-8", html);
  }

  /** Throws where no fixture has that name: a typing error in a test should not pass for an outage. */
  expect(name: string): Fixture {
    const fixture = this.#fixtures[name];
    if (fixture) return fixture;
    throw new Error(`simulator: no fixture named ${name}; there are ${Object.keys(this.#fixtures).join(", ")}`);
  }

  #fill(name: string, echo: Echo): FilledFixture {
    return fill(this.expect(name), fixtureValues(echo));
  }
}

/** A good JSON answer as Google prints it. */
export function jsonAnswer(value: unknown, headers: Record<string, string> = {}): Response {
  return answer(200, JSON_TYPE, `${JSON.stringify(value, null, 2)}\n`, headers);
}

export function answer(
  status: number,
  contentType: string,
  body: BodyInit | null,
  headers: Record<string, string> = {},
): Response {
  return new Response(body, {
    status,
    headers: { ...GOOGLE_HEADERS, "content-type": contentType, ...headers },
  });
}

function shaped(status: number, body: unknown, shape: ErrorShape): Response {
  const single = unwrap(body);
  switch (shape) {
    case "object":
      return answer(status, JSON_TYPE, print(single));
    case "array":
      return answer(status, JSON_TYPE, print([single]));
    case "object-labelled-sse":
      return answer(status, "text/event-stream", print(single));
    case "interactions":
      return answer(status, JSON_TYPE, print(interactionsError(single)));
  }
}

/** Errors of the key service come as an array even here; the backend's carry a word for a code (§1.8). */
function interactionsError(body: unknown): unknown {
  if (!isRecord(body) || !isRecord(body["error"])) return body;
  const { code, status, message, details } = body["error"];
  if (typeof code !== "number" || typeof status !== "string") return body;
  const reasoned = Array.isArray(details) && details.some((detail) => isRecord(detail) && "reason" in detail);
  if (reasoned || code === 401 || code === 403) return [body];
  return {
    error: { code: interactionsCode(code, status, JSON.stringify(details ?? [])), message },
  };
}

/** The table of ai.google.dev/gemini-api/docs/api-errors. */
function interactionsCode(code: number, status: string, details: string): string {
  if (code === 402) return "payment_required";
  if (code === 429) return details.includes("PerDay") ? "quota_exceeded" : "rate_limit_exceeded";
  if (code === 404) return "model_not_found";
  return status === "INVALID_ARGUMENT" ? "invalid_request" : status.toLowerCase();
}

function fixtureValues(echo: Echo): FixtureValues {
  return {
    key: echo.key ?? "",
    project: echo.project ?? "0",
    model: echo.model ?? "",
    ip: EGRESS_IP,
  };
}

function unwrap(body: unknown): unknown {
  return Array.isArray(body) && body.length === 1 ? body[0] : body;
}

function print(body: unknown): string {
  const json = JSON.stringify(body, null, 2).replaceAll("<", "\\u003c").replaceAll(">", "\\u003e");
  return `${json}\n`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
