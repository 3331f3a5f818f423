import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../src/app.ts";
import type { LogFields } from "../../src/log.ts";
import { createServices, type World } from "../../src/services.ts";
import { SETTINGS, type Bindings } from "../../src/settings.ts";
import { cannedContent } from "../../simulator/canned-content.ts";
import { SimulatedGoogle } from "../../simulator/google.ts";
import { limitOn } from "./faulty-d1.ts";
import { googleFixtures } from "./google-fixtures.ts";

export const MODEL = "gemini-2.5-flash";
export const PROMPT = { contents: [{ role: "user", parts: [{ text: "Hello" }] }] };

/** Some day in November, 10:00 in Los Angeles. */
export const START = Date.UTC(2026, 10, 21, 18);

export interface Sent {
  key?: string;
  path?: string;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Table {
  google: SimulatedGoogle;
  /** Sends one request through the whole Worker and waits for its background work. */
  send: (sent?: Sent) => Promise<Response>;
  /** Starts one isolate more on the same database. */
  isolate: (vars?: Partial<Bindings>) => (sent?: Sent) => Promise<Response>;
  /** Issues keys at Google and contributes them by use. */
  contribute: (...keys: string[]) => Promise<void>;
  /** Which keys served since the last call of this function, in order. */
  served: () => string[];
  advance: (ms: number) => void;
  /** How long the Worker wanted to wait before its retries, in ms. Nothing waits in truth. */
  pauses: number[];
  log: { level: string; event: string; fields: LogFields }[];
}

/**
 * A test sends more in a minute than any honest caller, and nothing to the real Google; limits and relay have tests
 * of their own.
 */
const AT_HOME: Partial<Bindings> = { FAIR_SHARE: undefined, NEW_KEYS: undefined, EGRESS: "direct" };

/**
 * The real Worker on the real D1, with the simulated Google in place of `fetch` and a clock that only the test moves
 * (background flushes do not wait). Keys and rows are the test file's own.
 */
export function layTable(vars: Partial<Bindings> = {}, world: Partial<World> = {}): Table {
  let now = START;
  const clock = () => now;
  // The one sleep that is a limit, not a wait: cut short, every query would look late.
  const d1TimeoutMs = Number(vars.D1_TIMEOUT_MS ?? SETTINGS.D1_TIMEOUT_MS.default);
  const google = new SimulatedGoogle({ fixtures: googleFixtures, content: cannedContent, now: clock });
  const log: Table["log"] = [];
  const pauses: number[] = [];

  const isolate: Table["isolate"] = (more = {}) => {
    const limit = limitOn(more.DB ?? vars.DB);
    const services = createServices(
      { ...env, ...AT_HOME, FLUSH_AFTER_MS: "0", ...vars, ...more },
      {
        fetch: google.fetch,
        clock,
        sleep: async (ms) => {
          if (ms === d1TimeoutMs) return limit(ms);
          if (ms > 0) pauses.push(ms);
        },
        log: (level, event, fields = {}) => log.push({ level, event, fields }),
        ...world,
      },
    );
    const app = createApp(services);
    return async (sent = {}) => {
      const context = createExecutionContext();
      const response = await app.fetch(toRequest(sent), env, context);
      await waitOnExecutionContext(context);
      return response;
    };
  };

  const send = isolate();
  let counted = 0;
  return {
    google,
    send,
    isolate,
    log,
    pauses,
    async contribute(...keys) {
      for (const key of keys) {
        google.issue(key);
        const response = await send({ key });
        await response.body?.cancel();
        if (!response.headers.has("x-pool-contributed")) throw new Error(`${key} was not contributed`);
      }
      counted = google.calls.length;
    },
    served() {
      const keys = google.calls.slice(counted).map((call) => call.key ?? "none");
      counted = google.calls.length;
      return keys;
    },
    advance(ms) {
      now += ms;
    },
  };
}

function toRequest({ key, path = `/v1beta/models/${MODEL}:generateContent`, ...sent }: Sent): Request {
  const method = sent.method ?? "POST";
  const { body = method === "POST" ? PROMPT : undefined } = sent;
  return new Request(`https://potluck.example${path}`, {
    method,
    headers: {
      ...(key === undefined ? {} : { "x-goog-api-key": key }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...sent.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    ...(sent.signal === undefined ? {} : { signal: sent.signal }),
  });
}

let made = 0;

/** A key that looks like Google's and is no other test's. */
export function newKey(): string {
  made += 1;
  return `AIza${crypto.randomUUID().replaceAll("-", "")}${String(made % 1000).padStart(3, "0")}`;
}

export function newKeys(count: number): string[] {
  return Array.from({ length: count }, newKey);
}
