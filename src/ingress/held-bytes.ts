/** What one isolate may hold of bodies at once: of its 128 MB each held byte costs up to three (decision 0006). */
const DEFAULT_LIMIT = 40 * 1024 * 1024;

/** The room that one body takes. */
export interface Holding {
  /** Takes room for so many more bytes; false if there is none. */
  grow: (bytes: number) => boolean;
  /** Gives all of it back. */
  letGo: () => void;
}

/**
 * Counts the bytes of bodies that are held for replay. A body for which there is no room travels once, on its
 * caller's own key: a few huge requests must not end everybody's isolate.
 */
export class HeldBytes {
  readonly #limit: number;
  #held = 0;

  constructor(limit = DEFAULT_LIMIT) {
    this.#limit = limit;
  }

  hold(): Holding {
    let mine = 0;
    return {
      grow: (bytes) => {
        // One body alone always has room: the most that it may be is a setting.
        if (this.#held > mine && this.#held + bytes > this.#limit) return false;
        this.#held += bytes;
        mine += bytes;
        return true;
      },
      letGo: () => {
        this.#held -= mine;
        mine = 0;
      },
    };
  }
}
