import { toModelName } from "./target.ts";

export type ModelInPath =
  | { kind: "none" }
  | { kind: "model"; model: string }
  /** There is something where a model's name belongs, and Google would never call a model so. */
  | { kind: "unreadable" };

const MODEL_PATH = /^\/(?:v1|v1beta|v1alpha)\/(?:openai\/)?models\/([^/:?]*)/i;

/** The model that a path for Google names, whatever is to be done with it. */
export function readModelInPath(pathAndQuery: string): ModelInPath {
  const [, encoded] = MODEL_PATH.exec(pathAndQuery) ?? [];
  if (encoded === undefined) return { kind: "none" };
  const model = toModelName(encoded);
  return model === undefined ? { kind: "unreadable" } : { kind: "model", model };
}
