import { causeOf } from "../log.ts";
import { problemResponse } from "../problem.ts";
import type { Services } from "../services.ts";
import { answerPreflight, isForOperator, openToAnyOrigin } from "./cors.ts";
import { requestLog } from "./request-log.ts";
import { tally } from "./tally.ts";
import { toVisit, type Visit } from "./visit.ts";

type Answer = (visit: Visit, context: ExecutionContext) => Response | Promise<Response>;

/**
 * What is done for every request, whoever answers it: an id that the caller gets as well, leave for pages of any origin
 * to read the answer (but not what is for the operator), a line in the log about some, and an answer even where something unexpected happened.
 */
export function frontDoor(services: Services, answer: Answer) {
  const tellLog = requestLog(services);
  const count = tally(services);
  const { liveSettings } = services;

  return async function frontDoor(request: Request, _env: unknown, context: ExecutionContext): Promise<Response> {
    const id = crypto.randomUUID();
    const visit = toVisit(request, context, services.clock());
    const settled = liveSettings.ready(visit.defer);
    if (settled !== undefined) await settled;
    liveSettings.refreshSometimes(visit.defer);
    const isOpen = !isForOperator(request.url);
    let response: Response;
    try {
      const isPreflight = isOpen && request.method === "OPTIONS";
      response = isPreflight ? answerPreflight(request) : await answer(visit, context);
    } catch (error) {
      response = unexpected(error, services);
    }
    tellLog(visit, response, id);
    count(visit, response);
    // The answer to an upgrade takes no more headers.
    if (response.webSocket) return response;
    response.headers.set("x-pool-request-id", id);
    if (isOpen) openToAnyOrigin(response.headers);
    return response;
  };
}

function unexpected(error: unknown, { log }: Services): Response {
  log("error", "app.unexpected", { cause: causeOf(error), name: error instanceof Error ? error.name : "unknown" });
  const message = "The pool's database did not answer, or something unexpected happened. Please try again.";
  return problemResponse({ code: 503, status: "UNAVAILABLE", message }, "gemini");
}
