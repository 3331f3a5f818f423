import type { Refusals } from "./refusals.ts";
import type { Route } from "./route.ts";

/** A request that got past Google's front door: its key is known, its body is read. */
export interface Arrival {
  request: Request;
  url: URL;
  route: Route;
  key: string;
  project: string;
  bytes: Uint8Array;
  /** The JSON object in the body; empty where there is none. */
  json: Record<string, unknown>;
  model: string | undefined;
  now: number;
  refusals: Refusals;
}

export function refuse(arrival: Arrival, fixture: string, edit?: (body: string) => string): Response {
  const { key, project, model } = arrival;
  return arrival.refusals.recorded(fixture, arrival.route, { key, project, model }, edit);
}

/** The answer for a batch, an operation or a store of another project; the true text is not known (protocol §10.5). */
export function notFound(arrival: Arrival): Response {
  return refuse(arrival, "entity-not-found");
}

export function invalidArgument(arrival: Arrival, message?: string): Response {
  if (message === undefined) return refuse(arrival, "invalid-argument");
  return arrival.refusals.plain(400, "INVALID_ARGUMENT", message, arrival.route);
}
