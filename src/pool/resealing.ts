import type { ApiKey } from "../api-key.ts";
import type { ResealingTable } from "../db/resealing.ts";
import type { Vault } from "./vault.ts";

/** Keys sealed anew in one step: about 2 ms of CPU, of the 10 ms that the free plan grants a request. */
const STEP = 50;

/** How far the rows left are counted: a step must not read a whole large pool. */
const COUNT_UP_TO = 1000;

export interface ResealStep {
  /** Names the secret that keys are sealed under now. */
  secretId: string;
  /** Keys that this step sealed anew. */
  resealed: number;
  /** Keys behind `after` that another secret sealed, counted up to 1,000. */
  left: number;
  /** Where the next step goes on: the id of the last key looked at. */
  after: number;
  /** Only with `left: 0`: what other secrets still hold in the whole pool. */
  stuck?: {
    /** Keys: one more walk from 0 finds those that joined meanwhile; the others open under no secret of ours. */
    sealed: number;
    /** Withdrawn keys: only the key itself, when it is used again, could tell the new fingerprint. */
    withdrawn: number;
  };
}

export type Resealing = ReturnType<typeof createResealing>;

/**
 * A change of `POOL_SECRET`, in small steps: both secrets open keys meanwhile, the next one seals, and a key that
 * is presented moves at once, so that no key ever stands in the pool twice.
 */
export function createResealing({ table, vault, batch }: ResealingOptions) {
  return {
    /** Brings a presented key's row under the new secret. No round trip while no secret is being replaced. */
    async follow(key: ApiKey): Promise<void> {
      const former = vault.formerFingerprint(key);
      if (former !== undefined) await batch(table.move(former, vault.seal(key)));
    },

    /** Seals the next keys behind the id `after` anew. */
    async step(after: number): Promise<ResealStep> {
      const { secretId } = vault;
      const rows = await table.listOthers(secretId, after, STEP);
      const keys = await Promise.all(rows.map((row) => vault.open(row)));
      const opened = rows.flatMap((row, index) => {
        const key = keys[index];
        return key === undefined ? [] : [table.move(row.fingerprint, vault.seal(key))];
      });
      if (opened.length > 0) await batch(opened.flat());
      const reached = rows.at(-1)?.id ?? after;
      const left = rows.length < STEP ? 0 : await table.countOthers(secretId, reached, COUNT_UP_TO);
      const done = { secretId, resealed: opened.length, left, after: reached };
      return left > 0 ? done : { ...done, stuck: await table.countStuck(secretId) };
    },
  };
}

export interface ResealingOptions {
  table: ResealingTable;
  vault: Vault;
  batch: (statements: D1PreparedStatement[]) => Promise<unknown>;
}
