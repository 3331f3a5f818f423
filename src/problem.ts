/** The API that a caller speaks: Google's own, or OpenAI's on Google's compatibility layer. */
export type Dialect = "gemini" | "openai";

/** An error of our own, not Google's: in the log by its code, to the caller in their dialect. */
export interface Problem {
  /** HTTP status. */
  code: number;
  /** Google's name of that kind of error (google.rpc.Code). */
  status:
    | "INVALID_ARGUMENT"
    | "UNAUTHENTICATED"
    | "PERMISSION_DENIED"
    | "NOT_FOUND"
    | "RESOURCE_EXHAUSTED"
    | "INTERNAL"
    | "UNAVAILABLE"
    | "DEADLINE_EXCEEDED";
  message: string;
}

/** The answer for a {@link Problem}: `{"error":{code,message,status}}`, or OpenAI's `{"error":{message,type,code,param}}`. */
export function problemResponse({ code, status, message }: Problem, dialect: Dialect): Response {
  const error =
    dialect === "openai"
      ? { message, type: openAiErrorType(code), code: status.toLowerCase(), param: null }
      : { code, message, status };
  return Response.json({ error }, { status: code, headers: { "cache-control": "no-store" } });
}

/** OpenAI's `type` for an HTTP status (platform.openai.com/docs/guides/error-codes). */
export function openAiErrorType(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 402) return "insufficient_quota";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}
