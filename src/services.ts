import { createAccess, type Access } from "./access/access.ts";
import { createAttempts, type Attempts } from "./access/attempts.ts";
import { createSessions, type Sessions } from "./access/sessions.ts";
import { systemClock, systemSleep, type Clock, type Sleep } from "./clock.ts";
import { consoleLog, type Log } from "./log.ts";
import { settingsOverrideTable } from "./db/settings-overrides.ts";
import { createLiveSettings, type LiveSettings } from "./live-settings.ts";
import { sessionTable } from "./db/sessions.ts";
import { createFairShare, type FairShare } from "./pool/fair-share.ts";
import { createPool, type Pool } from "./pool/pool.ts";
import { createDesk, type Desk } from "./relay/desk.ts";
import type { NoteFailure } from "./relay/failure.ts";
import { createGuestRelay, type GuestRelay } from "./relay/guest.ts";
import { createProbe, type Probe } from "./relay/probe.ts";
import { createRecords, type Records } from "./records/records.ts";
import { createRelay, type Relay } from "./relay/relay.ts";
import { parseSettings, type Bindings, type Settings } from "./settings.ts";
import { createTicketOffice, type TicketOffice } from "./upload-ticket.ts";
import { withFallbackEgress } from "./upstream/egress.ts";
import { relayFetch } from "./upstream/egress-relay.ts";
import { createForward, type Forward } from "./upstream/forward.ts";
import { withoutStoring } from "./upstream/prompt-store.ts";

/** Everything that a surface works with; one object for each isolate, which holds all that the isolate keeps. */
export interface Services {
  /** One object whose properties always hold what is set now: read at use. */
  settings: Settings;
  liveSettings: LiveSettings;
  pool: Pool;
  /** What happened to requests, in numbers, and which attempts failed. */
  records: Records;
  relay: Relay;
  /** The way of those who bring an access token instead of a key. */
  guests: GuestRelay;
  access: Access;
  fairShare: FairShare;
  /** Sends one attempt to Google, past the pool. */
  forward: Forward;
  /** Asks Google whether a key works, past the pool. */
  probe: Probe;
  /** What the operator does to keys. */
  desk: Desk;
  tickets: TicketOffice;
  /** Who is signed in as the operator. */
  sessions: Sessions;
  /** Who tried the operator's token in vain. */
  attempts: Attempts;
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
  const liveSettings = createLiveSettings({ settings, table: settingsOverrideTable(env.DB), clock, sleep, log });
  const pool = createPool({
    d1: env.DB,
    poolSecret: settings.POOL_SECRET,
    nextSecret: settings.POOL_SECRET_NEXT,
    get leaseMax() {
      return settings.LEASE_MAX;
    },
    get leaseTtlMs() {
      return settings.LEASE_TTL_MS;
    },
    contributorTtlMs: settings.CONTRIBUTOR_TTL_MS,
    d1TimeoutMs: settings.D1_TIMEOUT_MS,
    flushAfterMs: settings.FLUSH_AFTER_MS,
    clock,
    sleep,
    random,
    log,
  });
  const records = createRecords({ d1: env.DB, scheduleFlush: pool.scheduleFlush, clock, log, settings });
  pool.addSource(records);
  const forward = createEgress(env, settings, world);
  const { FAIR_SHARE: contributors, NEW_KEYS: newKeys } = env;
  const fairShare = createFairShare({ contributors, newKeys, clock, random, settings });
  const forwardUnstored = withoutStoring(forward, clock);
  const noteFailure: NoteFailure = (attempt, defer) => records.attemptFailed(attempt, defer);
  const relaying = {
    pool,
    fairShare,
    forward,
    forwardUnstored,
    noteFailure,
    clock,
    sleep,
    random,
    settings,
  };
  const relay = createRelay(relaying);
  const guests = createGuestRelay(relaying);
  const access = createAccess({ d1: env.DB, pool, clock, random, log, settings });
  pool.addSource(access.uses);
  const probe = createProbe({ forward, settings });
  const desk = createDesk({ pool, probe, settings });
  const tickets = createTickets(settings);
  const signIn = createSignIn(env.DB, settings, clock);
  return {
    settings,
    liveSettings,
    pool,
    records,
    relay,
    guests,
    access,
    fairShare,
    forward,
    probe,
    desk,
    tickets,
    ...signIn,
    clock,
    log,
  };
}

/** Who is let in as the operator, and who is kept out. */
function createSignIn(d1: D1Database, { ADMIN_TOKEN, POOL_SECRET: poolSecret }: Settings, clock: Clock) {
  const table = sessionTable(d1);
  return {
    sessions: createSessions({ table, adminToken: ADMIN_TOKEN, poolSecret, clock }),
    attempts: createAttempts({ table, poolSecret, clock }),
  };
}

/** While POOL_SECRET is being replaced, tickets of both secrets are good: an upload under way goes on. */
function createTickets({ POOL_SECRET, POOL_SECRET_NEXT }: Settings): TicketOffice {
  const former = createTicketOffice(POOL_SECRET);
  if (POOL_SECRET_NEXT === undefined) return former;
  const office = createTicketOffice(POOL_SECRET_NEXT);
  return {
    ...office,
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
