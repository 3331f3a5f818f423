import { openAiErrorType } from "../problem.ts";
import { parseGoogleError } from "./google-error.ts";

export interface OpenAiError {
  status: number;
  body: string;
}

/**
 * Google's OpenAI layer answers errors in Google's own shape, wrapped in an array, which OpenAI clients show as
 * `[object Object]` or drop. This is the same error in OpenAI's shape; undefined if it is not Google's shape.
 * An invalid key is 400 at Google and 401 at OpenAI: clients tell the user to check the key on 401 only.
 */
export function toOpenAiError(status: number, text: string): OpenAiError | undefined {
  const error = parseGoogleError(text);
  if (error === undefined) return undefined;
  const reason = error.errorInfos[0]?.reason;
  const openAiStatus = reason === "API_KEY_INVALID" ? 401 : status;
  const code = [reason, error.status, error.stringCode].find((word) => word !== undefined && word !== "");
  return {
    status: openAiStatus,
    body: JSON.stringify({
      error: {
        message: error.message,
        type: openAiErrorType(openAiStatus),
        code: openAiStatus === 401 ? "invalid_api_key" : (code?.toLowerCase() ?? null),
        param: null,
      },
    }),
  };
}
