import type { Round } from "./rounds.ts";

export const print = (line: string) => void process.stdout.write(`${line}\n`);

/** One line while the bench runs, so that a long run shows that it lives. */
export function printRound({ contestant, mode, connections, perSecond, cpuUs, medianMs, failures }: Round): void {
  const figures = [
    `${perSecond.toFixed(0).padStart(6)} req/s`,
    `${cpuUs.toFixed(0).padStart(5)} µs CPU`,
    `${medianMs.toFixed(3).padStart(8)} ms`,
    ...(failures === 0 ? [] : [`${failures} FAILED`]),
  ];
  print(`  ${mode.padEnd(5)} ${String(connections).padStart(2)}  ${contestant.padEnd(22)} ${figures.join("  ")}`);
}
