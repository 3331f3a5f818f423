import type { ApiKey } from "../api-key.ts";
import type { Clock } from "../clock.ts";
import type { DueRow, Postponed, RecheckTable } from "../db/rechecks.ts";
import type { Log } from "../log.ts";
import type { Verdict } from "../verdict.ts";
import { planRecheck } from "./recheck-plan.ts";
import type { Vault } from "./vault.ts";

/** A retired key to be asked about now. Its text lives as long as the question. */
export interface DueKey {
  row: DueRow;
  key: ApiKey;
}

/** What Google said of one. */
export interface RecheckFinding {
  row: DueRow;
  verdict: Verdict;
  proved: boolean;
  words: string | undefined;
}

export interface RechecksOptions {
  table: RecheckTable;
  vault: Pick<Vault, "open">;
  clock: Clock;
  log: Log;
  /** The key is active again: this isolate must not go on avoiding it. */
  onRestored: (keyId: number) => void;
}

export type Rechecks = ReturnType<typeof createRechecks>;

/** A key that another secret sealed is tried again: perhaps the operator brings the secret back. */
const UNOPENED_MS = 86_400_000;

/** Retired keys that are asked again by a growing interval: projects are unbanned, APIs enabled, bills paid. */
export function createRechecks({ table, vault, clock, log, onRestored }: RechecksOptions) {
  return {
    /** The keys whose turn it is. Throws if D1 does not answer. */
    async due(limit: number): Promise<DueKey[]> {
      const rows = await table.due(clock(), limit);
      const opened = await Promise.all(rows.map(async (row) => ({ row, key: await vault.open(row) })));
      const unopened = opened.filter(({ key }) => key === undefined);
      await table.settle(
        [],
        unopened.map(({ row }) => putOff(row, clock() + UNOPENED_MS)),
        clock(),
      );
      return opened.flatMap(({ row, key }) => (key === undefined ? [] : [{ row, key }]));
    },

    /** Draws the consequences of Google's answers. Throws if D1 does not answer: then the keys are asked again. */
    async settle(findings: readonly RecheckFinding[]): Promise<void> {
      const now = clock();
      const restored: DueRow[] = [];
      const postponed: Postponed[] = [];
      for (const { row, verdict, proved, words = null } of findings) {
        const outcome = planRecheck({ verdict, proved }, row.rechecks, now);
        switch (outcome.kind) {
          case "restore":
            restored.push(row);
            break;
          case "refused":
            postponed.push({ row, at: outcome.at, rechecks: row.rechecks + 1, words });
            break;
          case "undecided":
            postponed.push(putOff(row, outcome.at));
            break;
        }
        log("info", `pool.recheck_${outcome.kind}`, { key: row.id, verdict: verdict.kind });
      }
      for (const id of await table.settle(restored, postponed, now)) onRestored(id);
    },
  };
}

/** Another time, without a word on the key. */
function putOff(row: DueRow, at: number): Postponed {
  return { row, at, rechecks: row.rechecks, words: null };
}
