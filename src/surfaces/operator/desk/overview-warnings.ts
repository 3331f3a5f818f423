/** What an operator should look at now. Pure. */

export interface KeyCounts {
  /** In the rotation, some of them cooling for some models. */
  active: number;
  resting: number;
  cooling: number;
  retired: number;
  withdrawn: number;
}

export type Warning = "empty" | "dry" | "failing" | "dying";

/** Most keys rest: the rotation walks far for each turn, and callers fall back to their own. */
const DRY_SHARE = 0.6;
/** Google itself has worse hours than one request in ten, but seldom. */
const FAILING_BELOW = 0.9;
/** Fewer requests say nothing. */
const ENOUGH_REQUESTS = 20;

export function warningsOf(
  { active, resting, cooling, retired }: KeyCounts,
  { requests, callerFaults, successRate }: { requests: number; callerFaults: number; successRate: number | null },
): Warning[] {
  const inUse = active + resting;
  if (inUse === 0) return ["empty"];
  const warnings: Warning[] = [];
  // A resting key may cool for a model as well: no key counts twice.
  if (Math.min(inUse, Math.max(resting, cooling)) / inUse >= DRY_SHARE) warnings.push("dry");
  if (requests - callerFaults >= ENOUGH_REQUESTS && (successRate ?? 1) < FAILING_BELOW) warnings.push("failing");
  if (retired > inUse) warnings.push("dying");
  return warnings;
}
