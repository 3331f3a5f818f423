import type { Hono } from "hono";
import { createApp } from "./app.ts";
import { consoleLog } from "./log.ts";
import { problemResponse } from "./problem.ts";
import { createServices, type Services } from "./services.ts";
import { SettingsError, type Bindings } from "./settings.ts";

/** An isolate builds its services once; a test that brings another environment gets its own. */
const isolates = new WeakMap<Bindings, { services: Services; app: Hono }>();

function isolateOf(env: Bindings) {
  const known = isolates.get(env);
  if (known !== undefined) return known;
  const services = createServices(env);
  const isolate = { services, app: createApp(services) };
  isolates.set(env, isolate);
  return isolate;
}

export { EgressRelay } from "./upstream/egress-relay.ts";

export default {
  async fetch(request, env, ctx) {
    try {
      return await isolateOf(env).app.fetch(request, env, ctx);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      consoleLog("error", "settings.invalid", { cause: error.message });
      const message = `Potluck is not configured. ${error.message}`;
      const response = problemResponse({ code: 500, status: "INTERNAL", message }, "gemini");
      response.headers.set("access-control-allow-origin", "*");
      return response;
    }
  },

  async scheduled(_controller, env) {
    await isolateOf(env).services.pool.tend();
  },
} satisfies ExportedHandler<Bindings>;
