import type { Clock } from "../clock.ts";
import type { TokenResourceTable } from "../db/token-resources.ts";
import type { Wait } from "./wait.ts";

/** A home is believed to be one for so long: its key may be withdrawn, or contribution opened. */
const HOME_TTL_MS = 30_000;

/** What one isolate remembers of who made what. */
const MAX_REMEMBERED = 10_000;

/** Google keeps files for two days and interactions for 55. */
const KEEP_MS = 90 * 24 * 3_600_000;

export interface BelongingsOptions {
  table: TokenResourceTable;
  wait: Wait;
  clock: Clock;
  random: () => number;
  settings: { readonly CONTRIBUTION: "open" | "closed" };
}

export type Belongings = ReturnType<typeof createBelongings>;

/**
 * What tokens made at Google (files, caches, batches …), and in which key's project it lies. Everything here throws if
 * D1 does not answer.
 */
export function createBelongings({ table, wait, clock, random, settings }: BelongingsOptions) {
  const holders = new Map<string, number>();
  const homes = new Map<number, { keyId: number; contribution: string; until: number }>();
  const entryOf = (tokenId: number, resource: string) => `${tokenId} ${resource}`;

  const note = (tokenId: number, names: Iterable<string>, keyId: number) => {
    for (const name of names) {
      if (holders.size >= MAX_REMEMBERED) holders.clear();
      const entry = entryOf(tokenId, name);
      if (!holders.has(entry)) holders.set(entry, keyId);
    }
  };

  /** The key that new things of a token are made with; moves on where the former one may not be one any more. */
  async function findHome(tokenId: number): Promise<number | undefined> {
    const any = settings.CONTRIBUTION === "closed";
    const home = await table.home(tokenId);
    if (home === undefined) return undefined;
    if (home.status === "active" && (any || home.origin === "imported")) return home.keyId ?? undefined;
    const keyId = await table.pickKey(random(), { any });
    if (keyId === undefined) return undefined;
    await table.settle(tokenId, keyId, home.keyId);
    // Another isolate may have been faster.
    return (await table.home(tokenId))?.keyId ?? undefined;
  }

  return {
    /** Which of these things the token made, and the key that holds each. */
    async keysOf(tokenId: number, names: readonly string[]): Promise<Map<string, number>> {
      const found = new Map<string, number>();
      const unknown = new Set<string>();
      for (const name of names) {
        const keyId = holders.get(entryOf(tokenId, name));
        if (keyId === undefined) unknown.add(name);
        else found.set(name, keyId);
      }
      const read =
        unknown.size === 0 ? new Map<string, number>() : await wait(() => table.keysOf(tokenId, [...unknown]));
      for (const [name, keyId] of read) {
        note(tokenId, [name], keyId);
        found.set(name, keyId);
      }
      return found;
    },

    /** The token made these things with this key. */
    async remember(tokenId: number, names: readonly string[], keyId: number): Promise<void> {
      if (names.length === 0) return;
      note(tokenId, names, keyId);
      await table.remember(tokenId, names, keyId, clock());
    },

    async forget(tokenId: number, resource: string): Promise<void> {
      holders.delete(entryOf(tokenId, resource));
      await table.forget(tokenId, resource);
    },

    /**
     * The id of the key that the token's new things are made with; undefined if there is none: while contribution is
     * open, only keys that the operator imported will do.
     */
    async homeOf(tokenId: number): Promise<number | undefined> {
      const contribution = settings.CONTRIBUTION;
      const now = clock();
      const known = homes.get(tokenId);
      if (known !== undefined && known.until > now && known.contribution === contribution) return known.keyId;
      const keyId = await wait(() => findHome(tokenId));
      // The operator may import one at any moment, and tries at once.
      if (keyId === undefined) return undefined;
      if (homes.size >= MAX_REMEMBERED) homes.clear();
      homes.set(tokenId, { keyId, contribution, until: now + HOME_TTL_MS });
      return keyId;
    },

    /** The home's key is not in the pool any more: it is looked for again. */
    doubtHome(tokenId: number): void {
      homes.delete(tokenId);
    },

    /** Google refuses the home's key for good: new things are made with another, if there is one. */
    async leaveHome(tokenId: number, keyId: number): Promise<void> {
      homes.delete(tokenId);
      const other = await table.pickKey(random(), { any: settings.CONTRIBUTION === "closed", not: keyId });
      if (other !== undefined) await table.settle(tokenId, other, keyId);
    },

    /** The token was ended. */
    forgetToken(tokenId: number): void {
      homes.delete(tokenId);
      for (const entry of holders.keys()) if (entry.startsWith(`${tokenId} `)) holders.delete(entry);
    },

    sweep: (now: number) => table.sweep(now - KEEP_MS),
  };
}
