/**
 * Things by name, each bound to the project of the key that made it. A foreign thing and a missing one look the same,
 * as they do at Google (protocol §1.3).
 */
export class ProjectStore<Thing> {
  readonly #things = new Map<string, { project: string; thing: Thing }>();

  put(project: string, name: string, thing: Thing): void {
    this.#things.set(name, { project, thing });
  }

  find(project: string, name: string): Thing | undefined {
    const found = this.#things.get(name);
    return found?.project === project ? found.thing : undefined;
  }

  projectOf(name: string): string | undefined {
    return this.#things.get(name)?.project;
  }

  list(project: string): Thing[] {
    return [...this.#things.values()].filter((entry) => entry.project === project).map((entry) => entry.thing);
  }

  remove(project: string, name: string): boolean {
    return this.find(project, name) !== undefined && this.#things.delete(name);
  }

  clear(): void {
    this.#things.clear();
  }
}

/** Letters and digits in lower case, as Google's file and cache ids. */
export function newId(length = 12): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => (byte % 36).toString(36)).join("");
}

export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
