import { Hono } from "hono";
import { causeOf } from "./log.ts";
import { problemResponse } from "./problem.ts";
import type { Services } from "./services.ts";
import { api } from "./surfaces/api.ts";
import { cors } from "./surfaces/cors.ts";
import { health } from "./surfaces/health.ts";
import { badge, keyCount } from "./surfaces/keycount.ts";
import { reseal } from "./surfaces/operator/reseal.ts";
import { ownKey } from "./surfaces/own-key.ts";
import { requestLog } from "./surfaces/request-log.ts";
import { verify } from "./surfaces/verify.ts";
import { welcome } from "./surfaces/welcome.ts";

/** The route table. What is no page or report of our own is a request for the API. */
export function createApp(services: Services): Hono {
  const app = new Hono();
  const key = ownKey(services);
  app.use(requestLog(services));
  app.use(cors());
  app.get("/", welcome());
  app.get("/keycount", keyCount(services));
  app.get("/badge", badge(services));
  app.get("/health", health(services));
  app.get("/key", key.show);
  app.delete("/key", key.withdraw);
  app.post("/key", key.rejoin);
  app.on(["GET", "POST"], "/verify", verify(services));
  app.post("/api/admin/reseal", reseal(services));
  app.all("*", api(services));
  app.onError((error) => {
    services.log("error", "app.unexpected", { cause: causeOf(error), name: error.name });
    const message = "The pool's database did not answer, or something unexpected happened. Please try again.";
    return problemResponse({ code: 503, status: "UNAVAILABLE", message }, "gemini");
  });
  return app;
}
