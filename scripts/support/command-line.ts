import { Complaint } from "./lifetime.ts";

/** Hands the script's arguments to `read`; what it throws is told together with the usage. */
export function readCommandLine<Options>(usage: string, read: (args: string[]) => Options): Options {
  try {
    // Some versions of pnpm pass on the `--` that npm wants before a script's own options.
    return read(process.argv.slice(2).filter((argument) => argument !== "--"));
  } catch (error) {
    throw new Complaint(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}
