import type { ApiKey } from "../api-key.ts";
import type { Clock } from "../clock.ts";
import { BY_OPERATOR } from "../db/key-acts.ts";
import type { KeyStatus, KeyTable } from "../db/keys.ts";
import { causeOf, type Log } from "../log.ts";
import type { Patience } from "./patience.ts";
import type { Resealing } from "./resealing.ts";
import type { Vault } from "./vault.ts";

/** How a caller's key stands with the pool. */
export type Standing =
  | { kind: "active"; id: number }
  | { kind: "unknown" }
  | { kind: "retired" }
  /** Its owner or the operator took it out: it is served, and does not join again by use. */
  | { kind: "withdrawn" }
  /** Google refused it as it tried to prove itself a moment ago. */
  | { kind: "refused" }
  /** D1 does not answer. */
  | { kind: "unavailable" };

/** A caller's key that is in the pool. */
export interface Member {
  id: number;
  key: ApiKey;
}

/** A caller's key that is not in the pool, or not known to be. */
export interface Candidate {
  key: ApiKey;
  /** A withdrawn key is served and stays out. */
  mayJoin: boolean;
  /** Certainly not in the pool yet. */
  isNew: boolean;
}

/** A caller's keys: which of them entitles to the pool, and which have yet to prove themselves. */
export interface Sorted {
  member: Member | undefined;
  candidates: Candidate[];
}

/** Callers that one isolate remembers; about 200 bytes each. */
const MAX_REMEMBERED = 10_000;

export interface ContributorsOptions {
  keys: KeyTable;
  vault: Vault;
  resealing: Pick<Resealing, "follow">;
  patience: Patience;
  clock: Clock;
  log: Log;
  ttlMs: number;
}

/** Who is in the pool: remembered for a while, so that a steady caller costs no look-up. */
export class Contributors {
  readonly #options: ContributorsOptions;
  readonly #remembered = new Map<string, { standing: Standing; until: number }>();

  constructor(options: ContributorsOptions) {
    this.#options = options;
  }

  /** How the key stands, without asking D1; undefined if this isolate does not remember it. */
  recall(key: ApiKey): Standing | undefined {
    const entry = this.#remembered.get(key.reveal());
    return entry !== undefined && entry.until > this.#options.clock() ? entry.standing : undefined;
  }

  async recognise(key: ApiKey): Promise<Standing> {
    const { keys, vault, resealing, patience, log } = this.#options;
    const recalled = this.recall(key);
    if (recalled !== undefined) return recalled;
    try {
      const row = await patience.wait(async () => {
        await resealing.follow(key);
        return keys.find(vault.fingerprint(key));
      });
      const standing = standingOf(row);
      if (standing.kind === "active" || standing.kind === "withdrawn") this.#remember(key, standing);
      return standing;
    } catch (error) {
      log("warn", "pool.recognise_failed", { cause: causeOf(error) });
      return { kind: "unavailable" };
    }
  }

  /**
   * Which of a caller's keys entitles them to the pool, and which have yet to prove themselves. One look-up at the
   * most, whatever the length of the list: the keys not asked about have their turn in later requests. A promise only
   * where one is asked about.
   */
  sortOut(keys: readonly ApiKey[]): Sorted | Promise<Sorted> {
    const standings = keys.map((key) => this.recall(key));
    const asked = standings.indexOf(undefined);
    const key = keys[asked];
    if (key === undefined) return sort(keys, standings);
    return this.recognise(key).then((standing) => sort(keys, standings.with(asked, standing)));
  }

  /** Takes a key in that has just proved itself. Never throws: an admission that fails is made by the next use. */
  async admit(key: ApiKey): Promise<Standing> {
    const { keys, vault, resealing, clock, log } = this.#options;
    try {
      await resealing.follow(key);
      const row = await keys.admit(vault.seal(key), clock());
      const standing: Standing = row === undefined ? { kind: "withdrawn" } : { kind: "active", id: row.id };
      this.#remember(key, standing);
      return standing;
    } catch (error) {
      log("warn", "pool.admission_failed", { cause: causeOf(error) });
      return { kind: "unavailable" };
    }
  }

  /** Google refused the key: not worth another proof for a while, if its caller has better ones. */
  noteRefusal(key: ApiKey): void {
    this.#remember(key, { kind: "refused" });
  }

  /** The key serves its own caller and does not join: not worth a look-up for each of their requests. */
  noteStranger(key: ApiKey): void {
    this.#remember(key, { kind: "unknown" });
  }

  forget(key: ApiKey): void {
    this.#remembered.delete(key.reveal());
  }

  /** The key with this id is out of the pool: whoever calls with it must prove it again. */
  forgetId(id: number): void {
    for (const [text, { standing }] of this.#remembered) {
      if (standing.kind === "active" && standing.id === id) this.#remembered.delete(text);
    }
  }

  /** The same for many: one walk, whatever their number. */
  forgetIds(ids: ReadonlySet<number>): void {
    for (const [text, { standing }] of this.#remembered) {
      if (standing.kind === "active" && ids.has(standing.id)) this.#remembered.delete(text);
    }
  }

  #remember(key: ApiKey, standing: Standing): void {
    const { clock, ttlMs } = this.#options;
    this.#remembered.delete(key.reveal());
    this.#remembered.set(key.reveal(), { standing, until: clock() + ttlMs });
    const oldest = this.#remembered.size > MAX_REMEMBERED ? this.#remembered.keys().next().value : undefined;
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }
}

/** Pure. Where a standing is undefined, the key was not asked about. */
function sort(keys: readonly ApiKey[], standings: readonly (Standing | undefined)[]): Sorted {
  let member: Member | undefined;
  const candidates: Candidate[] = [];
  const spares: Candidate[] = [];
  const lastResorts: Candidate[] = [];
  for (const [index, key] of keys.entries()) {
    const standing = standings[index];
    switch (standing?.kind) {
      case "active":
        member ??= { id: standing.id, key };
        break;
      case "unknown":
      case "retired":
        candidates.push({ key, mayJoin: true, isNew: true });
        break;
      case "unavailable":
        candidates.push({ key, mayJoin: true, isNew: false });
        break;
      case "refused":
        lastResorts.push({ key, mayJoin: true, isNew: true });
        break;
      case "withdrawn":
        spares.push({ key, mayJoin: false, isNew: false });
        break;
      case undefined:
        spares.push({ key, mayJoin: true, isNew: false });
        break;
    }
  }
  // Who has no key in the pool must not fail for a dead one in front of a working one.
  return { member, candidates: member === undefined ? [...candidates, ...spares, ...lastResorts] : candidates };
}

function standingOf(row: { id: number; status: KeyStatus; reason: string | null } | undefined): Standing {
  if (row === undefined || row.status === "deleted") return { kind: "unknown" };
  // What the operator took out does not join again by use either.
  if (row.status === "retired" && row.reason === BY_OPERATOR) return { kind: "withdrawn" };
  return row.status === "active" ? { kind: "active", id: row.id } : { kind: row.status };
}
