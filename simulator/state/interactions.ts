import type { Arrival } from "../arrival.ts";
import { refuse } from "../arrival.ts";
import { frameEvents, readEvents, streamFrames } from "../event-stream.ts";
import { isRecord } from "../json.ts";
import { answer, jsonAnswer } from "../refusals.ts";
import { newId, ProjectStore } from "./project-store.ts";

/** Stored interactions (protocol §3, §1.8): kept unless `store:false`, readable in the creating project alone. */
export class Interactions {
  readonly #kept = new ProjectStore<Record<string, unknown>>();

  clear(): void {
    this.#kept.clear();
  }

  owns(project: string, id: string): boolean {
    return this.#kept.find(project, id) !== undefined;
  }

  serve(arrival: Arrival): Response {
    const { route, project } = arrival;
    const found = this.#kept.find(project, route.id);
    if (!found) return refuseInteraction(arrival);
    if (route.action === "delete") {
      this.#kept.remove(project, route.id);
      return jsonAnswer({});
    }
    if (route.action !== "cancel") return jsonAnswer(found);
    const cancelled = { ...found, status: "cancelled" };
    this.#kept.put(project, route.id, cancelled);
    return jsonAnswer(cancelled);
  }

  /** Gives what the content maker made an id of its own, and keeps it. */
  async keep(arrival: Arrival, made: Response): Promise<Response> {
    const id = `v1_${newId(32)}`;
    const { project, json, model } = arrival;
    const stored = json["store"] !== false;
    if (stored)
      this.#kept.put(project, id, {
        id,
        model,
        object: "interaction",
        status: "completed",
        steps: [],
      });
    if (made.headers.get("content-type")?.startsWith("text/event-stream") && made.body) {
      const frames = frameEvents(renamed(readEvents(made.body), id), "\n");
      return answer(200, "text/event-stream", streamFrames(frames));
    }
    const interaction: unknown = await made.json();
    const whole = { object: "interaction", ...(isRecord(interaction) ? interaction : {}), id };
    if (stored) this.#kept.put(project, id, whole);
    return jsonAnswer(whole);
  }
}

/** One text for a foreign and for a missing id; the true one for a foreign id is not known (§10.5). */
export function refuseInteraction(arrival: Arrival): Response {
  if (arrival.json["stream"] === true || arrival.url.searchParams.get("stream") === "true") {
    return refuse(arrival, "interaction-not-found");
  }
  const message = "Failed to get completed interaction: Result not found.";
  return answer(
    404,
    "application/json; charset=UTF-8",
    `${JSON.stringify({ error: { code: "not_found", message } }, null, 2)}\n`,
  );
}

async function* renamed(events: AsyncGenerator<string>, id: string): AsyncGenerator<string> {
  for await (const data of events) yield data.replace(/("interaction":\{"id":)"[^"]*"/, `$1"${id}"`);
}
