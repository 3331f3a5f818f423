import type { Clock } from "../clock.ts";
import type { LeaseTable } from "../db/leases.ts";
import { planDetour } from "./detour.ts";

/** How far a scout walks in the background: two round trips a look, and an invocation has 50 on the free plan. */
const MAX_LOOKS = 20;

/** Models known to be blocked at the same time; more would only be invented names. */
const MAX_BLOCKED = 64;

export interface ScoutOptions {
  leases: LeaseTable;
  batch: (statements: D1PreparedStatement[]) => Promise<unknown>;
  clock: Clock;
  /** How long this isolate believes that a model is blocked: others may admit or wake a key. Read at each use. */
  readonly beliefMs: number;
}

/** What one look brought. `ready`: lease again. `further`: more cooling keys ahead. `nothing`: no key is to be had. */
type Look = "ready" | "further" | "nothing";

/** Finds the way where a lease found its window cooling: past long stretches, or to the knowledge that there is none. */
export class Scout {
  readonly #options: ScoutOptions;
  readonly #blocked = new Map<string, { until: number; believedUntil: number }>();
  readonly #exploring = new Set<string>();

  constructor(options: ScoutOptions) {
    this.#options = options;
  }

  /** Until when no key is ready for the model, as far as this isolate knows. */
  blockedUntil(model: string): number | undefined {
    const block = this.#blocked.get(model);
    if (block === undefined || block.believedUntil > this.#options.clock()) return block?.until;
    this.#blocked.delete(model);
    return undefined;
  }

  /** A key joined or came back: no model is known to be blocked any more. */
  unblock(): void {
    this.#blocked.clear();
  }

  /** Looks once along the ring, and moves the cursor behind the cooling keys ahead. Two round trips. */
  async look(model: string, excluded: readonly number[]): Promise<Look> {
    const { leases, clock, batch } = this.#options;
    const now = clock();
    const survey = await leases.survey(model, now);
    if (survey === undefined) return "nothing";
    const detour = planDetour(survey, excluded, now);
    switch (detour.kind) {
      case "blocked":
        await this.#block(model, detour.until, now);
        return "nothing";
      case "used_up":
        return "nothing";
      case "look_again":
        return "ready";
      case "step_over": {
        const { from, to, until, readyBehind } = detour;
        await batch(leases.stepOver({ model, from, to, until }, survey.cursor, survey.position));
        return readyBehind ? "ready" : "further";
      }
    }
  }

  /** Walks on along a stretch too long for one request to wait for. One walk a model at a time. */
  async explore(model: string): Promise<void> {
    if (this.#exploring.has(model)) return;
    this.#exploring.add(model);
    try {
      for (let looks = 0; looks < MAX_LOOKS; looks++) {
        if ((await this.look(model, [])) !== "further") return;
      }
    } finally {
      this.#exploring.delete(model);
    }
  }

  async #block(model: string, until: number, now: number): Promise<void> {
    const { leases, beliefMs, batch } = this.#options;
    if (this.#blocked.size >= MAX_BLOCKED) this.#blocked.clear();
    this.#blocked.set(model, { until, believedUntil: Math.min(until, now + beliefMs) });
    if (Number.isFinite(until)) await batch([leases.block(model, until)]);
  }
}
