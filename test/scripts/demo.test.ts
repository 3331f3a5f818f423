import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { inviteContributors, losesTheirKey, type Contributor } from "../../scripts/demo/cast.ts";
import { median } from "../../scripts/demo/latency.ts";
import { keepScore, type KeyStatus } from "../../scripts/demo/score.ts";
import { introduce, tell } from "../../scripts/demo/story.ts";
import type { Visit } from "../../scripts/demo/visit.ts";
import type { Call } from "../../simulator/calls.ts";

const ACTIVE: KeyStatus = { status: "active", reason: null, coolings: [] };

function guest(name: string, trouble: Contributor["trouble"] = "none"): Contributor {
  return { name, key: `AIzaSyDemoKeyOf${name}`, client: "openai", trouble, behaviour: { kind: "good" } };
}

const served = (contributor: Contributor, servedBy = "pool", attempts = 1): Visit => ({
  contributor,
  heard: [{ attempts, servedBy }],
});

const failed = (contributor: Contributor, failure: string): Visit => ({ ...served(contributor, "own"), failure });

const call = ({ key }: Contributor, answeredStatus = 200): Call => ({
  at: 0,
  key,
  project: "1",
  method: "POST",
  path: "/",
  model: "m",
  headers: {},
  credential: "header",
  bodyBytes: 0,
  bodyText: "",
  aborted: false,
  answeredStatus,
});

const ada = guest("Ada");
const quan = guest("Quan", "day_quota");
const rosa = guest("Rosa", "suspended");

describe("the cast", () => {
  test("brings keys that look like Google's and can be told apart by their last four characters", () => {
    const guests = inviteContributors();
    expect(guests).toHaveLength(20);
    for (const { key } of guests) expect(key).toMatch(/^AIzaSy\w{33}$/);
    expect(new Set(guests.map(({ key }) => key.slice(-4))).size).toBe(guests.length);
  });

  test("is mostly good, and has every trouble once", () => {
    const troubles = inviteContributors().map(({ trouble }) => trouble);
    expect(troubles.filter((trouble) => trouble === "none").length).toBe(15);
    expect(new Set(troubles).size).toBe(6);
    expect(inviteContributors().filter(losesTheirKey)).toHaveLength(3);
  });

  test("uses both clients", () => {
    expect(new Set(inviteContributors().map(({ client }) => client)).size).toBe(2);
  });
});

describe("the score", () => {
  test("adds up requests, attempts and whose key served", () => {
    const visits = [served(ada, "own"), served(ada, "pool", 2), served(quan)];
    const calls = [call(ada), call(quan, 429), call(ada), call(ada)];
    const score = keepScore(visits, calls, new Map([ada, quan].map(({ key }) => [key, ACTIVE])));
    expect(score).toMatchObject({ requests: 3, served: 3, servedByPool: 2, failed: 0, retries: 1, complaints: [] });
    expect(score.rows.map(({ keyServed }) => keyServed)).toEqual([3, 0]);
    expect(score.cooled.map(({ contributor }) => contributor.name)).toEqual(["Quan"]);
  });

  test("complains when a caller with a working key was not served", () => {
    const score = keepScore([failed(quan, "quota exceeded")], [call(quan, 429)], new Map());
    expect(score.complaints).toEqual(["Quan's key works, but a request failed: quota exceeded"]);
  });

  test("does not complain when the caller's own key is dead", () => {
    const retired: KeyStatus = { status: "retired", reason: "CONSUMER_SUSPENDED", coolings: [] };
    const score = keepScore([failed(rosa, "suspended")], [call(rosa, 403)], new Map([[rosa.key, retired]]));
    expect(score.complaints).toEqual([]);
    expect(score.failed).toBe(1);
    expect(score.retired.map(({ contributor }) => contributor.name)).toEqual(["Rosa"]);
  });

  test("complains when the Worker's account and Google's differ", () => {
    const score = keepScore([served(ada)], [call(ada), call(ada)], new Map());
    expect(score.complaints).toEqual(["The Worker reported 1 attempts, but the simulated Google counted 2 calls."]);
  });
});

describe("the story", () => {
  const findings = { keyCount: 1, latency: { directMs: 1, workerMs: 6, pairs: 50 }, strayHeaders: 0, exposedKeys: 0 };
  const statuses = new Map([
    [ada.key, ACTIVE],
    [quan.key, { status: "active", reason: null, coolings: [{ kind: "quota_day" }] }],
    [rosa.key, { status: "retired", reason: "CONSUMER_SUSPENDED", coolings: [] }],
  ]);
  const visits = [served(ada), served(quan), failed(rosa, "Permission denied. More words.")];
  const score = keepScore(visits, [call(ada), call(ada), call(rosa, 403)], statuses);
  const textOf = (lines: string[]) => stripVTControlCharacters(lines.join("\n"));

  test("introduces those who are in for trouble by name", () => {
    const text = textOf(introduce([ada, quan, rosa], 15));
    expect(text).toContain("3 people bring a Gemini key each and send 15 requests each");
    expect(text).toContain("1 of the keys are good. The other 2:");
    expect(text).toMatch(/Quan +has \d+ requests/);
  });

  test("tells how each one fared, and never shows a key", () => {
    const text = textOf(tell(score, findings));
    expect(text).toMatch(/Quan .*resting: day's quota/);
    expect(text).toMatch(/Rosa .*retired: CONSUMER_SUSPENDED/);
    expect(text).toMatch(/The Worker adds +5\.0 ms/);
    expect(text).toMatch(/Headers that should not have left +0/);
    expect(text).toContain("✓ Everyone whose key works was served");
    for (const { key } of [ada, quan, rosa]) expect(text).not.toContain(key);
  });

  test("tells why a key never got a seat, in Google's first sentence", () => {
    const text = textOf(
      tell(keepScore([failed(rosa, "API key expired. Renew it.")], [call(rosa, 400)], new Map()), findings),
    );
    expect(text).toContain("no seat: API key expired.");
    expect(text).not.toContain("Renew");
  });

  test("does not claim success when there are complaints, and shows ten of many", () => {
    const many = { ...score, complaints: Array.from({ length: 12 }, (_, index) => `complaint ${index}`) };
    const text = textOf(tell(many, findings));
    expect(text).not.toContain("Everyone whose key works");
    expect(text).toContain("✗ complaint 9");
    expect(text).toContain("… and 2 more");
  });
});

test("the median of an even and an odd number of values, and of none", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});
