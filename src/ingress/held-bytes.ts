/** What one isolate may hold of bodies at once: of its 128 MB each held byte costs up to three (decision 0006). */
const DEFAULT_LIMIT = 40 * 1024 * 1024;

/** Small bodies always find this much room: those who send large ones, or only announce them, must not take it all. */
const KEPT_FOR_SMALL = 8 * 1024 * 1024;

/** A text of 256 KiB, charged as what it may cost (body.ts). */
const SMALL = 768 * 1024;

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
  #large = 0;
  #small = 0;

  constructor(limit = DEFAULT_LIMIT, keptForSmall = KEPT_FOR_SMALL) {
    this.#limit = limit;
    this.#keptForSmall = keptForSmall;
  }

  hold(): Holding {
    let mine = 0;
    const giveBack = () => {
      if (mine > SMALL) this.#large -= mine;
      else this.#small -= mine;
    };
    return {
      grow: (bytes) => {
        giveBack();
        const hasRoom = this.#hasRoomFor(mine + bytes);
        if (hasRoom) mine += bytes;
        if (mine > SMALL) this.#large += mine;
        else this.#small += mine;
        return hasRoom;
      },
      letGo: () => {
        giveBack();
        mine = 0;
      },
    };
  }

  #hasRoomFor(size: number): boolean {
    if (size <= SMALL) return this.#small + size <= Math.max(this.#keptForSmall, this.#limit - this.#large);
    // One large body alone always has room: the most that it may be is a setting.
    return this.#large === 0 || this.#large + Math.max(this.#small, this.#keptForSmall) + size <= this.#limit;
  }
}
