import type { Pool } from "../pool/pool.ts";
import type { RecheckFinding } from "../pool/rechecks.ts";
import type { Probe } from "./probe.ts";

/** Each costs a request to Google; an invocation on the free plan has 50, with D1's. */
const MAX_KEYS = 10;

/**
 * Makes what asks Google about retired keys whose turn it is, one after the other. Where Google, or the place that
 * this leaves from, is out of order, the others wait for the next run.
 */
export function createRecheck({ pool, probe }: { pool: Pick<Pool, "rechecks">; probe: Probe }) {
  return async function recheck(): Promise<void> {
    const findings: RecheckFinding[] = [];
    for (const { row, key } of await pool.rechecks.due(MAX_KEYS)) {
      const { verdict, proved, words } = await probe(key);
      findings.push({ row, verdict, proved, words });
      if (verdict.kind === "upstream_down" || verdict.kind === "place_refused") break;
    }
    await pool.rechecks.settle(findings);
  };
}
