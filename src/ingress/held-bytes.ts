/** What one isolate may hold of bodies at once: of its 128 MB each held byte costs up to three (decision 0006). */
const DEFAULT_LIMIT = 40 * 1024 * 1024;

/** Small bodies always find this much room: those who send large ones, or only announce them, must not take it all. */
const KEPT_FOR_SMALL = 8 * 1024 * 1024;
const SMALL = 256 * 1024;

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
  readonly #keptForSmall: number;
  #held = 0;

  constructor(limit = DEFAULT_LIMIT, keptForSmall = KEPT_FOR_SMALL) {
    this.#limit = limit;
    this.#keptForSmall = keptForSmall;
  }

  hold(): Holding {
    let mine = 0;
    return {
      grow: (bytes) => {
        // One body alone always has room: the most that it may be is a setting.
        const room = mine + bytes > SMALL ? this.#limit - this.#keptForSmall : this.#limit;
        if (this.#held > mine && this.#held + bytes > room) return false;
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
