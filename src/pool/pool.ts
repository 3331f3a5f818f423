import type { ApiKey } from "../api-key.ts";
import type { Clock, Sleep } from "../clock.ts";
import { coolingTable } from "../db/coolings.ts";
import { heldKeyTable } from "../db/held-keys.ts";
import { keyTable, type Totals } from "../db/keys.ts";
import { leaseTable } from "../db/leases.ts";
import { recheckTable } from "../db/rechecks.ts";
import { ringTable } from "../db/ring.ts";
import { resealingTable } from "../db/resealing.ts";
import type { Log } from "../log.ts";
import { Contributors } from "./contributors.ts";
import { Keyring } from "./keyring.ts";
import { Ledger, type CounterSource } from "./ledger.ts";
import { openDesk } from "./open-desk.ts";
import { Outcasts } from "./outcasts.ts";
import { createOwnKey } from "./own-key.ts";
import { Patience } from "./patience.ts";
import { createRechecks } from "./rechecks.ts";
import { createReport } from "./report.ts";
import { createResealing } from "./resealing.ts";
import { createRing } from "./ring.ts";
import type { Defer } from "./defer.ts";
import { Rotation } from "./rotation.ts";
import { createTending } from "./tending.ts";
import { createVault } from "./vault.ts";

export interface PoolOptions {
  d1: D1Database;
  poolSecret: string;
  /** Takes the place of `poolSecret`, step by step. */
  nextSecret?: string | undefined;
  /** These are read at each use: the operator changes them while the isolate runs. */
  readonly leaseMax: number;
  readonly leaseTtlMs: number;
  readonly contributorTtlMs: number;
  readonly d1TimeoutMs: number;
  readonly flushAfterMs: number;
  clock: Clock;
  sleep: Sleep;
  random: () => number;
  log: Log;
}

export type Pool = ReturnType<typeof createPool>;

/** How old a count may be: the contract says 5 s, of which D1 and the way there take some. */
const TOTALS_TTL_MS = 3000;

/** A key that left is kept in mind a little longer than any block that may still hold it. */
const OUTCAST_MARGIN_MS = 60_000;

/** Whose key, whose turn. Knows the database and the clock; what Google says reaches it as verdicts. */
export function createPool(options: PoolOptions) {
  const { d1, clock, sleep, log } = options;
  const batch = (statements: D1PreparedStatement[]) => d1.batch(statements);
  const keys = keyTable(d1);
  const coolings = coolingTable(d1);
  const leases = leaseTable(d1);
  const vault = createVault(options.poolSecret, options.nextSecret);
  const resealing = createResealing({ table: resealingTable(d1), vault, batch });
  const outcasts = new Outcasts();
  const patience = new Patience({
    clock,
    sleep,
    get timeoutMs() {
      return options.d1TimeoutMs;
    },
  });
  const contributors = new Contributors({
    keys,
    vault,
    resealing,
    patience,
    clock,
    log,
    get ttlMs() {
      return options.contributorTtlMs;
    },
  });
  const outcastMs = () => options.leaseTtlMs + OUTCAST_MARGIN_MS;
  const rotation = new Rotation({
    leases,
    batch,
    vault,
    outcasts,
    patience,
    clock,
    log,
    get leaseMax() {
      return options.leaseMax;
    },
    get leaseTtlMs() {
      return options.leaseTtlMs;
    },
  });
  const ledger = new Ledger({
    keys,
    batch,
    clock,
    sleep,
    log,
    random: options.random,
    get flushAfterMs() {
      return options.flushAfterMs;
    },
  });
  const report = createReport({
    keys,
    coolings,
    leases,
    rotation,
    contributors,
    outcasts,
    ledger,
    clock,
    log,
    outcastMs,
  });

  const ownKey = createOwnKey({
    keys,
    coolings,
    vault,
    resealing,
    contributors,
    outcasts,
    rotation,
    patience,
    clock,
    outcastMs,
  });

  const rechecks = createRechecks({
    table: recheckTable(d1),
    vault,
    clock,
    log,
    onRestored: (keyId) => {
      outcasts.forgive(keyId);
      rotation.unblock();
    },
  });

  const keyring = new Keyring({
    table: heldKeyTable(d1),
    vault,
    outcasts,
    patience,
    clock,
    get leaseTtlMs() {
      return options.leaseTtlMs;
    },
  });

  const operatorParts = openDesk(d1, {
    coolings,
    vault,
    rotation,
    outcasts,
    contributors,
    totals: () => keys.totals(),
    clock,
    outcastMs,
  });

  const dropExpired = () => {
    rotation.dropExpired();
    keyring.dropExpired();
  };
  const { tend, tendSometimes } = createTending({ keys, coolings, dropExpired, batch, clock, log });
  let totals: { at: number; value: Totals } | undefined;

  return {
    /** Which of a caller's keys are in the pool; never throws. */
    sortOut: (callers: readonly ApiKey[], defer: Defer) => contributors.sortOut(callers, defer),

    /** The next key for the model; undefined if none is ready or D1 does not answer. Never throws. */
    lease(model: string, excluded: readonly number[], defer: Defer) {
      tendSometimes(defer);
      return rotation.take(model, excluded, defer);
    },

    /** Until when no key is ready for the model (epoch ms), if this isolate knows that none is. */
    blockedUntil: (model: string) => rotation.blockedUntil(model),

    /** Draws the consequences of one answer of Google's for the key that was used. */
    report,

    /** A contributor was here. */
    sawContributor: (keyId: number, defer: Defer) => ledger.countSeen(keyId, defer),

    /** Takes in a key that Google has just served, in the background. */
    admit(key: ApiKey, defer: Defer): void {
      const admission = contributors.admit(key).then((standing) => {
        if (standing.kind !== "active") return;
        outcasts.forgive(standing.id);
        rotation.unblock();
      });
      defer(admission);
    },

    /** Google served a key that does not join, because contribution is closed. */
    noteStranger: (key: ApiKey) => contributors.noteStranger(key),

    /** Google refused a key that tried to prove itself. */
    noteRefusal: (key: ApiKey) => contributors.noteRefusal(key),

    /** How many keys the pool has, at most a few seconds old. Throws if D1 does not answer. */
    async totals(): Promise<Totals> {
      const now = clock();
      if (totals !== undefined && now - totals.at < TOTALS_TTL_MS) return totals.value;
      const value = await patience.wait(() => keys.totals());
      totals = { at: now, value };
      return value;
    },

    /** A key by its id, out of turn; undefined if it is not in the pool. Throws if D1 does not answer. */
    openKey: (id: number) => keyring.open(id),

    /** Waits for D1 as long as a request may. */
    wait: <T>(ask: () => Promise<T>): Promise<T> => patience.wait(ask),

    /** What a key's owner may ask and do. Each throws if D1 does not answer. */
    ...ownKey,

    /** Seals the next keys behind this id under the secret that seals now. Throws if D1 does not answer. */
    reseal: (after: number) => resealing.step(after),

    /** Retired keys that are asked again. */
    rechecks,

    /** Where the rotation stands. */
    ring: createRing(ringTable(d1), clock),

    ...operatorParts,

    /** Wakes rested keys and sweeps what has ended. */
    tend,

    /** Writes the source's counters together with those of the keys, in the background. */
    addSource: (source: CounterSource) => ledger.addSource(source),

    /** A source has counted something. */
    scheduleFlush: (defer: Defer) => ledger.scheduleFlush(defer),

    /** Writes every counter now. */
    flush: () => ledger.flush(),
  };
}
