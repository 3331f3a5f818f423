import type { Answer } from "./forward.ts";

/**
 * A request for a model is never sent elsewhere by Google itself. What answers so on a key of the pool is something on
 * the way, and neither its words nor its address are for the caller: they have seen the key. "Not modified" is Google's,
 * of a list that the caller knows.
 */
export function withoutRedirect(answer: Answer, method: string): Answer {
  if (!isRedirect(answer) || (method === "GET" && answer.response.status === 304)) return answer;
  // Nobody reads it: without this its connection stays open.
  answer.response.body?.cancel().catch(() => undefined);
  return { kind: "failed", verdict: { kind: "upstream_down", cause: "not_json" } };
}

/** Whether what counts as served is no answer, but the way to another place. */
export function isRedirect(answer: Answer): answer is Extract<Answer, { kind: "served" }> {
  return answer.kind === "served" && answer.response.status >= 300;
}
