/** A script's life: what it started is ended in reverse order, whether it finishes, fails, or is told to stop. */
export interface Lifetime {
  /** Ends with the script; the last one registered goes first. */
  onEnd: (cleanUp: () => unknown) => void;
  /** Aborts when someone wants the script to stop (Ctrl-C, `kill`, a closed terminal or pipe). */
  signal: AbortSignal;
}

/** A failure that its message explains; no stack needed. */
export class Complaint extends Error {
  override name = "Complaint";
}

/** Runs the script to its end and exits with the code that it returns; stopped from outside, with 0. */
export async function runScript(main: (lifetime: Lifetime) => Promise<number>): Promise<never> {
  const cleanUps: (() => unknown)[] = [];
  const { promise: stopped, resolve: stop } = Promise.withResolvers<undefined>();
  const controller = new AbortController();
  const onStop = () => {
    // Whoever asks twice does not want to wait.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    if (process.stdout.isTTY) process.stdout.write("\n");
    stop(undefined);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onStop);
  // The reader of a pipe has gone.
  process.stdout.on("error", () => stop(undefined));

  let code = 0;
  try {
    const ending = main({ onEnd: (cleanUp) => cleanUps.unshift(cleanUp), signal: controller.signal });
    code = (await Promise.race([ending, stopped])) ?? 0;
  } catch (error) {
    code = 1;
    console.error(error instanceof Complaint ? `\n${error.message}` : error);
  }
  for (const cleanUp of cleanUps) {
    try {
      await cleanUp();
    } catch (error) {
      code = 1;
      console.error(error);
    }
  }
  process.exit(code);
}
