import type { ApiKey } from "../api-key.ts";
import { BY_OPERATOR } from "../db/key-acts.ts";
import type { KeyStatus } from "../db/keys.ts";

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

/** Pure. What a key's row says; without a row nobody knows the key. */
export function standingOf(row: { id: number; status: KeyStatus; reason: string | null } | undefined): Standing {
  if (row === undefined || row.status === "deleted") return { kind: "unknown" };
  // What the operator took out does not join again by use either.
  if (row.status === "retired" && row.reason === BY_OPERATOR) return { kind: "withdrawn" };
  return row.status === "active" ? { kind: "active", id: row.id } : { kind: row.status };
}

/** The other standings that D1 tells are changed by the key's next proof: not worth remembering. */
export function isLasting({ kind }: Standing): boolean {
  return kind === "active" || kind === "withdrawn";
}

/** Pure. Where a standing is undefined, the key was not asked about. */
export function sort(keys: readonly ApiKey[], standings: readonly (Standing | undefined)[]): Sorted {
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
