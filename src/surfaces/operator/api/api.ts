import { Hono } from "hono";
import type { Services } from "../../../services.ts";
import { problemResponse } from "../../../problem.ts";
import { requireOperator } from "../guard.ts";
import { openApiDocument } from "./document.ts";
import { keyExportRoutes } from "./key-export-routes.ts";
import { keyWorkRoutes } from "./key-work-routes.ts";
import { keyRoutes } from "./key-routes.ts";
import { notFound, route, type Route } from "./route.ts";
import { recordRoutes } from "./record-routes.ts";
import { settingRoutes } from "./setting-routes.ts";
import { tokenRoutes } from "./token-routes.ts";
import { upkeepRoutes } from "./upkeep-routes.ts";

/** Where the operator's API is. */
export const OPERATOR_API = "/api/admin";

/** Every route below /api/admin. A fixed path stands before one that would match it too. */
export function operatorRoutes(services: Services): Route[] {
  const routes = [
    ...keyExportRoutes(services),
    ...keyWorkRoutes(services),
    ...keyRoutes(services),
    ...tokenRoutes(services),
    ...settingRoutes(services),
    ...recordRoutes(services),
    ...upkeepRoutes(services),
  ];
  let document: string | undefined;
  routes.push(
    route({
      method: "get",
      path: "/openapi.json",
      name: "getDocument",
      tag: "about",
      summary: "This document.",
      async handle() {
        document ??= JSON.stringify(openApiDocument(routes, OPERATOR_API));
        return new Response(document, { headers: { "content-type": "application/json" } });
      },
    }),
  );
  return routes;
}

/** The operator's JSON API: behind the guard, for no other origin, and kept by no cache. */
export function operatorApi(services: Services): Hono {
  const app = new Hono();
  const routes = operatorRoutes(services);
  app.use(requireOperator(services));
  app.use(async function keepNowhere(c, next) {
    await next();
    c.res.headers.set("cache-control", "no-store");
    c.res.headers.set("x-content-type-options", "nosniff");
  });
  for (const { method, path, serve } of routes) {
    app.on(method, toHonoPath(path), (c) =>
      serve({
        request: c.req.raw,
        params: c.req.param(),
        defer: (work) => c.executionCtx.waitUntil(work),
      }),
    );
  }
  for (const path of new Set(routes.map((one) => one.path))) {
    const allowed = routes.filter((one) => one.path === path).map(({ method }) => method.toUpperCase());
    app.all(toHonoPath(path), () => methodNotAllowed(allowed));
  }
  app.all("*", () => notFound(`There is no such route; see ${OPERATOR_API}/openapi.json.`));
  return app;
}

function toHonoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

function methodNotAllowed(allowed: readonly string[]): Response {
  const message = `This route takes ${allowed.join(" and ")}.`;
  const response = problemResponse({ code: 405, status: "INVALID_ARGUMENT", message }, "gemini");
  response.headers.set("allow", allowed.join(", "));
  return response;
}
