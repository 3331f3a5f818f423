import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { FaultyD1 } from "../../support/faulty-d1.ts";
import { emptyPool } from "../../support/pool-rows.ts";
import { layTable, MODEL, newKey, newKeys, START, type Table } from "../../support/table.ts";
import { emptyAccess, issueToken, storedToken, tokenDesk } from "../../support/tokens.ts";

const HOUR_MS = 3_600_000;

beforeEach(async () => {
  await emptyPool();
  await emptyAccess();
});

async function statusesOf(answers: Promise<Response>[]): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of await Promise.all(answers)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

test("32 parallel requests at a limit of 10 serve exactly 10", async () => {
  const table = layTable();
  await table.contribute(...newKeys(4));
  const { token, id } = await issueToken({ requestLimit: 10 });
  const answers = Array.from({ length: 32 }, () => table.send({ key: token }));
  expect(await statusesOf(answers)).toEqual({ 200: 10, 429: 22 });
  expect(await storedToken(id)).toMatchObject({ used: 10 });
});

test("eight isolates at once serve exactly as many requests as the limit has", async () => {
  const table = layTable();
  await table.contribute(...newKeys(4));
  const { token } = await issueToken({ requestLimit: 10 });
  const isolates = Array.from({ length: 8 }, () => table.isolate());
  const answers = isolates.flatMap((send) => Array.from({ length: 4 }, () => send({ key: token })));
  expect(await statusesOf(answers)).toEqual({ 200: 10, 429: 22 });
});

test("a used-up day says when the next begins, and a used-up token does not", async () => {
  const table = layTable();
  await table.contribute(...newKeys(2));
  const daily = await issueToken({ requestLimit: 1, limitPeriod: "day" });
  expect((await table.send({ key: daily.token })).status).toBe(200);
  const over = await table.send({ key: daily.token });
  expect(over.status).toBe(429);
  expect(over.headers.get("retry-after")).toBe(String((6 * HOUR_MS) / 1000));
  expect(await over.json()).toMatchObject({ error: { code: 429, status: "RESOURCE_EXHAUSTED" } });
  table.advance(6 * HOUR_MS - 1);
  expect((await table.send({ key: daily.token })).status).toBe(429);
  table.advance(1);
  expect((await table.send({ key: daily.token })).status).toBe(200);

  const once = await issueToken({ requestLimit: 1 });
  expect((await table.send({ key: once.token })).status).toBe(200);
  const gone = await table.send({ key: once.token });
  expect(gone.status).toBe(429);
  expect(gone.headers.has("retry-after")).toBe(false);
});

test("a month is one of the calendar", async () => {
  const table = layTable();
  await table.contribute(...newKeys(2));
  const { token } = await issueToken({ requestLimit: 1, limitPeriod: "month" });
  expect((await table.send({ key: token })).status).toBe(200);
  table.advance(Date.UTC(2026, 11, 1) - START - 1);
  expect((await table.send({ key: token })).status).toBe(429);
  table.advance(1);
  expect((await table.send({ key: token })).status).toBe(200);
});

test("an isolate whose clock is behind does not give a new day's requests back", async () => {
  const { id } = await issueToken({ requestLimit: 1, limitPeriod: "day" });
  const takeAt = async (at: number) => {
    const desk = tokenDesk(() => at);
    const standing = await desk.recogniseId(id);
    return standing.kind === "good" ? (await desk.take(standing.row, () => undefined)).kind : standing.kind;
  };
  expect(await takeAt(START + 6 * HOUR_MS)).toBe("granted");
  expect(await takeAt(START + 6 * HOUR_MS - 1)).toBe("used_up");
  expect(await takeAt(START + 6 * HOUR_MS)).toBe("used_up");
});

test("with the limit far away a warm request waits for no round trip to D1", async () => {
  const d1 = new FaultyD1();
  let open: () => void = () => undefined;
  const table: Table = layTable(
    { DB: d1.binding, D1_TIMEOUT_MS: "1000" },
    {
      fetch: (input, init) => {
        open();
        d1.gate = undefined;
        return table.google.fetch(input, init);
      },
    },
  );
  await table.contribute(...newKeys(40));
  const { token, id } = await issueToken({ requestLimit: 100_000 });
  for (let turn = 0; turn < 70; turn++) await table.send({ key: token });
  table.log.length = 0;
  for (let turn = 0; turn < 100; turn++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    open = resolve;
    d1.gate = promise;
    expect((await table.send({ key: token })).status).toBe(200);
  }
  expect(table.log.filter(({ level }) => level !== "info")).toEqual([]);
  expect((await storedToken(id))?.used).toBeGreaterThanOrEqual(170);
  expect((await storedToken(id))?.used).toBeLessThanOrEqual(170 + 64);
});

test("a request that no key was ready for costs nothing of the limit", async () => {
  const table = layTable();
  const { token } = await issueToken({ requestLimit: 1 });
  expect((await table.send({ key: token })).status).toBe(503);
  await table.contribute(newKey());
  expect((await table.send({ key: token })).status).toBe(200);
  expect((await table.send({ key: token })).status).toBe(429);
});

test("what is refused before it is sent costs nothing of the limit", async () => {
  const table = layTable();
  await table.contribute(newKey());
  const { token } = await issueToken({ requestLimit: 1, models: MODEL });
  expect((await table.send({ key: token, path: "/v1beta/models/gemini-2.5-pro:generateContent" })).status).toBe(403);
  expect((await table.send({ key: token, path: "/v1beta/tunedModels", method: "GET" })).status).toBe(400);
  expect((await table.send({ key: token })).status).toBe(200);
});

test("a limit that was raised holds for other isolates within CONTRIBUTOR_TTL_MS", async () => {
  const table = layTable();
  await table.contribute(newKey());
  const { token, id } = await issueToken({ requestLimit: 1 });
  expect((await table.send({ key: token })).status).toBe(200);
  expect((await table.send({ key: token })).status).toBe(429);
  await tokenDesk().change(id, { requestLimit: 2 });
  table.advance(60_000);
  expect((await table.send({ key: token })).status).toBe(200);
  expect((await table.send({ key: token })).status).toBe(429);
});

test("another period begins to count anew", async () => {
  const table = layTable();
  await table.contribute(newKey());
  const { token, id } = await issueToken({ requestLimit: 1, limitPeriod: "day" });
  expect((await table.send({ key: token })).status).toBe(200);
  await tokenDesk().change(id, { limitPeriod: "total" });
  expect((await table.isolate()({ key: token })).status).toBe(200);
  expect((await table.isolate()({ key: token })).status).toBe(429);
});

test("the same period, named again with another name, gives nothing back", async () => {
  const table = layTable();
  await table.contribute(newKey());
  const { token, id } = await issueToken({ requestLimit: 1, limitPeriod: "day" });
  expect((await table.send({ key: token })).status).toBe(200);
  const changed = await tokenDesk(() => START).change(id, { name: "renamed", limitPeriod: "day" });
  expect(changed).toMatchObject({ name: "renamed", used: 1 });
  expect((await table.isolate()({ key: token })).status).toBe(429);
});

test("the operator sees what a token used in the period that runs, not in one that is over", async () => {
  const table = layTable();
  await table.contribute(newKey());
  const { token } = await issueToken({ requestLimit: 5, limitPeriod: "day" });
  await table.send({ key: token });
  const usedAt = async (at: number) => (await tokenDesk(() => at).list())[0]?.used;
  expect(await usedAt(START)).toBe(1);
  expect(await usedAt(START + 24 * HOUR_MS)).toBe(0);
});

test("unknown tokens are looked up once, and an address can try only so many", async () => {
  const d1 = new FaultyD1();
  const limiter = { count: 0, limit: () => Promise.resolve({ success: (limiter.count += 1) <= 3 }) };
  const table = layTable({ DB: d1.binding, NEW_KEYS: limiter });
  const guess = () => `potluck-${crypto.randomUUID().replaceAll("-", "")}ABCDEFGHIJK`;
  const lookUps = () => d1.takeTrips().filter(({ sql }) => sql.some((text) => /"hash"|where hash/.test(text))).length;
  const one = guess();
  for (let turn = 0; turn < 5; turn++) expect((await table.send({ key: one })).status).toBe(401);
  expect(lookUps()).toBe(1);
  expect((await table.send({ key: guess() })).status).toBe(401);
  expect((await table.send({ key: guess() })).status).toBe(401);
  const over = await table.send({ key: guess() });
  expect(over.status).toBe(429);
  expect(over.headers.get("retry-after")).toBe("60");
  expect(lookUps()).toBe(2);
});

test("D1 out of order near a limit: 503, and not one request more than the limit", async () => {
  const d1 = new FaultyD1();
  const table = layTable({ DB: d1.binding });
  await table.contribute(newKey());
  const { token } = await issueToken({ requestLimit: 2 });
  expect((await table.send({ key: token })).status).toBe(200);
  d1.mood = "fails";
  expect((await table.send({ key: token })).status).toBe(503);
  d1.mood = "works";
  table.advance(30_000);
  expect((await table.send({ key: token })).status).toBe(200);
  expect((await table.send({ key: token })).status).toBe(429);
});

test("limits and names that SQL would trip over are values", async () => {
  const { id } = await issueToken({ name: "x', used = 0 --", models: "gemini-*", requestLimit: 3 });
  const { used } = (await env.DB.prepare("select used from tokens where id = ?")
    .bind(id)
    .first<{ used: number }>()) ?? {
    used: -1,
  };
  expect(used).toBe(0);
});
