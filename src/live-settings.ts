import type { Clock, Sleep } from "./clock.ts";
import type { SettingsOverride, SettingsOverrideTable } from "./db/settings-overrides.ts";
import { causeOf, type Log } from "./log.ts";
import type { Accepts, Setting } from "./setting-kinds.ts";
import { isSettingName, readSetting, SECRETS, SETTINGS, type SettingName, type Settings } from "./settings.ts";

/** Another isolate's change is known here after so long. */
const REFRESH_EVERY_MS = 10_000;

/** An isolate that had nothing to do for so long waits for what holds now, as a new one does. */
const STALE_AFTER_MS = 60_000;

/** A setting that may be changed at run time, as the operator sees it. */
export interface SettingRow {
  name: string;
  doc: string;
  default: string;
  /** What the deployment says: the variable, or the default. */
  deployed: string;
  /** What holds now. */
  value: string;
  overridden: boolean;
  changedAt: number | null;
  accepts: Accepts;
  /** Why a stored change does not hold; null where all is well. */
  problem: string | null;
}

export type Change =
  | { kind: "changed" }
  | { kind: "invalid"; message: string }
  /** It takes a new deployment, or it is a secret. */
  | { kind: "not_editable" }
  | { kind: "unknown" };

export interface LiveSettingsOptions {
  /** Holds the deployed values; changes are put into this very object. */
  settings: Settings;
  table: SettingsOverrideTable;
  clock: Clock;
  sleep: Sleep;
  log: Log;
}

export type LiveSettings = ReturnType<typeof createLiveSettings>;

const LIVE = Object.entries(SETTINGS as Record<SettingName, Setting>).filter(([, { live }]) => live === true);

/**
 * Settings that the operator changes while the Worker runs. They stand in D1 and win over the deployed variables. The
 * isolate that made a change has it at once, the others within ten seconds. While D1 does not answer, what was known
 * last holds: the deployed values, or the changes read before.
 */
export function createLiveSettings({ settings, table, clock, sleep, log }: LiveSettingsOptions) {
  const deployed: Record<string, unknown> = { ...settings };
  let overrides = new Map<string, SettingsOverride>();
  const problems = new Map<string, string>();
  let isReady = false;
  /** Whether the last read came: while D1 does not answer, nobody waits for another. */
  let isReachable = true;
  let awaited: Promise<void> | undefined;
  let readAt = -Infinity;
  /** Counts this isolate's own changes: what was read before one of them is out of date. */
  let changes = 0;

  function adopt(rows: readonly SettingsOverride[]): void {
    overrides = new Map(rows.map((row) => [row.name, row]));
    for (const [name, setting] of LIVE) Object.assign(settings, { [name]: valueOf(name, setting) });
  }

  function valueOf(name: string, setting: Setting): unknown {
    const override = overrides.get(name);
    const reading = override && readSetting(setting, override.value);
    if (reading?.kind !== "invalid") {
      problems.delete(name);
      return reading?.value ?? deployed[name];
    }
    if (problems.get(name) !== reading.message) {
      log("warn", "settings.override_ignored", { setting: name, cause: reading.message });
    }
    problems.set(name, reading.message);
    return deployed[name];
  }

  async function read(): Promise<void> {
    readAt = clock();
    const before = changes;
    const rows = await table.list();
    isReachable = true;
    if (changes === before) adopt(rows);
  }

  const noteFailure = (error: unknown) => {
    isReachable = false;
    log("warn", "settings.read_failed", { cause: causeOf(error) });
  };

  function rowOf(name: string, { doc, default: text, accepts }: Setting): SettingRow {
    const override = overrides.get(name);
    return {
      name,
      doc,
      default: text,
      deployed: String(deployed[name]),
      value: String(settings[name as SettingName]),
      overridden: override !== undefined,
      changedAt: override?.changedAt ?? null,
      accepts,
      problem: problems.get(name) ?? null,
    };
  }

  return {
    /**
     * What the first requests of an isolate wait for, new or long idle, D1_TIMEOUT_MS at the most; undefined once that
     * read came or was given up. `defer` lets it outlive a caller who hangs up.
     */
    ready(defer: (work: Promise<unknown>) => void): Promise<void> | undefined {
      const isStale = isReachable && clock() - readAt >= STALE_AFTER_MS;
      if (isReady && !isStale) return undefined;
      isReady = false;
      if (awaited === undefined) {
        awaited = read().catch(noteFailure);
        defer(awaited);
      }
      const inTime = awaited.then(() => true);
      const givenUp = sleep(settings.D1_TIMEOUT_MS).then(() => false);
      return Promise.race([inTime, givenUp]).then((came) => {
        // Whoever waited in vain was the last to wait: the changes come with a later read.
        isReady = true;
        awaited = undefined;
        if (!came) isReachable = false;
      });
    },

    /** Reads the changes of other isolates, in the background. */
    refreshSometimes(defer: (work: Promise<unknown>) => void): void {
      if (clock() - readAt < REFRESH_EVERY_MS) return;
      readAt = clock();
      defer(read().catch(noteFailure));
    },

    /** Every setting that can be changed. Throws if D1 does not answer. */
    async list(): Promise<SettingRow[]> {
      await read();
      return LIVE.map(([name, setting]) => rowOf(name, setting));
    },

    /** Holds from now on, whatever is deployed. Throws if D1 does not answer. */
    async change(name: string, text: string): Promise<Change> {
      const refusal = refusalOf(name);
      if (refusal !== undefined) return refusal;
      const value = text.trim();
      const reading = readSetting(SETTINGS[name as SettingName], value);
      if (reading.kind === "invalid") return { kind: "invalid", message: `${name} ${reading.message}.` };
      const changedAt = clock();
      await table.put(name, value, changedAt);
      changes += 1;
      adopt([...overrides.values()].filter((row) => row.name !== name).concat({ name, value, changedAt }));
      return { kind: "changed" };
    },

    /** What is deployed holds again. Throws if D1 does not answer. */
    async reset(name: string): Promise<Change> {
      const refusal = refusalOf(name);
      if (refusal !== undefined) return refusal;
      await table.remove(name);
      changes += 1;
      adopt([...overrides.values()].filter((row) => row.name !== name));
      return { kind: "changed" };
    },
  };
}

function refusalOf(name: string): Change | undefined {
  if (isSettingName(name)) return "live" in SETTINGS[name] ? undefined : { kind: "not_editable" };
  return Object.hasOwn(SECRETS, name) ? { kind: "not_editable" } : { kind: "unknown" };
}
