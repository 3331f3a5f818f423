const HOUR_MS = 3_600_000;

const pacificClock = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/Los_Angeles",
  hourCycle: "h23",
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
});

/**
 * When Google's daily quotas reset next: midnight in Los Angeles, in epoch milliseconds
 * (ai.google.dev/gemini-api/docs/rate-limits). Right across daylight saving: days of 23 and 25 hours. Pure.
 */
export function nextPacificMidnight(now: number): number {
  const { hour, minute, second } = clockAt(now);
  const elapsed = ((hour * 60 + minute) * 60 + second) * 1000 + (now % 1000);
  // A day after the last midnight, by the wall clock; up to an hour off on the two days that change the clock.
  const guess = now - elapsed + 24 * HOUR_MS;
  const landed = clockAt(guess);
  if (landed.hour === 23) return guess + HOUR_MS;
  if (landed.hour === 1) return guess - HOUR_MS;
  return guess;
}

function clockAt(time: number): { hour: number; minute: number; second: number } {
  const part = Object.fromEntries(pacificClock.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  return { hour: part["hour"] ?? 0, minute: part["minute"] ?? 0, second: part["second"] ?? 0 };
}
