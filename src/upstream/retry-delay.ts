/** Pure: no clock, no I/O. */

/** Hours, minutes and seconds in this order, each optional: `51s`, `14.5s`, `1h57m38s`, `19h34m29.838605682s`. */
const DURATION = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9}(?:\.\d{1,12})?)s)?$/;

/** The longest true wait is a day's quota; whatever says more is not believed. */
export const MAX_RETRY_DELAY_MS = 24 * 60 * 60 * 1000;

/**
 * A duration of Google's (`google.protobuf.Duration` in JSON, or Go's compound form) in whole milliseconds, rounded up
 * and at most MAX_RETRY_DELAY_MS. Undefined for everything else: empty, negative, without a unit, in another unit.
 */
export function parseRetryDelay(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null || text === "") return undefined;
  const [, hours = "0", minutes = "0", seconds = "0"] = match;
  const totalSeconds = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return Math.min(Math.ceil(totalSeconds * 1000), MAX_RETRY_DELAY_MS);
}
