import type { Act, Selection } from "../pool/desk.ts";
import type { Defer } from "../pool/rotation.ts";
import { createImport, MAX_PROOFS, type DeskWork } from "./desk-import.ts";
import { findingOf, type Finding } from "./finding.ts";
import { inParallel, PARALLEL_PROBES } from "./in-parallel.ts";

export type DeskAction = Act | "verify";

export interface ActionRequest {
  action: DeskAction;
  selection: Selection;
  /** For `cool`: how long. */
  forMs?: number | undefined;
  /** `next` of the step before. */
  after?: string | undefined;
  /** Keys a step; 0 begins the work and does nothing yet. */
  limit?: number | undefined;
}

export interface ActionReport {
  /** Keys that it was done to; for `verify`, keys that work. */
  done: number;
  /** Only for `verify`: keys that Google did not serve. */
  failed: number;
  /** Keys that it cannot be done to: withdrawn, deleted, unknown, or in that state already. */
  skipped: number;
  /** Leads to the next step; null after the last one. */
  next: string | null;
  /** How many keys the whole work is for, as counted when it began. */
  total: number;
  /** Only for `verify`: what was found out, key by key. */
  results?: { id: number; finding: Finding }[];
}

const MAX_STEP = 500;
const COOL_MS = 3_600_000;

export interface DeskOptions extends DeskWork {
  /** Read at each use: the operator may change it while the isolate runs. */
  settings: { readonly VERIFY_MODEL: string };
}

export type Desk = ReturnType<typeof createDesk>;

/** What the operator does to keys: the pool's part, and what needs a question to Google. */
export function createDesk({ pool, probe, settings }: DeskOptions) {
  const { desk } = pool;

  /** Asks Google about each key; the answers have the consequences that any answer has. */
  async function verify(ids: readonly number[], defer: Defer): Promise<{ id: number; finding: Finding }[]> {
    const keys = (await desk.open(ids)).filter(({ status }) => status === "active" || status === "retired");
    const probes = await inParallel(keys, PARALLEL_PROBES, async (key) => ({ ...key, probed: await probe(key.key) }));
    for (const { id, status, blemished, probed } of probes) {
      if (status !== "active") continue;
      const use = { keyId: id, model: settings.VERIFY_MODEL, blemished, words: () => probed.words };
      pool.report(use, probed.verdict, defer);
    }
    // What the operator retired stays out, however well it works; so does what the operator told to rest.
    const comesBack = probes.filter(
      ({ status, byOperator, resting, blemished, probed }) =>
        probed.proved && (status === "retired" ? !byOperator : resting && blemished),
    );
    await desk.restoreProven(comesBack.map(({ id }) => id));
    await desk.giveUp(
      probes.flatMap(({ id, unproven, probed: { verdict, words = null } }) =>
        unproven && verdict.kind === "key_dead" ? [{ id, reason: verdict.reason, words }] : [],
      ),
    );
    return probes.map(({ id, probed }) => ({ id, finding: findingOf(probed.verdict) }));
  }

  return {
    ...desk,

    /** Takes in the keys of a pasted text; see {@link createImport}. */
    importKeys: createImport({ pool, probe }),

    /** One step of a work on keys. Undefined where `after` is none of its cursors. Throws if D1 does not answer. */
    async act(request: ActionRequest, defer: Defer): Promise<ActionReport | undefined> {
      const { action, selection, forMs = COOL_MS, after } = request;
      const most = action === "verify" ? MAX_PROOFS : MAX_STEP;
      const limit = Math.min(most, Math.max(0, request.limit ?? most));
      const step = await desk.step(action, selection, after, limit);
      if (step === undefined) return undefined;
      const { ids, next, total } = step;
      if (action === "verify") {
        const results = await verify(ids, defer);
        const done = results.filter(({ finding }) => finding === "works").length;
        return { done, failed: results.length - done, skipped: ids.length - results.length, next, total, results };
      }
      const changed = ids.length === 0 ? [] : await desk.act(action, ids, forMs);
      return { done: changed.length, failed: 0, skipped: ids.length - changed.length, next, total };
    },
  };
}
