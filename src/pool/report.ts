import type { Clock } from "../clock.ts";
import type { CoolingTable } from "../db/coolings.ts";
import type { KeyTable } from "../db/keys.ts";
import type { LeaseTable } from "../db/leases.ts";
import type { Log } from "../log.ts";
import type { Verdict } from "../verdict.ts";
import type { Contributors } from "./contributors.ts";
import { consequenceOf } from "./health.ts";
import type { Ledger } from "./ledger.ts";
import type { Outcasts } from "./outcasts.ts";
import type { Defer, Rotation } from "./rotation.ts";

/** One attempt with a key of the pool, as far as the pool is concerned. */
export interface Use {
  keyId: number;
  model: string;
  /** It carries marks that a success of this kind wipes. */
  blemished: boolean;
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
  retiredOutcastMs: number;
}

/** Models whose cursor this isolate has opened, so that it asks once. */
const MAX_OPENED = 1000;

/** Draws the consequences of verdicts: in this isolate at once, in D1 in the background. */
export function createReport(options: ReportOptions) {
  const { keys, coolings, leases, rotation, contributors, outcasts, ledger, clock, log } = options;
  const opened = new Set<string>();

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

  return function report(use: Use, verdict: Verdict, defer: Defer): void {
    const { keyId, model } = use;
    const now = clock();
    const consequence = consequenceOf(verdict, now);
    switch (consequence.kind) {
      case "none":
        return;
      case "served":
        ledger.countUse(keyId, defer);
        openCursor(model, defer);
        if (use.blemished) ledger.write([keys.wipe(keyId), coolings.clear(keyId, model, now)], defer);
        return;
      case "retire":
        castOut(keyId, undefined, now + options.retiredOutcastMs);
        contributors.forgetId(keyId);
        ledger.write([keys.retire(keyId, consequence.reason, now)], defer);
        break;
      case "strike":
        castOut(keyId, undefined, consequence.restUntil);
        ledger.write([keys.strike(keyId, consequence.reason, now, consequence.restUntil)], defer);
        break;
      case "rest":
        castOut(keyId, undefined, now + consequence.firstMs);
        ledger.write([keys.rest(keyId, now, consequence.firstMs, consequence.maxMs)], defer);
        break;
      case "cool":
        castOut(keyId, model, consequence.until);
        ledger.write([coolings.cool(keyId, model, consequence.until, consequence.quota)], defer);
        break;
      case "cool_busy":
        castOut(keyId, model, now + consequence.firstMs);
        ledger.write([coolings.coolBusy(keyId, model, now, consequence.firstMs, consequence.maxMs)], defer);
        break;
    }
    log("info", `pool.key_${consequence.kind}`, { key: keyId, model, verdict: verdict.kind });
  };
}
