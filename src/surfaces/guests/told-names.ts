import { toFileResource, toResource, toResourceOf } from "../../ingress/resource-names.ts";

/**
 * What an answer of Google's says it made, in one spelling each. Only places that Google fills are read: what a model
 * said stands in the same answers, and must not make anybody the owner of anything. Pure.
 */
export function namesTold(collection: string, answer: unknown): string[] {
  const { name, id, file, response, metadata, ...more } = asObject(answer);
  const { responsesFile, generateVideoResponse, generatedVideos } = asObject(response);
  const samples = [generatedVideos, asObject(generateVideoResponse)["generatedSamples"]].flatMap(asList);
  const own = [
    whole(name),
    typeof id === "string" ? toResourceOf(collection, id) : undefined,
    whole(asObject(file)["name"]),
  ];
  const made = [
    responsesFile,
    asObject(asObject(metadata)["output"])["responsesFile"],
    more["output_file_id"],
    more["error_file_id"],
    ...samples.map((sample) => asObject(asObject(sample)["video"])["uri"]),
  ];
  const files = made.map((text) => (typeof text === "string" ? toFileResource(text) : undefined));
  return [...new Set([...own, ...files])].filter((resource) => resource !== undefined);
}

/** The name of one entry of a list. */
export function nameOfEntry(collection: string, entry: unknown): string | undefined {
  const { name, id } = asObject(entry);
  if (typeof name === "string") return whole(name);
  return typeof id === "string" ? toResourceOf(collection, id) : undefined;
}

/** How much of a stream is searched for the id of the interaction that it is. */
const MAX_STREAM_BYTES = 64 * 1024;

/** The interaction that a stream of events tells about, in its first events. Reads no further than that. */
export async function interactionTold(stream: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let id: string | undefined;
  try {
    while (id === undefined && text.length < MAX_STREAM_BYTES) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
      id = idInEvents(text);
    }
    void reader.cancel().catch(() => undefined);
  } catch {
    // The stream broke off; its reader knows.
  }
  return id === undefined ? undefined : toResourceOf("interactions", id);
}

function idInEvents(text: string): string | undefined {
  // What comes after the last line break may still grow.
  for (const line of text.slice(0, text.lastIndexOf("\n") + 1).split("\n")) {
    if (!line.startsWith("data:")) continue;
    const id = asObject(asObject(parse(line.slice("data:".length)))["interaction"])["id"];
    if (typeof id === "string") return id;
  }
  return undefined;
}

function whole(name: unknown): string | undefined {
  return typeof name === "string" ? toResource(name) : undefined;
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
