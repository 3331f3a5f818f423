/**
 * Thins counters to at most `budget` of them without bias, so that what a flush writes does not grow with the
 * pool: each survives with the same probability and, if it does, stands for those that did not. Exact when the
 * counters fit. Pure: randomness is passed in.
 */
export function thinCounters(
  counters: ReadonlyMap<number, number>,
  budget: number,
  random: () => number,
): Map<number, number> {
  if (counters.size <= budget) return new Map(counters);
  const chance = budget / counters.size;
  const thinned = new Map<number, number>();
  for (const [id, count] of counters) {
    if (random() >= chance) continue;
    const share = count / chance;
    const whole = Math.floor(share);
    thinned.set(id, whole + (random() < share - whole ? 1 : 0));
  }
  return thinned;
}
