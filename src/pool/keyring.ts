import type { ApiKey } from "../api-key.ts";
import type { Clock } from "../clock.ts";
import type { HeldKeyTable } from "../db/held-keys.ts";
import type { Outcasts } from "./outcasts.ts";
import type { Patience } from "./patience.ts";
import type { Vault } from "./vault.ts";

/** Keys that hold the state of tokens; an isolate needs few of them at a time. */
const MAX_HELD = 500;

export interface KeyringOptions {
  table: HeldKeyTable;
  vault: Vault;
  outcasts: Outcasts;
  patience: Patience;
  clock: Clock;
  /** How long a key that was retired or withdrawn elsewhere may still be used. Read at each use. */
  readonly leaseTtlMs: number;
}

/** Opens keys by their ids, out of turn: a file can only be used with the key whose project holds it. */
export class Keyring {
  readonly #options: KeyringOptions;
  readonly #held = new Map<number, { key: ApiKey; until: number }>();

  constructor(options: KeyringOptions) {
    this.#options = options;
  }

  /** How many opened keys are held. */
  get size(): number {
    return this.#held.size;
  }

  /** Forgets keys past their time: no key is held open longer than a turn would be. */
  dropExpired(): void {
    const now = this.#options.clock();
    for (const [id, { until }] of this.#held) if (until <= now) this.#held.delete(id);
  }

  /** The key with this id; undefined if it is not in the pool any more. Throws if D1 does not answer. */
  async open(id: number): Promise<ApiKey | undefined> {
    const { table, vault, outcasts, patience, clock, leaseTtlMs } = this.#options;
    const now = clock();
    const held = this.#held.get(id);
    // Of a key that this isolate saw fail D1 knows whether it only rests.
    if (held !== undefined && held.until > now && !outcasts.has(id, "*", now)) return held.key;
    this.#held.delete(id);
    const sealed = await patience.wait(() => table.find(id));
    const key = sealed && (await vault.open(sealed));
    if (key === undefined) return undefined;
    if (this.#held.size >= MAX_HELD) this.#held.clear();
    this.#held.set(id, { key, until: now + leaseTtlMs });
    return key;
  }
}
