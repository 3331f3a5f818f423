import type { ApiKey } from "../api-key.ts";
import type { Clock } from "../clock.ts";
import type { ImportedKey, KeyImports } from "../db/key-imports.ts";
import type { KeyDeskTable } from "../db/key-desk.ts";
import type { ResealingTable } from "../db/resealing.ts";
import type { Verdict } from "../verdict.ts";
import type { Contributors } from "./contributors.ts";
import type { Outcasts } from "./outcasts.ts";
import { planRecheck } from "./recheck-plan.ts";
import type { Rotation } from "./rotation.ts";
import type { Vault } from "./vault.ts";

/** How a pasted key stands before it is asked: what is known or withdrawn needs no proof. */
export type PastedStanding = "new" | "known" | "retired" | "withdrawn";

/** What Google answered to a pasted key. */
export interface Proof {
  key: ApiKey;
  verdict: Verdict;
  proved: boolean;
}

/** What follows for it. `waiting`: neither served nor refused, so it is kept aside and asked again later. */
export type ProofOutcome = "new" | "waiting" | "rejected";

export interface DeskImportOptions {
  table: KeyDeskTable;
  imports: KeyImports;
  resealing: ResealingTable;
  vault: Vault;
  rotation: Rotation;
  outcasts: Outcasts;
  contributors: Contributors;
  clock: Clock;
}

/** Keys that the operator pastes. Both methods throw if D1 does not answer. */
export function createDeskImport(options: DeskImportOptions) {
  const { table, imports, resealing, vault, rotation, outcasts, contributors, clock } = options;

  const seal = (key: ApiKey, recheckAt: number | null): ImportedKey => ({ ...vault.seal(key), recheckAt });

  /** While a secret is being replaced a key may stand under the former one: no key may stand in the pool twice. */
  const follow = (key: ApiKey): D1PreparedStatement[] => {
    const former = vault.formerFingerprint(key);
    return former === undefined ? [] : resealing.move(former, vault.seal(key));
  };

  return {
    /** How these keys stand, in their order. */
    async standings(keys: readonly ApiKey[]): Promise<PastedStanding[]> {
      const prints = keys.map((key) => [vault.fingerprint(key), vault.formerFingerprint(key)]);
      const rows = await table.findByPrints(prints.flat().filter((print) => print !== undefined));
      const known = new Map(rows.map(({ fingerprint, status }) => [fingerprint, status]));
      return prints.map((pair) => {
        const statuses = pair.map((print) => (print === undefined ? undefined : known.get(print)));
        if (statuses.includes("withdrawn")) return "withdrawn";
        if (statuses.includes("active")) return "known";
        return statuses.includes("retired") ? "retired" : "new";
      });
    },

    /** Draws the consequences of the proofs; what follows for each stands in their order. */
    async takeIn(proofs: readonly Proof[], note: string | null): Promise<ProofOutcome[]> {
      const now = clock();
      const plans = proofs.map((proof) => ({ ...proof, plan: planRecheck(proof, 0, now) }));
      const proven = plans.flatMap(({ key, plan }) => (plan.kind === "restore" ? [seal(key, null)] : []));
      const waiting = plans.flatMap(({ key, plan }) => (plan.kind === "undecided" ? [seal(key, plan.at)] : []));
      if (proven.length + waiting.length > 0) {
        const moves = plans.flatMap(({ key, plan }) => (plan.kind === "refused" ? [] : follow(key)));
        const admitted = await imports.takeIn({ proven, waiting, note, now, moves });
        for (const { id } of admitted) outcasts.forgive(id);
        if (admitted.length > 0) rotation.unblock();
      }
      for (const { key } of plans) contributors.forget(key);
      return plans.map(({ plan }) => OUTCOMES[plan.kind]);
    },
  };
}

const OUTCOMES = { restore: "new", undecided: "waiting", refused: "rejected" } as const;
