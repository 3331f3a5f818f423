import type { CallerReading } from "../ingress/caller.ts";
import { problemResponse, type Dialect } from "../problem.ts";

/** The answer for a request without a usable key; the status is the one that each API answers with itself. */
export function callerProblem(kind: Exclude<CallerReading["kind"], "caller">, dialect: Dialect): Response {
  if (kind === "guest") {
    const message = "An access token is no Gemini API key: this is for the owner of a key.";
    return problemResponse({ code: 401, status: "UNAUTHENTICATED", message }, dialect);
  }
  if (kind === "malformed") {
    const message = "The API key sent cannot be one: expected 8 to 512 visible ASCII characters.";
    return dialect === "openai"
      ? problemResponse({ code: 401, status: "UNAUTHENTICATED", message }, dialect)
      : problemResponse({ code: 400, status: "INVALID_ARGUMENT", message }, dialect);
  }
  const message =
    "No API key was sent. Send your own Gemini API key as x-goog-api-key, as ?key= or as Authorization: Bearer; " +
    "get one at https://aistudio.google.com/apikey.";
  return dialect === "openai"
    ? problemResponse({ code: 401, status: "UNAUTHENTICATED", message }, dialect)
    : problemResponse({ code: 403, status: "PERMISSION_DENIED", message }, dialect);
}
