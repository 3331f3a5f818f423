import { beforeEach, expect, test } from "vitest";
import { emptyPool, requireStoredKey, seatKeys } from "../support/pool-rows.ts";
import { layTable, newKeys, type Sent, type Table } from "../support/table.ts";

beforeEach(emptyPool);

async function tableWith(count: number): Promise<{ table: Table; keys: string[]; caller: string }> {
  const table = layTable();
  const keys = newKeys(count);
  await table.contribute(...keys);
  return { table, keys, caller: keys[0] ?? "" };
}

const drained = async (send: (sent: Sent) => Promise<Response>, key: string) => (await send({ key })).text();

test("many short-lived isolates, each serving one request, rotate exactly", async () => {
  const { table, keys, caller } = await tableWith(12);
  for (let request = 0; request < 120; request++) await drained(table.isolate(), caller);
  const served = table.served();
  const first = keys.indexOf(served[0] ?? "");
  expect(served).toEqual(Array.from({ length: 120 }, (_, turn) => keys[(first + turn) % 12]));
});

test("eight isolates in parallel never hand out the same turn twice", async () => {
  const { table, caller } = await tableWith(1);
  const others = newKeys(599);
  for (const other of others) table.google.issue(other);
  await seatKeys(others);
  const isolates = Array.from({ length: 8 }, () => table.isolate());
  await Promise.all(
    isolates.map(async (send) => {
      for (let request = 0; request < 20; request++) await drained(send, caller);
    }),
  );
  const served = table.served();
  expect(served).toHaveLength(160);
  expect(new Set(served).size).toBe(160);
});

test("240 requests in a row over 12 keys give every key 20 turns, one more or less", async () => {
  const { table, keys, caller } = await tableWith(12);
  for (let request = 0; request < 240; request++) await drained(table.send, caller);
  for (const turns of turnsOf(table.served(), keys)) expect(Math.abs(turns - 20)).toBeLessThanOrEqual(1);
});

test("300 requests, 30 at a time, over 30 keys use every key, none more than twice as often as another", async () => {
  const { table, keys } = await tableWith(30);
  const queue = Array.from({ length: 300 }, (_, request) => keys[request % 30] ?? "");
  const work = async () => {
    for (let key = queue.pop(); key !== undefined; key = queue.pop()) await drained(table.send, key);
  };
  await Promise.all(Array.from({ length: 30 }, work));
  const turns = turnsOf(table.served(), keys);
  expect(Math.min(...turns)).toBeGreaterThan(0);
  expect(Math.max(...turns) / Math.min(...turns)).toBeLessThanOrEqual(2);
});

test("a key withdrawn in one isolate is gone from another within the life of its leases", async () => {
  const { table, keys, caller } = await tableWith(4);
  const other = table.isolate();
  for (let request = 0; request < 40; request++) await drained(other, caller);
  const [, withdrawn = ""] = keys;
  await table.send({ path: "/key", method: "DELETE", key: withdrawn });
  table.advance(30_000);
  table.served();
  for (let request = 0; request < 20; request++) await drained(other, caller);
  expect(table.served()).not.toContain(withdrawn);
});

test("a key retired in one isolate is gone from another within the life of its leases, which held it until then", async () => {
  const { table, keys, caller } = await tableWith(4);
  const [witness, other] = [table.isolate(), table.isolate()];
  for (const send of [witness, other]) for (let request = 0; request < 40; request++) await drained(send, caller);
  const [, retired = ""] = keys;
  table.google.script(retired, { kind: "error", fixture: "key-expired" });
  for (let request = 0; request < 8; request++) await drained(table.send, caller);
  expect((await requireStoredKey(retired)).status).toBe("retired");
  table.served();
  table.advance(29_999);
  for (let request = 0; request < 8; request++) await drained(witness, caller);
  expect(table.served()).toContain(retired);
  table.advance(1);
  for (let request = 0; request < 20; request++) await drained(other, caller);
  expect(table.served()).not.toContain(retired);
});

test("a key that one isolate saw die is used no more by it, whatever its leases hold", async () => {
  const { table, keys, caller } = await tableWith(4);
  for (let request = 0; request < 40; request++) await drained(table.send, caller);
  const [, dead = ""] = keys;
  table.google.script(dead, { kind: "error", fixture: "key-expired" });
  table.served();
  for (let request = 0; request < 20; request++) await drained(table.send, caller);
  expect(table.served().filter((key) => key === dead)).toHaveLength(1);
});

function turnsOf(served: readonly string[], keys: readonly string[]): number[] {
  return keys.map((key) => served.filter((used) => used === key).length);
}
