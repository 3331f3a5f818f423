import type { Fixture } from "../test/support/google-fixture.ts";
import type { Arrival } from "./arrival.ts";
import { refuse } from "./arrival.ts";
import type { Behaviour } from "./behaviour.ts";
import { fixtureNames, Script } from "./behaviour.ts";
import type { Call } from "./calls.ts";
import { noteBody, openCall, watchAnswer } from "./calls.ts";
import { readCredential, unknownKeyRefusal } from "./credential.ts";
import { Desk } from "./desk.ts";
import type { Content } from "./generation.ts";
import { readJson } from "./json.ts";
import type { LiveRefusal } from "./live-admission.ts";
import { liveRefusalFor, LOCATION_REFUSED, readLiveKey, UNKNOWN_KEY } from "./live-admission.ts";
import { Refusals } from "./refusals.ts";
import type { Route } from "./route.ts";
import { readRoute } from "./route.ts";
import type { Violation } from "./violations.ts";
import { findViolations } from "./violations.ts";
import { forever, pause, untilAborted } from "./waiting.ts";

export interface SimulatedGoogleOptions {
  /** Recorded errors by name: the files of test/fixtures/google. */
  fixtures: Readonly<Record<string, Fixture>>;
  /** Makes the content of successful answers; see content.ts. */
  content: Content;
  now?: () => number;
}

/** What a broken connection looks like to `fetch`. */
export class ConnectionReset extends TypeError {
  override name = "TypeError";
}

const FIRST_PROJECT_NUMBER = 100_000_000_001;

/**
 * The Gemini Developer API as the recorded errors and the protocol notes know it ("protocol §…" in this folder). It
 * judges the wire only: credentials, layouts, quotas, ownership. Pure Web API, for Node and workerd.
 */
export class SimulatedGoogle {
  readonly calls: Call[] = [];
  /** Headers that should not have reached Google; a test of a proxy expects none. */
  readonly violations: Violation[] = [];
  /** Where the simulator itself had no answer; such a request fails as a broken connection would. */
  readonly faults: string[] = [];
  readonly #projects = new Map<string, string>();
  readonly #scripts = new Map<string, Script>();
  readonly #refusals: Refusals;
  readonly #desk: Desk;
  readonly #now: () => number;
  #refusesLocation: (request: Request) => boolean = () => false;

  constructor(options: SimulatedGoogleOptions) {
    this.#now = options.now ?? Date.now;
    this.#refusals = new Refusals(options.fixtures);
    this.#desk = new Desk(options.content);
  }

  /** Makes the key a good one. Returns its project's number; without `project` it gets a project of its own. */
  issue(key: string, { project }: { project?: string } = {}): string {
    const number = project ?? this.#projects.get(key) ?? String(FIRST_PROJECT_NUMBER + this.#projects.size);
    this.#projects.set(key, number);
    return number;
  }

  /** What the key does from now on: always the same, or a sequence whose last step repeats. Issues the key; throws on a fixture that is not there. */
  script(key: string, behaviour: Behaviour | readonly Behaviour[]): void {
    const steps = "kind" in behaviour ? [behaviour] : behaviour;
    for (const name of steps.flatMap(fixtureNames)) this.#refusals.expect(name);
    this.issue(key);
    this.#scripts.set(key, new Script(steps));
  }

  /** Answers every request (or those that the predicate picks) with the location error (§1.4, §6). */
  refuseLocation(on: boolean | ((request: Request) => boolean)): void {
    this.#refusesLocation = typeof on === "function" ? on : () => on;
  }

  callsBy(key: string): Call[] {
    return this.calls.filter((call) => call.key === key);
  }

  /** Forgets keys, scripts, calls, violations and everything that projects own. */
  reset(): void {
    this.calls.length = 0;
    this.violations.length = 0;
    this.faults.length = 0;
    this.#projects.clear();
    this.#scripts.clear();
    this.#desk.clear();
    this.#refusesLocation = () => false;
  }

  /** Takes the place of the global `fetch`; may be passed on unbound. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const url = new URL(request.url);
    const call = openCall(request, url, this.#now());
    this.calls.push(call);
    this.violations.push(...findViolations(request, call.path, call.at));
    try {
      const answer = await untilAborted(signal ?? undefined, this.#answer(request, url, call));
      return watchAnswer(call, answer, signal ?? undefined);
    } catch (error) {
      call.aborted = signal?.aborted === true;
      if (!call.aborted && !(error instanceof ConnectionReset)) this.faults.push(String(error));
      throw error;
    }
  };

  /** Checks a Live handshake; undefined lets the session begin (protocol §1.8, §2.6). */
  async admitLive(request: Request): Promise<LiveRefusal | undefined> {
    const url = new URL(request.url);
    const call = openCall(request, url, this.#now());
    this.calls.push(call);
    this.violations.push(...findViolations(request, call.path, call.at));
    const key = readLiveKey(request, url);
    call.key = key;
    call.credential = request.headers.has("x-goog-api-key") ? "header" : key === undefined ? "none" : "query";
    if (key === undefined) return UNKNOWN_KEY;
    const project = this.#projects.get(key) ?? this.#desk.property.projectOfToken(key);
    if (project === undefined) return UNKNOWN_KEY;
    call.project = project;
    if (this.#refusesLocation(request)) return LOCATION_REFUSED;
    const behaviour = this.#scripts.get(key)?.next(undefined) ?? { kind: "good" };
    const refusal = await liveRefusalFor(behaviour, (fixture) =>
      this.#refusals.recorded(fixture, undefined, { key, project }),
    );
    call.answeredStatus = 101;
    return refusal;
  }

  async #answer(request: Request, url: URL, call: Call): Promise<Response> {
    const bytes = new Uint8Array(await request.arrayBuffer());
    noteBody(call, bytes);
    const route = readRoute(request.method, url);
    if (!route) return this.#refusals.unknownPath(url.pathname);
    const credential = readCredential(request, url, route);
    const { key } = credential;
    call.credential = credential.kind;
    call.key = key;
    call.project = key === undefined ? undefined : this.#projects.get(key);
    const chunk = await this.#desk.property.continueUpload(request, url, bytes);
    if (chunk) return chunk;
    const json = readJson(bytes);
    call.model = modelOf(route, json);
    const echo = { key, project: call.project, model: call.model };
    if (key === undefined || credential.refusal !== undefined) {
      return this.#refusals.recorded(credential.refusal ?? "no-key", route, echo);
    }
    if (call.project === undefined) return this.#refusals.recorded(unknownKeyRefusal(key), route, echo);
    if (this.#refusesLocation(request)) return this.#refusals.recorded("location-refused", route, echo);

    const { project, model, at: now } = call;
    const behaviour = this.#scripts.get(key)?.next(model) ?? { kind: "good" };
    const refusals = this.#refusals;
    const arrival = {
      request,
      url,
      route,
      key,
      project,
      bytes,
      json: json ?? {},
      model,
      now,
      refusals,
    };
    return this.#behave(arrival, behaviour, json === undefined);
  }

  async #behave(arrival: Arrival, behaviour: Behaviour, malformed: boolean): Promise<Response> {
    switch (behaviour.kind) {
      case "error":
        return refuse(arrival, behaviour.fixture);
      case "html":
        return refuse(arrival, "bad-gateway-html");
      case "reset":
        throw new ConnectionReset("fetch failed: the connection was reset");
      case "hang":
        return forever();
      case "slow":
        await pause(behaviour.delayMs);
        return this.#behave(arrival, behaviour.next ?? { kind: "good" }, malformed);
      case "good":
      case "quota":
      case "midstream-error":
      case "drip":
        return this.#desk.serve(arrival, behaviour, malformed);
    }
  }
}

function modelOf(route: Route, json: Record<string, unknown> | undefined): string | undefined {
  if (route.model !== undefined) return route.model;
  const named = route.surface === "openai" || route.collection === "interactions" ? json?.["model"] : undefined;
  return typeof named === "string" ? named.replace(/^models\//, "") : undefined;
}
