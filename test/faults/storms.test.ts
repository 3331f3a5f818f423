import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createVault } from "../../src/pool/vault.ts";
import { FaultyD1, type D1Mood } from "../support/faulty-d1.ts";
import { fill } from "../support/google-fixture.ts";
import { googleFixtures } from "../support/google-fixtures.ts";
import { emptyPool, storedKeys } from "../support/pool-rows.ts";
import { layTable, MODEL, newKeys, PROMPT, type Sent, type Table } from "../support/table.ts";

/** What goes wrong, each as the share of calls or trips that it hits. */
interface Weather {
  /** D1 by turns: it works for a spell, then does this for a spell. */
  d1?: Exclude<D1Mood, "works">;
  /** Requests after which an isolate dies and another takes its place. */
  restartEvery?: number;
  /** Calls to Google that are answered late. */
  slow?: number;
  /** Calls to Google that end in a broken connection. */
  resets?: number;
  /** Calls to Google that answer 503. */
  overloads?: number;
  /** Calls to Google that answer a bare 429. */
  busy?: number;
  /** Half of the pool dies at Google in the middle of the load. */
  plague?: boolean;
}

interface Tally {
  requests: number;
  served: number;
  /** What the same callers would have got in the same weather from Google itself, each with the own key. */
  servedDirectly: number;
  asGoodAsDirect: number;
  keysLost: number;
  wrongRetirements: number;
  leakedSecrets: number;
}

const KEYS = 24;
const REQUESTS = 240;
const PARALLEL = 8;
const SLOW_MS = 40;
/** Trips to D1 in one spell. */
const SPELL_TRIPS = 15;

beforeEach(emptyPool);

describe("under faults the Worker answers as well as Google would directly, and loses, retires and leaks nothing", () => {
  it.each<[string, Weather]>([
    ["D1 fails by spells", { d1: "fails" }],
    ["D1 hangs by spells", { d1: "hangs" }],
    ["D1 is slow by spells", { d1: "slow" }],
    ["D1 is overloaded by spells", { d1: "overloaded" }],
    ["isolates die in the middle of the load", { restartEvery: 10 }],
    ["Google is slow", { slow: 0.5 }],
    ["Google breaks connections", { resets: 0.3 }],
    ["Google is overloaded", { overloads: 0.4 }],
    ["Google is busy for some keys", { busy: 0.3 }],
    ["Google is overloaded and busy, and half of the pool dies", { overloads: 0.3, busy: 0.3, plague: true }],
    ["half of the pool dies", { plague: true }],
    ["half of the pool dies while D1 fails", { plague: true, d1: "fails", restartEvery: 40 }],
    [
      "everything at once",
      { d1: "fails", restartEvery: 20, slow: 0.1, resets: 0.1, overloads: 0.2, busy: 0.1, plague: true },
    ],
  ])("%s", async (name, weather) => {
    const tally = await weatherTheStorm(weather);
    // oxlint-disable-next-line no-console -- the suite's result is this line
    console.info(`${name}: ${JSON.stringify(tally)}`);
    expect(tally.served).toBeGreaterThanOrEqual(tally.servedDirectly);
    expect(tally).toMatchObject({
      requests: REQUESTS,
      asGoodAsDirect: REQUESTS,
      keysLost: 0,
      wrongRetirements: 0,
      leakedSecrets: 0,
    });
  });
});

async function weatherTheStorm(weather: Weather): Promise<Tally> {
  const random = seeded(42);
  const d1 = new FaultyD1();
  let stormy = false;
  const table: Table = layTable(
    { DB: d1.binding, D1_TIMEOUT_MS: "100" },
    { random, fetch: (input, init) => (stormy ? flaky : table.google.fetch)(input, init) },
  );
  const flaky = inWeather(weather, random, (input, init) => table.google.fetch(input, init));

  const keys = newKeys(KEYS);
  await table.contribute(...keys);
  const callers = keys.filter((_, index) => index % 2 === 0);
  const doomed = weather.plague === true ? keys.filter((_, index) => index % 2 === 1) : [];
  const projects = keys.map((key) => table.google.issue(key));
  stormy = true;

  let served = 0;
  let asGoodAsDirect = 0;
  const said: string[] = [];
  let send = table.isolate();
  const queue = Array.from({ length: REQUESTS }, (_, index) => index);
  const work = async () => {
    for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
      if (index === REQUESTS / 4) kill(doomed, table);
      if (weather.restartEvery !== undefined && index % weather.restartEvery === 0) send = table.isolate();
      d1.mood = weather.d1 !== undefined && Math.floor(d1.trips.length / SPELL_TRIPS) % 2 === 1 ? weather.d1 : "works";
      table.advance(200);
      const { answer, isServed, isAsGoodAsDirect } = await ask(send, callers[index % callers.length] ?? "");
      said.push(answer);
      if (isServed) served += 1;
      if (isAsGoodAsDirect) asGoodAsDirect += 1;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  d1.mood = "works";

  const rows = await storedKeys();
  const vault = createVault(env.POOL_SECRET);
  const opens = async ({ fingerprint, ciphertext }: (typeof rows)[number]) =>
    ciphertext === null ? undefined : vault.open({ fingerprint, ciphertext });
  const opened = await Promise.all(rows.map(async (row) => ({ ...row, key: await opens(row) })));
  const dead = new Set(doomed);
  const everything = [...said, JSON.stringify(table.log)].join("\n");
  return {
    requests: said.length,
    served,
    servedDirectly: await countServedDirectly(weather, table, callers),
    asGoodAsDirect,
    keysLost: KEYS - new Set(opened.map(({ key }) => key?.reveal())).size,
    wrongRetirements: opened.filter(({ status, key }) => status !== "active" && !dead.has(key?.reveal() ?? "")).length,
    leakedSecrets: [...keys, ...projects].filter((secret) => everything.includes(secret)).length,
  };
}

/** As good as direct: served, or refused by what Google said to the caller's own key. */
async function ask(send: (sent: Sent) => Promise<Response>, key: string) {
  const response = await send({ key });
  const answer = JSON.stringify([...response.headers]) + (await response.text());
  return {
    answer,
    isServed: response.ok,
    isAsGoodAsDirect: response.ok || response.headers.get("x-pool-served-by") === "own",
  };
}

/** Google behind the weather that falls on single calls. */
function inWeather(weather: Weather, random: () => number, google: typeof fetch): typeof fetch {
  const { resets = 0, overloads = 0, busy = 0, slow = 0 } = weather;
  return async (input, init) => {
    const lot = random();
    if (lot < resets) throw new TypeError("connection reset");
    if (lot < resets + overloads) return recorded("overloaded");
    if (lot < resets + overloads + busy) return recorded("busy");
    if (lot < resets + overloads + busy + slow) await scheduler.wait(SLOW_MS);
    return google(input, init);
  };
}

async function countServedDirectly(weather: Weather, { google }: Table, callers: readonly string[]): Promise<number> {
  const direct = inWeather(weather, seeded(42), google.fetch);
  const answers = Array.from({ length: REQUESTS }, async (_, index) => {
    const response = await direct(`https://generativelanguage.googleapis.com/v1beta/models/${MODEL}:generateContent`, {
      method: "POST",
      headers: { "x-goog-api-key": callers[index % callers.length] ?? "", "content-type": "application/json" },
      body: JSON.stringify(PROMPT),
    }).catch(() => undefined);
    return response?.ok === true ? 1 : 0;
  });
  return (await Promise.all(answers)).reduce<number>((sum, one) => sum + one, 0);
}

function kill(keys: readonly string[], { google }: Table): void {
  const deaths = [
    "key-expired",
    "key-suspended",
    "key-leaked",
    "project-denied",
    "service-disabled",
    "key-invalid-debug-info",
  ];
  for (const [index, key] of keys.entries())
    google.script(key, { kind: "error", fixture: deaths[index % deaths.length] ?? "" });
}

function recorded(name: string): Response {
  const fixture = googleFixtures[name];
  if (fixture === undefined) throw new Error(`no fixture ${name}`);
  const { status, contentType, body } = fill(fixture, { key: "", project: "", model: "", ip: "" });
  return new Response(body, { status, headers: { "content-type": contentType } });
}

/** Mulberry32: the same storm at every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
