import type { Behaviour } from "./behaviour.ts";
import type { SimulatedGoogle } from "./google.ts";
import { isRecord } from "./json.ts";

const PREFIX = "/__simulator/";

/**
 * Scripts the simulated Google from another process: `POST issue {key, project?}`, `POST script {key, behaviour}`,
 * `POST location {refuse}`, `GET calls[?key=]`, `GET violations`, `GET faults`, `POST reset`. Undefined for Google's own paths.
 */
export async function control(google: SimulatedGoogle, request: Request): Promise<Response | undefined> {
  const url = new URL(request.url);
  if (!url.pathname.startsWith(PREFIX)) return undefined;
  const body: unknown = request.method === "POST" ? await request.json().catch(() => ({})) : {};
  const { key, project, behaviour, refuse } = isRecord(body) ? body : {};
  switch (`${request.method} ${url.pathname.slice(PREFIX.length)}`) {
    case "POST issue":
      if (typeof key !== "string") return Response.json({ error: "key: a string" }, { status: 400 });
      return Response.json({
        project: google.issue(key, typeof project === "string" ? { project } : {}),
      });
    case "POST script":
      if (typeof key !== "string" || !isBehaviour(behaviour)) {
        return Response.json({ error: "key: a string; behaviour: one or a list" }, { status: 400 });
      }
      google.script(key, behaviour);
      return Response.json({});
    case "POST location":
      google.refuseLocation(refuse === true);
      return Response.json({});
    case "GET calls": {
      const of = url.searchParams.get("key");
      return Response.json(of === null ? google.calls : google.callsBy(of));
    }
    case "GET violations":
      return Response.json(google.violations);
    case "GET faults":
      return Response.json(google.faults);
    case "POST reset":
      google.reset();
      return Response.json({});
    default:
      return Response.json({ error: "no such control" }, { status: 404 });
  }
}

/** Trusts the fields: only our own scripts speak to this surface. */
function isBehaviour(value: unknown): value is Behaviour | Behaviour[] {
  return Array.isArray(value) ? value.every(isBehaviour) : isRecord(value) && typeof value["kind"] === "string";
}
