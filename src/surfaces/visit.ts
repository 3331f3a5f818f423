import type { Target } from "../ingress/target.ts";
import type { Defer } from "../pool/rotation.ts";
import type { Relayed } from "../relay/call.ts";

/** A request on its way through the Worker, and what is learned of it there. */
export interface Visit {
  request: Request;
  arrivedAt: number;
  defer: Defer;
  /** What is known of a request to the API; without it the request gets no line in the log, and is not counted. */
  about: About | undefined;
}

export interface About {
  target: Target;
  model: string | undefined;
  relayed: Relayed | undefined;
  /** No key of the pool was ready for a caller who brings none. */
  isDry?: boolean;
}

export function toVisit(request: Request, context: Pick<ExecutionContext, "waitUntil">, arrivedAt: number): Visit {
  return { request, arrivedAt, defer: (work) => context.waitUntil(work), about: undefined };
}
