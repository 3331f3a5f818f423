import { expect } from "vitest";
import type { Call } from "../../simulator/calls.ts";
import type { SimulatedGoogle } from "../../simulator/google.ts";
import { startWorker } from "./worker-process.ts";

export const MODEL = "gemini-2.5-flash";
/** What the simulated Google says to everything. */
export const ANSWER = "Everyone brings a key, everyone eats from the table.";
/** One transparent pixel. */
export const PIXEL_PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/** A running Worker whose pool holds the keys of some others and of the caller. */
export interface ClientTable {
  /** The base URL that clients are given: the Worker's. */
  url: string;
  google: SimulatedGoogle;
  /** The key that the client under test sends; it is in the pool. */
  caller: string;
  others: string[];
  /** Issues a key at Google and contributes it by use. */
  contribute: () => Promise<string>;
  /** Does something twice and checks that the pool served it: whoever's turn comes first, the second is another's. */
  pooled: <Result>(act: () => Promise<Result>) => Promise<{ result: Result; calls: Call[] }>;
  /** Does something and checks that every call of it was made with the caller's own key. */
  pinned: <Result>(act: () => Promise<Result>) => Promise<{ result: Result; calls: Call[] }>;
  /** The calls that reached Google since the last look. */
  takeCalls: () => Call[];
  /** What must be true of everything that reached Google. */
  checkWire: () => void;
  close: () => Promise<void>;
}

export async function layClientTable(vars: Record<string, string> = {}): Promise<ClientTable> {
  const { url, google, close } = await startWorker({ vars });
  let seen = 0;

  async function contribute(): Promise<string> {
    const key = newKey();
    google.issue(key);
    const response = await fetch(`${url}/v1beta/models/${MODEL}:generateContent`, {
      method: "POST",
      headers: { "x-goog-api-key": key, "content-type": "application/json" },
      body: JSON.stringify({ contents: [{ parts: [{ text: "Hello" }] }] }),
    });
    const text = await response.text();
    if (!response.headers.has("x-pool-contributed")) throw new Error(`not contributed: ${response.status} ${text}`);
    takeCalls();
    return key;
  }

  function takeCalls(): Call[] {
    const calls = google.calls.slice(seen);
    seen = google.calls.length;
    return calls;
  }

  /** The others first, the caller last: no turn is the caller's before everybody had one. */
  async function seat(): Promise<{ others: string[]; caller: string }> {
    try {
      const others = [await contribute(), await contribute(), await contribute(), await contribute()];
      return { others, caller: await contribute() };
    } catch (error) {
      // Whoever asked for the table never gets it to close.
      await close();
      throw error;
    }
  }

  const { others, caller } = await seat();
  return {
    url,
    google,
    caller,
    others,
    contribute,
    takeCalls,
    close,
    async pooled(act) {
      takeCalls();
      await act();
      const result = await act();
      const calls = takeCalls();
      const keys = calls.map(({ key }) => key ?? "none");
      expect(keys.some((key) => others.includes(key))).toBe(true);
      for (const key of keys) expect([...others, caller]).toContain(key);
      return { result, calls };
    },
    async pinned(act) {
      takeCalls();
      const result = await act();
      const calls = takeCalls();
      expect(calls.length).toBeGreaterThan(0);
      expect(new Set(calls.map(({ key }) => key))).toEqual(new Set([caller]));
      return { result, calls };
    },
    checkWire() {
      expect(google.violations).toEqual([]);
      expect(google.faults).toEqual([]);
      for (const call of google.calls) expect(`${call.path} ${credentialsOf(call)}`).toBe(`${call.path} 1`);
    },
  };
}

/** How many credentials a call carried. The `upload_id` of a chunk is one, with or without a key beside it. */
function credentialsOf({ headers, path }: Call): number {
  const query = new URLSearchParams(path.split("?")[1]);
  if (query.has("upload_id")) return 1;
  const inQuery = ["key", "access_token"].filter((name) => query.has(name)).length;
  return inQuery + ["x-goog-api-key", "authorization"].filter((name) => name in headers).length;
}

let made = 0;

/** A key that looks like Google's and is no other test's. */
export function newKey(): string {
  made += 1;
  return `AIza${crypto.randomUUID().replaceAll("-", "")}${String(made % 1000).padStart(3, "0")}`;
}
