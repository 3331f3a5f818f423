/**
 * Where a list or a long work goes on, as text for the operator's client. It is bound to what it was made for, and
 * forging one gains nothing: its numbers are parameters of the same question. Pure.
 */

/** Ids and counters of ours are far below. */
const MAX_LENGTH = 500;

export function encodeCursor(purpose: string, numbers: readonly number[]): string {
  return Buffer.from(JSON.stringify([purpose, ...numbers])).toString("base64url");
}

/** The numbers of a cursor that was made for this purpose; undefined for any other text. */
export function decodeCursor(purpose: string, text: string, count: number): number[] | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const parsed = parse(Buffer.from(text, "base64url").toString());
  if (!Array.isArray(parsed) || parsed.length !== count + 1 || parsed[0] !== purpose) return undefined;
  const numbers = parsed.slice(1).filter((number): number is number => Number.isSafeInteger(number) && number >= 0);
  return numbers.length === count ? numbers : undefined;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
