const MINUTE_MS = 60_000;

export interface QuotaLimits {
  perMinute?: number | undefined;
  perDay?: number | undefined;
}

/** How often each project used each model, in fixed minutes and Pacific days; keys of one project share (protocol §5). */
export class QuotaLedger {
  readonly #used = new Map<string, number>();

  /** Counts one generating request, or names the limit that refuses it. */
  use(project: string, model: string, limits: QuotaLimits, now: number): "day" | "minute" | undefined {
    const minute = `${project} ${model} minute ${Math.floor(now / MINUTE_MS)}`;
    const day = `${project} ${model} day ${pacificDay(now)}`;
    if (this.#count(day) >= (limits.perDay ?? Infinity)) return "day";
    if (this.#count(minute) >= (limits.perMinute ?? Infinity)) return "minute";
    for (const bucket of [minute, day]) this.#used.set(bucket, this.#count(bucket) + 1);
    return undefined;
  }

  clear(): void {
    this.#used.clear();
  }

  #count(bucket: string): number {
    return this.#used.get(bucket) ?? 0;
  }
}

/** Makes a recorded minute error tell the time that is really left, as Google does for minutes (§1.5 A). */
export function withTrueDelay(body: string, now: number): string {
  const seconds = Math.ceil((MINUTE_MS - (now % MINUTE_MS)) / 1000);
  return body
    .replace(/("retryDelay":\s*)"[^"]*"/g, `$1"${seconds}s"`)
    .replace(/Please retry in [0-9hms.]+s\./g, `Please retry in ${seconds}s.`);
}

const PACIFIC_DATE = new Intl.DateTimeFormat("en-CA", {
  timeZone: "America/Los_Angeles",
  dateStyle: "short",
});

function pacificDay(now: number): string {
  return PACIFIC_DATE.format(now);
}
