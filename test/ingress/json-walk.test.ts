import { describe, expect, test } from "vitest";
import { stringAt, walkJson } from "../../src/ingress/json-walk.ts";

/** Numbers from 0 to 1 that are the same in every run (a linear congruential generator). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const SCALARS = ["1", "-2.5e3", '"s"', '"a\\"b\\\\"', "null", "true", "[]", "{}"];
const MUTATIONS = ["{", "}", "[", "]", ",", ":", '"', "1", "x", "'", " ", "\\", "\\u00e9"];

function someJson(random: () => number, depth = 0): string {
  const kind = random();
  if (depth > 3 || kind < 0.3) return SCALARS[Math.floor(random() * SCALARS.length)] ?? "1";
  const items = Array.from({ length: Math.floor(random() * 4) }, () => someJson(random, depth + 1));
  return kind < 0.65 ? `{${items.map((item, at) => `"k${at}":${item}`).join(",")}}` : `[${items.join(", ")}]`;
}

/** Puts in or takes out one character, or leaves the text as it is. */
function damaged(json: string, random: () => number): string {
  const kind = random();
  const at = Math.floor(random() * json.length);
  if (kind < 0.3) return json;
  if (kind < 0.6) return json.slice(0, at) + json.slice(at + 1);
  return json.slice(0, at) + (MUTATIONS[Math.floor(random() * MUTATIONS.length)] ?? "") + json.slice(at);
}

function isObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

describe("the walk over a body", () => {
  test("takes for an object what JSON.parse takes for one", () => {
    const random = seeded(4);
    let objects = 0;
    for (let round = 0; round < 20_000; round++) {
      const json = damaged(`{"a":${someJson(random)}}`, random);
      if (isObject(json)) objects += 1;
      if (walkJson(json, () => true) !== isObject(json)) expect.fail(json);
    }
    expect(objects).toBeGreaterThan(5000);
  });

  test("hears nothing of what lies inside a muted value, and everything after it", () => {
    const names: string[] = [];
    const json = '{"args":{"x":{"y":1}},"a":{"args":null,"b":{"c":1}},"args":[{"z":1}],"d":[{"e":1}]}';
    walkJson(json, (name) => {
      names.push(name);
      return name !== "args";
    });
    expect(names).toEqual(["args", "a", "args", "b", "c", "args", "d", "e"]);
  });

  // Google's parser drops the backslash of an escape that JSON does not know, and takes bare line breaks.
  test.each([
    '{"file\\Uri":1}',
    '{"a":"f\\iles/x"}',
    '{"a":"\\v"}',
    '{"a":"\\U0066"}',
    '{"a":"\\u006"}',
    '{"a":"\\u006g"}',
    '{"a":"\\n\\u0066\\x"}',
    '{"a":"\\n\\n\\"}',
    '{"a":1}\\',
    '{"a":{"args":"\\x"}}',
  ])("takes %s for no object", (json) => {
    expect(walkJson(json, () => true)).toBe(false);
  });

  test("undoes escapes beside a bare line break as well", () => {
    const names: string[] = [];
    const values: (string | undefined)[] = [];
    const json = '{"\\u0061\nb\\"\\\\":"\\u0066iles\\/x\n"}';
    walkJson(json, (name, _depth, valueAt) => {
      names.push(name);
      values.push(stringAt(json, valueAt));
      return true;
    });
    expect([names, values]).toEqual([['a\nb"\\'], ["files/x\n"]]);
  });
});
