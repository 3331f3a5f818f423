import type { Clock } from "../clock.ts";
import type { CoolingTable } from "../db/coolings.ts";
import type { Aftermath, KeyTable } from "../db/keys.ts";
import type { LeaseTable } from "../db/leases.ts";
import type { Log } from "../log.ts";
import type { Verdict } from "../verdict.ts";
import type { Contributors } from "./contributors.ts";
import { consequenceOf } from "./health.ts";
import type { Ledger } from "./ledger.ts";
import { firstRecheckAt } from "./recheck-plan.ts";
import type { Outcasts } from "./outcasts.ts";
import type { Defer } from "./defer.ts";
import type { Rotation } from "./rotation.ts";

/** One attempt with a key of the pool, as far as the pool is concerned. */
export interface Use {
  keyId: number;
  model: string;
  /** It carries marks that a success of this kind wipes. */
  blemished: boolean;
  /** What Google said, redacted; only asked for if the key may be retired. */
  words?: (() => string | undefined) | undefined;
}

export interface ReportOptions {
  keys: KeyTable;
  coolings: CoolingTable;
  leases: LeaseTable;
  rotation: Rotation;
  contributors: Contributors;
  outcasts: Outcasts;
  ledger: Ledger;
  clock: Clock;
  log: Log;
  /** How long this isolate keeps a retired key in mind: longer than any block that may still hold it. */
  outcastMs: () => number;
}

/** Models whose cursor this isolate has opened, so that it asks once. */
const MAX_OPENED = 1000;

/** Models that Google has not served here, and whose coolings D1 is told all the same: callers invent any number. */
const MAX_UNPROVEN = 50;

/** They are forgotten, or names that somebody invents would keep this isolate from telling of new models for good. */
const UNPROVEN_MS = 3_600_000;

/** What all models that Google has not served here are counted as, like the cursor that they share. */
const UNPROVEN_MODEL = "*";

/** Draws the consequences of verdicts: in this isolate at once, in D1 in the background. */
export function createReport(options: ReportOptions) {
  const { keys, coolings, leases, rotation, contributors, outcasts, ledger, clock, log } = options;
  const opened = new Set<string>();
  const unproven = new Set<string>();
  let unprovenSince = clock();

  const castOut = (keyId: number, model: string | undefined, until: number) => {
    outcasts.add(keyId, model, until);
    rotation.drop(keyId, model);
  };

  /** Google has served the model, so it exists: it gets a cursor of its own. */
  const openCursor = (model: string, defer: Defer) => {
    if (opened.has(model) || opened.size >= MAX_OPENED) return;
    opened.add(model);
    ledger.write([leases.openCursor(model)], defer);
  };

  /** Counted under its name only where it exists: a dead key is refused for any name that a caller invents. */
  const countedAs = (model: string) => (opened.has(model) ? model : UNPROVEN_MODEL);

  /** Rows for what a caller invents would fill the database; this isolate heeds the cooling anyway. */
  const isWorthRows = (model: string, now: number) => {
    if (now - unprovenSince >= UNPROVEN_MS) {
      unproven.clear();
      unprovenSince = now;
    }
    if (model === UNPROVEN_MODEL || opened.has(model) || unproven.has(model)) return true;
    if (unproven.size >= MAX_UNPROVEN) return false;
    unproven.add(model);
    return true;
  };

  return function report(use: Use, verdict: Verdict, defer: Defer): void {
    const { keyId, model } = use;
    const now = clock();
    const consequence = consequenceOf(verdict, now);
    switch (consequence.kind) {
      case "none":
        return;
      case "served":
        openCursor(model, defer);
        ledger.countUse(keyId, countedAs(model), defer);
        if (use.blemished) ledger.write([keys.wipe(keyId), coolings.clear(keyId, model, now)], defer);
        return;
      case "retire":
        castOut(keyId, undefined, now + options.outcastMs());
        contributors.forgetId(keyId);
        ledger.write([keys.retire(keyId, consequence.reason, now, aftermathOf(use, now))], defer);
        break;
      case "strike":
        castOut(keyId, undefined, consequence.restUntil);
        ledger.write(
          [keys.strike(keyId, consequence.reason, now, consequence.restUntil, aftermathOf(use, now))],
          defer,
        );
        break;
      case "rest":
        castOut(keyId, undefined, now + consequence.firstMs);
        ledger.write([keys.rest(keyId, now, consequence.firstMs, consequence.maxMs)], defer);
        break;
      case "cool":
        castOut(keyId, model, consequence.until);
        if (!isWorthRows(model, now)) break;
        ledger.write([coolings.cool(keyId, model, consequence.until, consequence.quota)], defer);
        break;
      case "cool_busy":
        castOut(keyId, model, now + consequence.firstMs);
        if (!isWorthRows(model, now)) break;
        ledger.write([coolings.coolBusy(keyId, model, now, consequence.firstMs, consequence.maxMs)], defer);
        break;
    }
    ledger.countError(keyId, countedAs(model), defer);
    log("info", `pool.key_${consequence.kind}`, { key: keyId, model, verdict: verdict.kind });
  };
}

function aftermathOf({ words }: Use, now: number): Aftermath {
  return { words: words?.() ?? null, recheckAt: firstRecheckAt(now) };
}
