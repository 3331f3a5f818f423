/**
 * What this isolate saw itself: keys that it must not use for a model, or at all, whatever its leased blocks
 * hold. D1 learns the same in the background; by the time an entry is dropped, every block is younger.
 */
export class Outcasts {
  readonly #until = new Map<string, number>();
  readonly #limit: number;

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  /** Casts the key out until then, for one model or (undefined) for all. */
  add(keyId: number, model: string | undefined, until: number): void {
    const entry = nameOf(keyId, model);
    if ((this.#until.get(entry) ?? 0) >= until) return;
    this.#until.delete(entry);
    this.#until.set(entry, until);
    const oldest = this.#until.size > this.#limit ? this.#until.keys().next().value : undefined;
    if (oldest !== undefined) this.#until.delete(oldest);
  }

  has(keyId: number, model: string, now: number): boolean {
    if (this.#until.size === 0) return false;
    return this.#holds(nameOf(keyId, undefined), now) || this.#holds(nameOf(keyId, model), now);
  }

  /** The key proved itself again. */
  forgive(keyId: number): void {
    this.#until.delete(nameOf(keyId, undefined));
  }

  #holds(entry: string, now: number): boolean {
    const until = this.#until.get(entry);
    if (until === undefined) return false;
    if (until > now) return true;
    this.#until.delete(entry);
    return false;
  }
}

function nameOf(keyId: number, model: string | undefined): string {
  return model === undefined ? String(keyId) : `${keyId} ${model}`;
}
