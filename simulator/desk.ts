import type { Arrival } from "./arrival.ts";
import { invalidArgument, notFound, refuse } from "./arrival.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Content } from "./generation.ts";
import { askContent, countTokens, embedBatch, generate, refuseBody, refuseModel } from "./generation.ts";
import { findModel, listModels, listOpenAiModels, openAiModel } from "./models.ts";
import { QuotaLedger, withTrueDelay } from "./quota.ts";
import { jsonAnswer } from "./refusals.ts";
import { Property } from "./state/property.ts";

const OPENAI_GENERATING = new Set(["chat/completions", "embeddings", "images/generations"]);

/** Serves a request whose key is good: finds who answers it. */
export class Desk {
  readonly property = new Property();
  readonly #content: Content;
  readonly #quota = new QuotaLedger();

  constructor(content: Content) {
    this.#content = content;
  }

  clear(): void {
    this.#quota.clear();
    this.property.clear();
  }

  serve(arrival: Arrival, behaviour: Behaviour, malformed: boolean): Response | Promise<Response> {
    const { route } = arrival;
    if (route.surface === "upload") return this.property.upload(arrival);
    if (malformed) return refuseMalformed(arrival);
    if (route.surface === "openai") return this.#openAi(arrival, behaviour);
    if (route.collection === "models") return this.#models(arrival, behaviour);
    if (route.collection === "interactions") return this.#interactions(arrival, behaviour);
    if (route.collection === "tunedModels") return refuseTunedModel(arrival);
    return this.property.serve(arrival) ?? arrival.refusals.unknownPath(arrival.url.pathname);
  }

  #models(arrival: Arrival, behaviour: Behaviour): Response | Promise<Response> {
    const { route, url } = arrival;
    if (route.action === "list") return listModels(url);
    if (route.id.includes("/operations/")) return this.property.pollVideo(arrival);
    if (route.action === "get") {
      const found = findModel(route.id);
      return found ? jsonAnswer(found) : refuseModel(arrival);
    }
    const refusal = refuseBody(arrival) ?? this.property.refuseForeign(arrival);
    if (refusal) return refusal;
    if (route.action === "countTokens") return countTokens(arrival);
    const overQuota = this.#overQuota(arrival, behaviour);
    if (overQuota) return overQuota;
    switch (route.action) {
      case "generateContent":
      case "streamGenerateContent":
      case "embedContent":
      case "predict":
        return generate(arrival, this.#content, behaviour);
      case "batchEmbedContents":
        return embedBatch(arrival, this.#content);
      case "predictLongRunning":
        return this.property.startVideo(arrival);
      case "batchGenerateContent":
      case "asyncBatchEmbedContent":
        return this.property.startBatch(arrival);
      default:
        return notFound(arrival);
    }
  }

  #openAi(arrival: Arrival, behaviour: Behaviour): Response | Promise<Response> {
    const { route } = arrival;
    if (route.id === "models") return listOpenAiModels();
    if (route.id.startsWith("models/")) {
      const found = findModel(route.id);
      return found
        ? jsonAnswer(openAiModel(found))
        : refuseModel({ ...arrival, model: route.id.slice("models/".length) });
    }
    if (!OPENAI_GENERATING.has(route.id)) return arrival.refusals.unknownPath(arrival.url.pathname);
    const refusal = refuseBody(arrival) ?? this.property.refuseForeign(arrival);
    return refusal ?? this.#overQuota(arrival, behaviour) ?? generate(arrival, this.#content, behaviour);
  }

  async #interactions(arrival: Arrival, behaviour: Behaviour): Promise<Response> {
    if (arrival.route.action !== "create" || arrival.route.id) return this.property.interactions.serve(arrival);
    const refusal = refuseBody(arrival) ?? this.property.refuseForeign(arrival) ?? this.#overQuota(arrival, behaviour);
    if (refusal) return refusal;
    const made = await askContent(arrival, this.#content);
    return made.ok ? this.property.interactions.keep(arrival, made) : made;
  }

  #overQuota(arrival: Arrival, behaviour: Behaviour): Response | undefined {
    const limits = behaviour.kind === "quota" ? behaviour : {};
    const broken = this.#quota.use(arrival.project, arrival.model ?? "", limits, arrival.now);
    if (broken === "day") return refuse(arrival, "quota-day");
    if (broken === "minute") return refuse(arrival, "quota-minute", (body) => withTrueDelay(body, arrival.now));
    return undefined;
  }
}

const ECHO_LIMIT_BYTES = 60;

/** Google shows where the JSON breaks, in the caller's own words; the wording is known from use, not recorded. */
function refuseMalformed(arrival: Arrival): Response {
  const excerpt = new TextDecoder().decode(arrival.bytes.subarray(0, ECHO_LIMIT_BYTES));
  return invalidArgument(arrival, `Invalid JSON payload received. Unexpected token.\n${excerpt}\n^`);
}

/** Nobody has a tuned model here, so each is somebody else's (protocol §1.3). */
function refuseTunedModel(arrival: Arrival): Response {
  const { route } = arrival;
  if (route.action === "list") return jsonAnswer({});
  const id = route.id.replace(/[^\w./-]/g, "");
  return refuse(arrival, "tuned-model-forbidden", (body) => body.replace(/tunedModels\/[\w-]+/, `tunedModels/${id}`));
}
