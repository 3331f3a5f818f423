/** Who comes to the demo's table, and what their keys will do. Pure but for the keys' random text. */

import { randomInt } from "node:crypto";
import type { Behaviour } from "../../simulator/behaviour.ts";

export type Trouble = "none" | "minute_quota" | "day_quota" | "suspended" | "leaked" | "expired";

export interface Contributor {
  name: string;
  key: string;
  client: "@google/genai" | "openai";
  trouble: Trouble;
  behaviour: Behaviour | Behaviour[];
}

/** For each model, as Google counts. */
export const REQUESTS_PER_MINUTE = 4;
export const REQUESTS_PER_DAY = 6;

const GOOD_NAMES = "Ada Ben Chen Dora Emil Farah Goro Hana Ivan Jules Kofi Lena Mei Nils Olga".split(" ");

const TROUBLED: { name: string; trouble: Trouble; behaviour: Behaviour }[] = [
  { name: "Pia", trouble: "minute_quota", behaviour: { kind: "quota", perMinute: REQUESTS_PER_MINUTE } },
  { name: "Quan", trouble: "day_quota", behaviour: { kind: "quota", perDay: REQUESTS_PER_DAY } },
  { name: "Rosa", trouble: "suspended", behaviour: refusesFrom(5, "key-suspended") },
  { name: "Sami", trouble: "leaked", behaviour: refusesFrom(9, "key-leaked") },
  { name: "Tove", trouble: "expired", behaviour: refusesFrom(1, "key-expired") },
];

/** At which of their calls some good keys meet an overloaded Google. */
const OVERLOADS: Record<string, number[]> = { Ben: [4, 11], Emil: [6, 13], Hana: [8], Kofi: [5, 12], Nils: [9] };

export function inviteContributors(): Contributor[] {
  const good = GOOD_NAMES.map((name) => ({
    name,
    trouble: "none" as const,
    behaviour: goodKey(OVERLOADS[name] ?? []),
  }));
  const lastFours = new Set<string>();
  return [...good, ...TROUBLED].map((one, index) => ({
    ...one,
    client: index % 2 === 0 ? "@google/genai" : "openai",
    key: newKey(lastFours),
  }));
}

/** A key that Google lets in again and again will not be let in once it is suspended, leaked or expired. */
export function losesTheirKey({ trouble }: Contributor): boolean {
  return trouble === "suspended" || trouble === "leaked" || trouble === "expired";
}

function refusesFrom(fromCall: number, fixture: string): Behaviour {
  return { kind: "error", fixture, only: { fromCall } };
}

function goodKey(overloadedAt: readonly number[]): Behaviour | Behaviour[] {
  const last = Math.max(0, ...overloadedAt);
  const calls = Array.from({ length: last }, (_, index): Behaviour => {
    return overloadedAt.includes(index + 1) ? { kind: "error", fixture: "overloaded" } : { kind: "good" };
  });
  return [...calls, { kind: "good" }];
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const PREFIX = "AIzaSy";
const KEY_LENGTH = 39;

/** Looks like one of Google's and is none. Its last four characters tell it from the others. */
function newKey(lastFours: Set<string>): string {
  for (;;) {
    const random = Array.from({ length: KEY_LENGTH - PREFIX.length }, () => ALPHABET[randomInt(ALPHABET.length)]);
    const key = PREFIX + random.join("");
    if (lastFours.has(key.slice(-4))) continue;
    lastFours.add(key.slice(-4));
    return key;
  }
}
