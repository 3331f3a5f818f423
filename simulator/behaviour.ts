/** Narrows a behaviour; calls outside it are served well. Call numbers start at 1 and count the matching models only. */
export interface Only {
  firstCalls?: number;
  fromCall?: number;
  models?: string[];
}

type Act =
  | { kind: "good" }
  /** A recorded error of Google's, by the name of its fixture. */
  | { kind: "error"; fixture: string }
  /** Per (project, model) and minute or Pacific day, as Google counts (protocol §5). */
  | { kind: "quota"; perMinute?: number; perDay?: number }
  /** Waits before the headers, then does `next` (default: good). */
  | { kind: "slow"; delayMs: number; next?: Behaviour }
  /** Never answers; ends when the caller gives up. */
  | { kind: "hang" }
  /** The connection breaks before any answer. */
  | { kind: "reset" }
  /** Google's front end answers with an HTML page. */
  | { kind: "html" }
  /** A 200 event stream that ends in Google's unframed JSON error after `afterEvents` (default 1) good events. */
  | { kind: "midstream-error"; afterEvents?: number; fixture?: string }
  /** A pause between events. */
  | { kind: "drip"; pauseMs: number };

export type Behaviour = Act & { only?: Only };

const GOOD: Behaviour = { kind: "good" };

/** The recorded errors that a behaviour needs. */
export function fixtureNames(behaviour: Behaviour): string[] {
  if (behaviour.kind === "slow") return behaviour.next ? fixtureNames(behaviour.next) : [];
  if (behaviour.kind === "midstream-error") return behaviour.fixture === undefined ? [] : [behaviour.fixture];
  return behaviour.kind === "error" ? [behaviour.fixture] : [];
}

/** What one key does, call by call. The last step of a sequence repeats. */
export class Script {
  readonly #steps: readonly Behaviour[];
  readonly #matching: number[];
  #calls = 0;

  constructor(steps: readonly Behaviour[]) {
    this.#steps = steps;
    this.#matching = steps.map(() => 0);
  }

  next(model: string | undefined): Behaviour {
    const index = Math.min(this.#calls++, this.#steps.length - 1);
    const step = this.#steps[index];
    if (!step) return GOOD;
    const { firstCalls, fromCall, models } = step.only ?? {};
    if (models && !models.includes(model ?? "")) return GOOD;
    const count = (this.#matching[index] ?? 0) + 1;
    this.#matching[index] = count;
    if (firstCalls !== undefined && count > firstCalls) return GOOD;
    if (fromCall !== undefined && count < fromCall) return GOOD;
    return step;
  }
}
