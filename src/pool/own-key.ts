import type { ApiKey } from "../api-key.ts";
import type { Clock } from "../clock.ts";
import type { CoolingRow, CoolingTable } from "../db/coolings.ts";
import type { KeyRow, KeyTable } from "../db/keys.ts";
import type { Contributors } from "./contributors.ts";
import type { Outcasts } from "./outcasts.ts";
import type { Patience } from "./patience.ts";
import type { Resealing } from "./resealing.ts";
import type { Rotation } from "./rotation.ts";
import type { Vault } from "./vault.ts";

export interface OwnKeyOptions {
  keys: KeyTable;
  coolings: CoolingTable;
  vault: Vault;
  resealing: Pick<Resealing, "follow">;
  contributors: Contributors;
  outcasts: Outcasts;
  rotation: Rotation;
  patience: Patience;
  clock: Clock;
  outcastMs: () => number;
}

/** What the owner of a key may ask and do. Each throws if D1 does not answer in time, or is being left alone. */
export function createOwnKey(options: OwnKeyOptions) {
  const { keys, coolings, vault, resealing, contributors, outcasts, rotation, patience, clock, outcastMs } = options;

  /** All of it within the wait: what D1 confirms too late for the owner is heeded here all the same. */
  const ask = <T>(key: ApiKey, act: (fingerprint: string) => Promise<T>): Promise<T> =>
    patience.wait(async () => {
      await resealing.follow(key);
      return act(vault.fingerprint(key));
    });

  return {
    /** What the pool knows of the key. */
    lookUp: (key: ApiKey): Promise<{ row: KeyRow; coolings: CoolingRow[] } | undefined> =>
      ask(key, async (fingerprint) => {
        const row = await keys.find(fingerprint);
        return row && { row, coolings: await coolings.of(row.id, clock()) };
      }),

    /** Takes the key out; true if it was in. */
    withdraw: (key: ApiKey): Promise<boolean> =>
      ask(key, async (fingerprint) => {
        const id = await keys.withdraw(fingerprint, clock());
        contributors.forget(key);
        if (id === undefined) return false;
        outcasts.add(id, undefined, clock() + outcastMs());
        rotation.drop(id);
        return true;
      }),

    /** Lets a withdrawn key join again by its next use; true if it was withdrawn. */
    rejoin: (key: ApiKey): Promise<boolean> =>
      ask(key, async (fingerprint) => {
        const rejoined = await keys.rejoin(fingerprint, clock());
        contributors.forget(key);
        return rejoined;
      }),
  };
}
