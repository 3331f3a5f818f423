import { systemClock, systemSleep, type Clock, type Sleep } from "./clock.ts";
import { consoleLog, type Log } from "./log.ts";
import { createPool, type Pool } from "./pool/pool.ts";
import { createRelay, type Relay } from "./relay/relay.ts";
import { parseSettings, type Bindings, type Settings } from "./settings.ts";
import { createTicketOffice, type TicketOffice } from "./upload-ticket.ts";
import { createForward, type Forward } from "./upstream/forward.ts";
import { withoutStoring } from "./upstream/prompt-store.ts";

/** Everything that a surface works with; one object for each isolate, which holds all that the isolate keeps. */
export interface Services {
  settings: Settings;
  pool: Pool;
  relay: Relay;
  /** Sends one attempt to Google, past the pool. */
  forward: Forward;
  tickets: TicketOffice;
  clock: Clock;
  log: Log;
}

/** What reaches outside; tests pass their own. */
export interface World {
  fetch: typeof fetch;
  clock: Clock;
  sleep: Sleep;
  random: () => number;
  log: Log;
}

const realWorld: World = {
  fetch: (input, init) => fetch(input, init),
  clock: systemClock,
  sleep: systemSleep,
  random: Math.random,
  log: consoleLog,
};

/** The composition root. Throws a `SettingsError` that names the setting which is missing or wrong. */
export function createServices(env: Bindings, overrides: Partial<World> = {}): Services {
  const settings = parseSettings(env);
  const { fetch, clock, sleep, random, log } = { ...realWorld, ...overrides };
  const pool = createPool({
    d1: env.DB,
    poolSecret: settings.POOL_SECRET,
    leaseMax: settings.LEASE_MAX,
    leaseTtlMs: settings.LEASE_TTL_MS,
    contributorTtlMs: settings.CONTRIBUTOR_TTL_MS,
    d1TimeoutMs: settings.D1_TIMEOUT_MS,
    flushAfterMs: settings.FLUSH_AFTER_MS,
    clock,
    sleep,
    random,
    log,
  });
  const forward = createForward({ baseUrl: settings.GEMINI_BASE_URL, fetch, timeoutMs: settings.UPSTREAM_TIMEOUT_MS });
  const forwardForPool = settings.PROMPT_STORE === "never" ? withoutStoring(forward, clock) : forward;
  const { MAX_RETRIES: maxRetries, RETRY_BUDGET_MS: budgetMs } = settings;
  const relay = createRelay({ pool, forward, forwardForPool, clock, sleep, random, maxRetries, budgetMs });
  const tickets = createTicketOffice(settings.POOL_SECRET);
  return { settings, pool, relay, forward, tickets, clock, log };
}
