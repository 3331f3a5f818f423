/** What a log line may carry. Keys never: a key is logged as its row id. */
export type LogFields = Record<string, string | number | boolean | undefined>;

/** Writes one structured line. `event` is `area.what_happened`. */
export type Log = (level: "info" | "warn" | "error", event: string, fields?: LogFields) => void;

export const consoleLog: Log = (level, event, fields) => {
  // oxlint-disable-next-line no-console -- the one place that writes to the log
  console[level](JSON.stringify({ level, event, ...fields }));
};

/**
 * The bare cause of a failure, for a log line. Drizzle's own message is skipped: it quotes every parameter of the
 * failed query, fingerprints and ciphertexts among them.
 */
export function causeOf(error: unknown): string {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  return cause instanceof Error ? cause.message.slice(0, 300) : "unknown";
}
