import { createApp, type App } from "./app.ts";
import { consoleLog } from "./log.ts";
import { problemResponse } from "./problem.ts";
import { createServices, type Services } from "./services.ts";
import { SettingsError, type Bindings } from "./settings.ts";
import { createUpkeep } from "./upkeep.ts";

/** An isolate builds its services once; a test that brings another environment gets its own. */
const isolates = new WeakMap<Bindings, { services: Services; app: App }>();

function isolateOf(env: Bindings) {
  const known = isolates.get(env);
  if (known !== undefined) return known;
  const services = createServices(env);
  const isolate = { services, app: createApp(services) };
  isolates.set(env, isolate);
  return isolate;
}

function notConfigured({ message: cause }: SettingsError): Response {
  consoleLog("error", "settings.invalid", { cause });
  const message = `Potluck is not configured. ${cause}`;
  const response = problemResponse({ code: 500, status: "INTERNAL", message }, "gemini");
  response.headers.set("access-control-allow-origin", "*");
  return response;
}

export { EgressRelay } from "./upstream/egress-relay.ts";

export default {
  fetch(request, env, ctx): Promise<Response> {
    let isolate: ReturnType<typeof isolateOf>;
    try {
      isolate = isolateOf(env);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      return Promise.resolve(notConfigured(error));
    }
    return isolate.app.fetch(request, env, ctx);
  },

  async scheduled(_controller, env, ctx) {
    await createUpkeep(isolateOf(env).services)((work) => ctx.waitUntil(work));
  },
} satisfies ExportedHandler<Bindings>;
