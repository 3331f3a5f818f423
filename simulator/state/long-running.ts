import type { Arrival } from "../arrival.ts";
import { notFound } from "../arrival.ts";
import { isRecord } from "../json.ts";
import { jsonAnswer } from "../refusals.ts";
import type { Collections } from "./collections.ts";
import type { Files } from "./files.ts";
import { newId, timestamp } from "./project-store.ts";

/** Veo's `predictLongRunning`: the operation is under way at once and done at the first poll (ai.google.dev/gemini-api/docs/video). */
export function startVideo(arrival: Arrival, collections: Collections): Response {
  const name = `models/${arrival.model}/operations/${newId()}`;
  collections.put(arrival.project, name, {});
  return jsonAnswer({ name });
}

/** A finished video is a file of the same project, to be fetched with a key of that project (protocol §3). */
export async function pollVideo(arrival: Arrival, collections: Collections, files: Files): Promise<Response> {
  const { project, now } = arrival;
  const name = `models/${arrival.route.id}`;
  const operation = collections.find(project, name);
  if (!operation) return notFound(arrival);
  if (operation["done"] === true) return jsonAnswer(operation);
  const bytes = new TextEncoder().encode("a video, as far as the simulator is concerned");
  const file = await files.create({
    project,
    bytes,
    mimeType: "video/mp4",
    now,
    source: "GENERATED",
  });
  const response = {
    "@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse",
    generateVideoResponse: { generatedSamples: [{ video: { uri: file["downloadUri"] } }] },
  };
  return jsonAnswer(collections.put(project, name, { done: true, response }));
}

/** `batchGenerateContent` and `asyncBatchEmbedContent`: a batch that stays pending (ai.google.dev/api/batch-api). */
export function startBatch(arrival: Arrival, collections: Collections): Response {
  const { project, json, model, now } = arrival;
  const batch = isRecord(json["batch"]) ? json["batch"] : {};
  const metadata = {
    "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
    model: `models/${model}`,
    displayName: batch["displayName"] ?? batch["display_name"] ?? "",
    createTime: timestamp(now),
    updateTime: timestamp(now),
    state: "BATCH_STATE_PENDING",
  };
  return jsonAnswer(collections.put(project, `batches/${newId(40)}`, { metadata }));
}
