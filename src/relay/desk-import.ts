import type { ApiKey } from "../api-key.ts";
import { findKeys } from "../ingress/pasted-keys.ts";
import type { ProofOutcome } from "../pool/desk-import.ts";
import type { Pool } from "../pool/pool.ts";
import { findingOf } from "./finding.ts";
import { inParallel, PARALLEL_PROBES } from "./in-parallel.ts";
import type { Probe, Probed } from "./probe.ts";

export interface ImportReport {
  /** Different keys in the whole text. */
  found: number;
  /** How many more times one of them stood there. */
  duplicates: number;
  /** Taken in by this call: Google served them. */
  new: number;
  /** Of these, how many had been retired before. */
  restored: number;
  /** In the pool already. */
  known: number;
  /** Their owners took them out: they stay out. */
  withdrawn: number;
  /** Not refused, not served: kept aside, and asked again by the scheduled recheck. */
  waiting: number;
  /** Refused by Google. */
  rejected: { lastFour: string; why: string }[];
  /** Keys of the text that the next calls will look at. */
  remaining: number;
  /** Where the next call goes on with the same text; null when all has been looked at. */
  after: number | null;
}

/** Each proof costs a request to Google, and an invocation on the free plan has 50. */
export const MAX_PROOFS = 40;

/** Keys whose standing is asked for in one call. */
const MAX_LOOKED_AT = 500;

export interface DeskWork {
  pool: Pool;
  probe: Probe;
}

/**
 * Takes in the keys of a pasted text, some at each call. A key must prove itself here too: only a 2xx from a generating
 * method brings it in.
 */
export function createImport({ pool, probe }: DeskWork) {
  return async function importKeys(text: string, note: string | null, after: number): Promise<ImportReport> {
    const { keys, duplicates } = findKeys(text);
    const window = keys.slice(after, after + MAX_LOOKED_AT);
    const standings = await pool.imports.standings(window);
    const report = { known: 0, withdrawn: 0 };
    const candidates: { key: ApiKey; wasRetired: boolean }[] = [];
    let looked = 0;
    for (const [index, key] of window.entries()) {
      const standing = standings[index] ?? "new";
      const needsProof = standing === "new" || standing === "retired";
      if (needsProof && candidates.length === MAX_PROOFS) break;
      if (needsProof) candidates.push({ key, wasRetired: standing === "retired" });
      else report[standing] += 1;
      looked += 1;
    }
    const proofs = await inParallel(candidates, PARALLEL_PROBES, async (candidate) => ({
      ...candidate,
      ...(await probe(candidate.key)),
    }));
    const outcomes = await pool.imports.takeIn(proofs, note);
    const having = (outcome: ProofOutcome) => proofs.filter((_proof, index) => outcomes[index] === outcome);
    const proven = having("new");
    const remaining = Math.max(0, keys.length - after - looked);
    return {
      found: keys.length,
      duplicates,
      new: proven.length,
      restored: proven.filter(({ wasRetired }) => wasRetired).length,
      ...report,
      waiting: having("waiting").length,
      rejected: having("rejected").map(({ key, verdict }) => ({ lastFour: key.lastFour, why: reasonOf(verdict) })),
      remaining,
      after: remaining === 0 ? null : after + looked,
    };
  };
}

function reasonOf(verdict: Probed["verdict"]): string {
  return verdict.kind === "key_dead" ? verdict.reason : findingOf(verdict);
}
