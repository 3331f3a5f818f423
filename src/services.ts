import { systemClock, systemSleep, type Clock, type Sleep } from "./clock.ts";
import { consoleLog, type Log } from "./log.ts";
import { createFairShare, type FairShare } from "./pool/fair-share.ts";
import { createPool, type Pool } from "./pool/pool.ts";
import { createRelay, type Relay } from "./relay/relay.ts";
import { parseSettings, type Bindings, type Settings } from "./settings.ts";
import { createTicketOffice, type TicketOffice } from "./upload-ticket.ts";
import { withFallbackEgress } from "./upstream/egress.ts";
import { relayFetch } from "./upstream/egress-relay.ts";
import { createForward, type Forward } from "./upstream/forward.ts";
import { withoutStoring } from "./upstream/prompt-store.ts";

/** Everything that a surface works with; one object for each isolate, which holds all that the isolate keeps. */
export interface Services {
  settings: Settings;
  pool: Pool;
  relay: Relay;
  fairShare: FairShare;
  /** Sends one attempt to Google, past the pool. */
  forward: Forward;
  tickets: TicketOffice;
  clock: Clock;
  log: Log;
}

/** What reaches outside; tests pass their own. */
export interface World {
  fetch: typeof fetch;
  /** A `fetch` that leaves from elsewhere; by default the Durable Object, where there is one. */
  fetchElsewhere?: typeof fetch;
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
  const world = { ...realWorld, ...overrides };
  const { clock, sleep, random, log } = world;
  const pool = createPool({
    d1: env.DB,
    poolSecret: settings.POOL_SECRET,
    nextSecret: settings.POOL_SECRET_NEXT,
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
  const forward = createEgress(env, settings, world);
  const fairShare = createFairShare({ contributors: env.FAIR_SHARE, newKeys: env.NEW_KEYS, clock });
  const forwardForPool = settings.PROMPT_STORE === "never" ? withoutStoring(forward, clock) : forward;
  const { MAX_RETRIES: maxRetries, RETRY_BUDGET_MS: budgetMs } = settings;
  const relay = createRelay({ pool, fairShare, forward, forwardForPool, clock, sleep, random, maxRetries, budgetMs });
  const tickets = createTickets(settings);
  return { settings, pool, relay, fairShare, forward, tickets, clock, log };
}

/** While POOL_SECRET is being replaced, tickets of both secrets are good: an upload under way goes on. */
function createTickets({ POOL_SECRET, POOL_SECRET_NEXT }: Settings): TicketOffice {
  const former = createTicketOffice(POOL_SECRET);
  if (POOL_SECRET_NEXT === undefined) return former;
  const office = createTicketOffice(POOL_SECRET_NEXT);
  return {
    issue: (...upload) => office.issue(...upload),
    admits: (...ticket) => office.admits(...ticket) || former.admits(...ticket),
  };
}

/** The way to Google that the operator chose: from here, from the relay, or from the relay where here is refused. */
function createEgress(env: Bindings, settings: Settings, world: World): Forward {
  const { GEMINI_BASE_URL: baseUrl, UPSTREAM_TIMEOUT_MS: timeoutMs, EGRESS, EGRESS_LOCATION } = settings;
  const direct = createForward({ baseUrl, fetch: world.fetch, timeoutMs });
  const elsewhere =
    world.fetchElsewhere ?? (env.EGRESS_RELAY && relayFetch(env.EGRESS_RELAY, EGRESS_LOCATION, world.random));
  if (EGRESS === "direct" || elsewhere === undefined) return direct;
  const relay = createForward({ baseUrl, fetch: elsewhere, timeoutMs });
  return EGRESS === "relay" ? relay : withFallbackEgress({ direct, relay, clock: world.clock });
}
