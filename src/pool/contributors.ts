import type { ApiKey } from "../api-key.ts";
import type { Clock } from "../clock.ts";
import type { KeyTable } from "../db/keys.ts";
import { causeOf, type Log } from "../log.ts";
import type { Defer } from "./defer.ts";
import type { Patience } from "./patience.ts";
import type { Resealing } from "./resealing.ts";
import { isLasting, sort, standingOf, type Sorted, type Standing } from "./standing.ts";
import type { Vault } from "./vault.ts";

/** Callers that one isolate remembers, and as many that it forgot on purpose; about 200 bytes each. */
const MAX_REMEMBERED = 10_000;

/** After these parts of its life an entry is asked for again, and once more where D1 did not answer. */
const REFRESH_AFTER = 1 / 2;
const RETRY_AFTER = 1 / 8;

interface Entry {
  standing: Standing;
  until: number;
  /** From then on the next use asks D1 again, behind its request. Infinity: never, or one is asking. */
  refreshAt: number;
}

/** When D1 was asked, by the clock and by what had been forgotten until then. */
interface Asked {
  at: number;
  forgets: number;
}

export interface ContributorsOptions {
  keys: KeyTable;
  vault: Vault;
  resealing: Pick<Resealing, "follow">;
  patience: Patience;
  clock: Clock;
  log: Log;
  ttlMs: number;
}

/**
 * Who is in the pool: remembered for a while, and asked for again behind a request before that is over, so that a
 * steady caller never waits for D1.
 */
export class Contributors {
  readonly #options: ContributorsOptions;
  readonly #remembered = new Map<string, Entry>();
  /**
   * The last forgetting of each key, by its text or its row's id: what D1 was asked before is out of date. Not one count
   * for all: whoever sends `DELETE /key` in vain again and again must not keep others from being remembered.
   */
  readonly #forgotten = new Map<string | number, number>();
  #forgets = 0;

  constructor(options: ContributorsOptions) {
    this.#options = options;
  }

  /** How the key stands, without asking D1; undefined if this isolate does not remember it. */
  recall(key: ApiKey): Standing | undefined {
    const entry = this.#remembered.get(key.reveal());
    return entry !== undefined && entry.until > this.#options.clock() ? entry.standing : undefined;
  }

  /**
   * Which of a caller's keys entitles them to the pool, and which have yet to prove themselves. One look-up at the
   * most, whatever the length of the list: the keys not asked about have their turn in later requests. A promise only
   * where the answer must be waited for.
   */
  sortOut(keys: readonly ApiKey[], defer: Defer): Sorted | Promise<Sorted> {
    const standings = keys.map((key) => this.recall(key));
    const asked = standings.indexOf(undefined);
    const key = keys[asked];
    if (key === undefined) {
      this.#refreshOne(keys, defer);
      return sort(keys, standings);
    }
    return this.#lookUp(key).then((standing) => sort(keys, standings.with(asked, standing)));
  }

  /** Takes a key in that has just proved itself. Never throws: an admission that fails is made by the next use. */
  async admit(key: ApiKey): Promise<Standing> {
    const { keys, vault, resealing, clock, log } = this.#options;
    const asked = this.#now();
    try {
      await resealing.follow(key);
      const row = await keys.admit(vault.seal(key), clock());
      const standing: Standing = row === undefined ? { kind: "withdrawn" } : { kind: "active", id: row.id };
      // Withdrawn or retired here meanwhile: whoever did that had the last word.
      return this.#learn(key, standing, asked) ? standing : { kind: "unknown" };
    } catch (error) {
      log("warn", "pool.admission_failed", { cause: causeOf(error) });
      return { kind: "unavailable" };
    }
  }

  /** Google refused the key: not worth another proof for a while, if its caller has better ones. */
  noteRefusal(key: ApiKey): void {
    this.#remember(key, { kind: "refused" }, this.#options.clock());
  }

  /** The key serves its own caller and does not join: not worth a look-up for each of their requests. */
  noteStranger(key: ApiKey): void {
    this.#remember(key, { kind: "unknown" }, this.#options.clock());
  }

  /** The key's standing was changed here. */
  forget(key: ApiKey): void {
    this.#remembered.delete(key.reveal());
    this.#noteForgotten(key.reveal());
  }

  /** The key with this id is out of the pool: whoever calls with it must prove it again. */
  forgetId(id: number): void {
    this.forgetIds(new Set([id]));
  }

  /** The same for many: one walk, whatever their number. */
  forgetIds(ids: ReadonlySet<number>): void {
    for (const id of ids) this.#noteForgotten(id);
    for (const [text, { standing }] of this.#remembered) {
      if (standing.kind === "active" && ids.has(standing.id)) this.#remembered.delete(text);
    }
  }

  /**
   * How the key stands; one look-up. Never throws. Requests do not share one: in Workers none may wait for what another
   * has begun.
   */
  async #lookUp(key: ApiKey): Promise<Standing> {
    const { keys, vault, resealing, patience, log } = this.#options;
    const asked = this.#now();
    try {
      const row = await patience.wait(async () => {
        await resealing.follow(key);
        return keys.find(vault.fingerprint(key));
      });
      const standing = standingOf(row);
      if (isLasting(standing)) this.#learn(key, standing, asked);
      return standing;
    } catch (error) {
      log("warn", "pool.recognise_failed", { cause: causeOf(error) });
      return { kind: "unavailable" };
    }
  }

  /** One look-up at the most behind a request, whatever the length of its list. */
  #refreshOne(keys: readonly ApiKey[], defer: Defer): void {
    const now = this.#options.clock();
    for (const key of keys) {
      const entry = this.#remembered.get(key.reveal());
      if (entry === undefined || entry.refreshAt > now) continue;
      defer(this.#refresh(key, entry));
      return;
    }
  }

  async #refresh(key: ApiKey, entry: Entry): Promise<void> {
    const { clock, ttlMs } = this.#options;
    // The entry is marked, not the key: should the runtime end the request meanwhile, the mark goes with the entry.
    entry.refreshAt = Infinity;
    const standing = await this.#lookUp(key);
    // What is known stays until its end, and a D1 that fails is not asked by every request.
    if (standing.kind === "unavailable") entry.refreshAt = clock() + ttlMs * RETRY_AFTER;
    else if (!isLasting(standing) && this.#remembered.get(key.reveal()) === entry) {
      this.#remembered.delete(key.reveal());
    }
  }

  #now(): Asked {
    return { at: this.#options.clock(), forgets: this.#forgets };
  }

  #noteForgotten(name: string | number): void {
    this.#forgets += 1;
    put(this.#forgotten, name, this.#forgets);
  }

  /** Remembers what D1 said, unless the key was forgotten since it was asked; false then. */
  #learn(key: ApiKey, standing: Standing, asked: Asked): boolean {
    const names = standing.kind === "active" ? [key.reveal(), standing.id] : [key.reveal()];
    if (names.some((name) => (this.#forgotten.get(name) ?? 0) > asked.forgets)) return false;
    this.#remember(key, standing, asked.at);
    return true;
  }

  /** Counted from when D1 was asked: a change made elsewhere is noticed in time, however late the answer. */
  #remember(key: ApiKey, standing: Standing, askedAt: number): void {
    const { ttlMs } = this.#options;
    const refreshAt = isLasting(standing) ? askedAt + ttlMs * REFRESH_AFTER : Infinity;
    put(this.#remembered, key.reveal(), { standing, until: askedAt + ttlMs, refreshAt });
  }
}

function put<Name, T>(map: Map<Name, T>, name: Name, value: T): void {
  map.delete(name);
  map.set(name, value);
  const oldest = map.size > MAX_REMEMBERED ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
}
