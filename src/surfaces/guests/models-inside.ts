import { isCallersData } from "../../ingress/body-facts.ts";
import type { Body } from "../../ingress/body.ts";
import { stringAt, walkJson } from "../../ingress/json-walk.ts";

/**
 * Every model that a body names, at whatever depth: each request inside a batch can have one of its own
 * (@google/genai's `InlinedRequest.model`). What is no text is told as an empty name, which no rule allows. Pure.
 */
export function modelsInside(body: Body): string[] {
  if (body.kind !== "bytes") return [];
  const json = Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength).toString("latin1");
  const models: string[] = [];
  walkJson(json, (name, _depth, valueAt) => {
    if (name === "model" && !json.startsWith("null", valueAt)) models.push(stringAt(json, valueAt) ?? "");
    // A batch gives each request's metadata back as they came.
    return name !== "metadata" && !isCallersData(name);
  });
  return models;
}
