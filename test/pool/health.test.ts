import { describe, expect, it } from "vitest";
import { consequenceOf } from "../../src/pool/health.ts";
import { nextPacificMidnight } from "../../src/pool/pacific-midnight.ts";
import type { Verdict } from "../../src/verdict.ts";

const NOW = Date.UTC(2026, 10, 21, 18);
const HOUR = 3_600_000;

describe("what a verdict does to the key", () => {
  const untouching: Verdict[] = [
    { kind: "place_refused" },
    { kind: "key_unsuited" },
    { kind: "caller_fault" },
    { kind: "upstream_down", cause: "status" },
    { kind: "upstream_down", cause: "network" },
    { kind: "upstream_down", cause: "timeout" },
    { kind: "upstream_down", cause: "not_json" },
  ];

  it.each(untouching)("nothing for %j", (verdict) => {
    expect(consequenceOf(verdict, NOW)).toEqual({ kind: "none" });
  });

  const cases: [Verdict, unknown][] = [
    [{ kind: "served" }, { kind: "served" }],
    [
      { kind: "key_dead", reason: "API_KEY_INVALID", evidence: "certain" },
      { kind: "retire", reason: "API_KEY_INVALID" },
    ],
    [
      { kind: "key_dead", reason: "CREDENTIALS_MISSING", evidence: "repeated" },
      { kind: "strike", reason: "CREDENTIALS_MISSING", restUntil: NOW + 60_000 },
    ],
    [
      { kind: "key_broke", reason: "PREPAY_DEPLETED" },
      { kind: "rest", firstMs: HOUR, maxMs: 24 * HOUR },
    ],
    [
      { kind: "key_broke", reason: "SPENDING_CAP" },
      { kind: "rest", firstMs: HOUR, maxMs: 24 * HOUR },
    ],
    // 10:00 in Los Angeles.
    [{ kind: "quota_day" }, { kind: "cool", quota: "quota_day", until: NOW + 14 * HOUR }],
    [
      { kind: "quota_minute", retryAfterMs: 14_500 },
      { kind: "cool", quota: "quota_minute", until: NOW + 14_500 },
    ],
    [{ kind: "model_not_offered" }, { kind: "cool", quota: "model_not_offered", until: NOW + 24 * HOUR }],
    [{ kind: "busy" }, { kind: "cool_busy", firstMs: 5000, maxMs: 300_000 }],
  ];

  it.each(cases)("%j means %j", (verdict, consequence) => {
    expect(consequenceOf(verdict, NOW)).toEqual(consequence);
  });
});

describe("the next midnight in Los Angeles", () => {
  it.each([
    ["in winter (UTC-8)", "2026-01-15T12:00:00Z", "2026-01-16T08:00:00Z"],
    ["in summer (UTC-7)", "2026-07-15T12:00:00Z", "2026-07-16T07:00:00Z"],
    ["a millisecond before midnight", "2026-01-15T07:59:59.999Z", "2026-01-15T08:00:00Z"],
    ["at midnight itself, a day later", "2026-01-15T08:00:00Z", "2026-01-16T08:00:00Z"],
    ["a millisecond after midnight", "2026-01-15T08:00:00.001Z", "2026-01-16T08:00:00Z"],
    ["before the hour that is left out (a day of 23 hours)", "2026-03-08T09:30:00Z", "2026-03-09T07:00:00Z"],
    ["at the hour that is left out", "2026-03-08T10:00:00Z", "2026-03-09T07:00:00Z"],
    ["after the hour that is left out", "2026-03-08T20:00:00Z", "2026-03-09T07:00:00Z"],
    ["on the eve of the day of 23 hours", "2026-03-08T07:59:59Z", "2026-03-08T08:00:00Z"],
    ["at the midnight that begins the day of 23 hours", "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z"],
    ["before the hour that comes twice (a day of 25 hours)", "2026-11-01T07:30:00Z", "2026-11-02T08:00:00Z"],
    ["in the hour that comes twice, the first time", "2026-11-01T08:30:00Z", "2026-11-02T08:00:00Z"],
    ["in the hour that comes twice, the second time", "2026-11-01T09:30:00Z", "2026-11-02T08:00:00Z"],
    ["after the hour that comes twice", "2026-11-01T20:00:00Z", "2026-11-02T08:00:00Z"],
    ["at the midnight that begins the day of 25 hours", "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"],
    ["just before that midnight", "2026-11-01T06:59:59.999Z", "2026-11-01T07:00:00Z"],
    ["over the end of a year", "2026-12-31T23:00:00Z", "2027-01-01T08:00:00Z"],
  ])("%s", (_, now, midnight) => {
    expect(new Date(nextPacificMidnight(Date.parse(now))).toISOString()).toBe(new Date(midnight).toISOString());
  });

  it("is always ahead, and never more than 25 hours away", () => {
    for (let now = Date.UTC(2026, 0, 1); now < Date.UTC(2027, 0, 1); now += 37 * 61_001) {
      const ahead = nextPacificMidnight(now) - now;
      expect(ahead).toBeGreaterThan(0);
      expect(ahead).toBeLessThanOrEqual(25 * HOUR);
    }
  });
});
