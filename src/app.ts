import { Hono } from "hono";
import type { Services } from "./services.ts";
import { api } from "./surfaces/api.ts";
import { frontDoor } from "./surfaces/front-door.ts";
import { health } from "./surfaces/health.ts";
import { badge, keyCount } from "./surfaces/keycount.ts";
import { metrics } from "./surfaces/metrics.ts";
import { OPERATOR_API, operatorApi } from "./surfaces/operator/api/api.ts";
import { operatorDesk } from "./surfaces/operator/desk/desk.tsx";
import { requireOperator } from "./surfaces/operator/guard.ts";
import { ownKey } from "./surfaces/own-key.ts";
import { badgeSvg } from "./surfaces/pages/badge.ts";
import { orLostPage, pageFailed } from "./surfaces/pages/errors.tsx";
import { home } from "./surfaces/pages/home.tsx";
import { myKey } from "./surfaces/pages/my-key.tsx";
import { rotationStatus } from "./surfaces/rotation-status.ts";
import { verify } from "./surfaces/verify.ts";
import type { Visit } from "./surfaces/visit.ts";
import { welcome } from "./surfaces/welcome.ts";

export interface App {
  fetch: (request: Request, env: unknown, context: ExecutionContext) => Promise<Response>;
}

/** What Hono hands on: the front door's own visit, so that it learns of a request for the API that came this way. */
interface Brought {
  Bindings: { visit: Visit };
}

/** The route table of our own pages and reports. What is none of them is a request for the API, and goes past Hono. */
export function createApp(services: Services): App {
  const pages = new Hono<Brought>();
  const answerApi = orLostPage(services, api(services));
  const key = ownKey(services);
  pages.get("/", home(services, welcome(services)));
  pages.get("/my-key", myKey(services));
  pages.get("/keycount", keyCount(services));
  pages.get("/badge", badge(services));
  pages.get("/badge.svg", badgeSvg(services));
  pages.get("/health", health(services));
  pages.get("/key", key.show);
  pages.delete("/key", key.withdraw);
  pages.post("/key", key.rejoin);
  pages.on(["GET", "POST"], "/verify", verify(services));
  pages.route(OPERATOR_API, operatorApi(services));
  pages.route("/admin", operatorDesk(services));
  pages.get("/metrics", requireOperator(services), metrics(services));
  pages.get("/rotation-status", requireOperator(services), rotationStatus(services));
  pages.notFound((c) => answerApi(c.env.visit));
  pages.onError(pageFailed(services));

  const ours = new Set(pages.routes.map(({ path }) => firstSegment(path)));
  return {
    fetch: frontDoor(services, (visit, context) =>
      isAmong(ours, visit.request.url) ? pages.fetch(visit.request, { visit }, context) : answerApi(visit),
    ),
  };
}

/** Whether a page of ours may be meant. A percent sign may hide a letter of its name. */
function isAmong(ours: ReadonlySet<string>, url: string): boolean {
  const segment = firstSegment(url.slice(url.indexOf("/", "https://".length)));
  return ours.has(segment) || segment.includes("%");
}

/** The first segment of a path; empty for the root. */
function firstSegment(path: string): string {
  return /^\/*([^/?#]*)/.exec(path)?.[1] ?? "";
}
