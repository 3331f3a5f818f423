import type { Clock } from "../clock.ts";

/** A limiter of the runtime's: counts calls with the same key, per place, permissively. */
export interface Limiter {
  limit: (options: { key: string }) => Promise<{ success: boolean }>;
}

const WINDOW_MS = 60_000;

/** Names counted in one minute; whoever comes after them is not counted. */
const MAX_COUNTED = 20_000;

export interface BrakeOptions {
  /** Without one, or when it fails, only the isolate's own count limits. */
  limiter: Limiter | undefined;
  /** What the limiter allows a minute: fixed when the Worker is deployed. */
  limiterAllows: number;
  /** What the operator allows a minute, 0 for no limit. Asked at each use. */
  allowed: () => number;
  clock: Clock;
  random: () => number;
}

/**
 * Limits calls a minute by name. The limiter's number cannot change while the Worker runs, the operator's can: below
 * the limiter's the isolate counts too, above it the limiter hears of as many calls as bring its number up to the
 * operator's. A promise only where the limiter is asked.
 */
export class Brake {
  readonly #options: BrakeOptions;
  #counts = new Map<string, number>();
  #window = 0;

  constructor(options: BrakeOptions) {
    this.#options = options;
  }

  passes(name: string): boolean | Promise<boolean> {
    const { limiter, limiterAllows, allowed, random } = this.#options;
    const most = allowed();
    if (most === 0) return true;
    if (most < limiterAllows && this.#count(name) > most) return false;
    if (limiter === undefined) return true;
    if (most <= limiterAllows) return this.#ask(limiter, name);
    if (this.#windowCounts().get(name) === Infinity) return false;
    return random() * most >= limiterAllows || this.#ask(limiter, name);
  }

  async #ask(limiter: Limiter, name: string): Promise<boolean> {
    try {
      const { success } = await limiter.limit({ key: name });
      // It hears of a part of the calls, so its refusal counts for the others too.
      if (!success) this.#windowCounts().set(name, Infinity);
      return success;
    } catch {
      return true;
    }
  }

  #count(name: string): number {
    const counts = this.#windowCounts();
    const count = (counts.get(name) ?? 0) + 1;
    if (counts.size < MAX_COUNTED || counts.has(name)) counts.set(name, count);
    return count;
  }

  #windowCounts(): Map<string, number> {
    const window = Math.floor(this.#options.clock() / WINDOW_MS);
    if (window !== this.#window) {
      this.#window = window;
      this.#counts = new Map();
    }
    return this.#counts;
  }
}
