/** How far a long job is: a bar that redraws itself in a terminal, a plain line now and then elsewhere. */
export interface Progress {
  advance: (note?: string) => void;
  /** Leaves the cursor at the start of a fresh line. */
  end: () => void;
}

interface Screen {
  write: (text: string) => unknown;
  isTTY?: boolean;
  columns?: number;
}

const BAR_WIDTH = 30;
/** A job tells of itself so often where nothing can be redrawn. */
const PLAIN_LINES = 4;
const ERASE_LINE = "\r\u001B[K";

/** The line of a bar at `done` of `total`. Pure. */
export function renderBar(done: number, total: number, note: string, columns = 80): string {
  const filled = total === 0 ? BAR_WIDTH : Math.round((done / total) * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  const count = `${String(done).padStart(String(total).length)}/${total}`;
  return `  ${bar}  ${count}  ${note}`.trimEnd().slice(0, Math.max(0, columns - 1));
}

export function startProgress(total: number, screen: Screen = process.stdout): Progress {
  const redraws = screen.isTTY === true && process.env["TERM"] !== "dumb";
  const step = Math.max(1, Math.ceil(total / PLAIN_LINES));
  let done = 0;
  let note = "";
  const draw = () => {
    if (redraws) screen.write(ERASE_LINE + renderBar(done, total, note, screen.columns || undefined));
    else if (done > 0 && (done % step === 0 || done === total))
      screen.write(`  ${done} of ${total}  ${note}`.trimEnd() + "\n");
  };
  draw();
  return {
    advance(text = note) {
      done += 1;
      note = text;
      draw();
    },
    end() {
      if (redraws) screen.write("\n");
    },
  };
}
