import { describe, expect, it } from "vitest";
import { nextPacificMidnight } from "../../src/pool/pacific-midnight.ts";
import { firstRecheckAt, planRecheck } from "../../src/pool/recheck-plan.ts";
import type { Verdict } from "../../src/verdict.ts";

const NOW = Date.UTC(2026, 10, 21, 18);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const dead: Verdict = { kind: "key_dead", reason: "API_KEY_INVALID", evidence: "certain" };
const plan = (verdict: Verdict, proved = false, rechecks = 0) => planRecheck({ verdict, proved }, rechecks, NOW);

describe("a retired key that is asked again", () => {
  it("waits longer after each refusal, eight times, and is then left alone", () => {
    expect(firstRecheckAt(NOW)).toBe(NOW + HOUR);
    const waits = Array.from({ length: 9 }, (_, rechecks) => plan(dead, false, rechecks)).map((outcome) =>
      outcome.kind === "refused" ? outcome.at : "not refused",
    );
    const days = [4 / 24, 1, 3, 7, 14, 14, 14];
    expect(waits).toEqual([...days.map((count) => NOW + count * DAY), null, null]);
  });

  it("comes back if Google generated something, and for nothing less", () => {
    expect(plan({ kind: "served" }, true)).toEqual({ kind: "restore" });
    expect(plan({ kind: "served" }, false).kind).toBe("undecided");
  });

  it.each<[Verdict, string]>([
    [dead, "refused"],
    [{ kind: "key_unsuited" }, "undecided"],
    [{ kind: "caller_fault" }, "refused"],
    [{ kind: "key_broke", reason: "PREPAY_DEPLETED" }, "undecided"],
    [{ kind: "quota_day" }, "undecided"],
    [{ kind: "quota_minute", retryAfterMs: 1000 }, "undecided"],
    [{ kind: "model_not_offered" }, "undecided"],
    [{ kind: "busy" }, "undecided"],
    [{ kind: "place_refused" }, "undecided"],
    [{ kind: "upstream_down", cause: "timeout" }, "undecided"],
  ])("is judged by %o: %s, and asked no sooner than the next run", (verdict, kind) => {
    for (const rechecks of [0, 3]) {
      const outcome = plan(verdict, true, rechecks);
      expect(outcome.kind).toBe(kind);
      expect("at" in outcome && outcome.at !== null && outcome.at >= NOW + 10 * 60_000).toBe(true);
    }
  });

  it("out of its daily quota is asked when that is new", () => {
    expect(plan({ kind: "quota_day" })).toEqual({ kind: "undecided", at: nextPacificMidnight(NOW) });
  });
});
