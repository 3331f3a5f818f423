import { describe, expect, it } from "vitest";
import { MAX_RETRY_DELAY_MS, parseRetryDelay } from "../../src/upstream/retry-delay.ts";

describe("a retry delay of Google's", () => {
  it.each([
    ["51s", 51_000],
    ["14.5s", 14_500],
    ["0s", 0],
    ["0.0004s", 1],
    ["51.606482386s", 51_607],
    ["1h57m38s", 7_058_000],
    ["1h1m23.9s", 3_683_900],
    ["19h34m29.838605682s", 70_469_839],
    ["18h28m", 66_480_000],
    ["2m", 120_000],
  ])("reads %s", (text, milliseconds) => {
    expect(parseRetryDelay(text)).toBe(milliseconds);
  });

  it.each(["24h1s", "999999h", "999999999s", "999999h999999m999999999.999999999s"])(
    "believes no more than a day of %s",
    (text) => {
      expect(parseRetryDelay(text)).toBe(MAX_RETRY_DELAY_MS);
    },
  );

  it.each([
    "",
    "s",
    "51",
    "-5s",
    "+5s",
    "5 s",
    "1e9s",
    "Infinitys",
    "NaNs",
    "5m3h",
    "500ms",
    ".5s",
    "5.s",
    "٥s",
    "5s\n5s",
  ])("does not read %j", (text) => {
    expect(parseRetryDelay(text)).toBeUndefined();
  });

  it("does not read a delay with 64 KiB of digits", () => {
    expect(parseRetryDelay(`${"9".repeat(65_536)}s`)).toBeUndefined();
  });
});
