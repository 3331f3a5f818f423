/**
 * Thins counters to at most `budget` of them without bias, so that what a flush writes does not grow with the
 * pool: each is kept with the same probability, and those that are kept stand for `weight` of their like. Exact when
 * they fit. Pure: randomness is passed in.
 */
export function thin<T>(counters: readonly T[], budget: number, random: () => number): { kept: T[]; weight: number } {
  if (counters.length <= budget) return { kept: [...counters], weight: 1 };
  if (budget <= 0) return { kept: [], weight: 0 };
  const chance = budget / counters.length;
  const offset = random();
  // A systematic sample: no flush is larger than its budget by bad luck.
  const kept = counters.filter(
    (_, index) => Math.floor(index * chance + offset) < Math.floor((index + 1) * chance + offset),
  );
  return { kept, weight: 1 / chance };
}

/** The count that stands for `weight` times as many: a whole number whose expectation is right. */
export function thinCount(count: number, weight: number, random: () => number): number {
  const share = count * weight;
  const whole = Math.floor(share);
  return whole + (random() < share - whole ? 1 : 0);
}
