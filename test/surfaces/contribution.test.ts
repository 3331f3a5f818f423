import { beforeEach, expect, test } from "vitest";
import { emptyPool, storedKey, storedKeys } from "../support/pool-rows.ts";
import { FaultyD1 } from "../support/faulty-d1.ts";
import { layTable, newKey, newKeys } from "../support/table.ts";

beforeEach(emptyPool);

test("while contribution is closed an unknown key serves its own caller and does not join", async () => {
  const table = layTable();
  const [member = "", ...others] = newKeys(3);
  await table.contribute(member, ...others);
  const closed = table.isolate({ CONTRIBUTION: "closed" });
  const stranger = newKey();
  table.google.issue(stranger);
  table.served();
  for (let turn = 0; turn < 3; turn++) {
    const response = await closed({ key: stranger });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-served-by")).toBe("own");
    expect(response.headers.has("x-pool-contributed")).toBe(false);
  }
  expect(table.served()).toEqual([stranger, stranger, stranger]);
  expect(await storedKey(stranger)).toBeUndefined();
});

test("members go on using the pool, also with an unknown key in their list", async () => {
  const table = layTable();
  const keys = newKeys(3);
  await table.contribute(...keys);
  const [member = ""] = keys;
  const closed = table.isolate({ CONTRIBUTION: "closed" });
  const stranger = newKey();
  table.google.issue(stranger);
  // One look-up a request: the first one asks about the stranger.
  await closed({ key: `${stranger},${member}` });
  table.served();
  for (let turn = 0; turn < 3; turn++) expect((await closed({ key: `${stranger},${member}` })).status).toBe(200);
  expect(table.served().toSorted()).toEqual(keys.toSorted());
  expect((await storedKeys()).length).toBe(3);
});

test("a retired key does not come back by use while contribution is closed, and does when it opens", async () => {
  const table = layTable();
  const [key = "", other = ""] = newKeys(2);
  await table.contribute(key, other);
  table.google.script(key, [{ kind: "error", fixture: "key-invalid" }, { kind: "good" }]);
  await table.send({ key: other });
  await table.send({ key: other });
  expect((await storedKey(key))?.status).toBe("retired");
  expect((await table.isolate({ CONTRIBUTION: "closed" })({ key })).status).toBe(200);
  expect((await storedKey(key))?.status).toBe("retired");
  expect((await table.isolate()({ key })).status).toBe(200);
  expect((await storedKey(key))?.status).toBe("active");
});

test("a steady stranger costs no look-up for each request", async () => {
  const d1 = new FaultyD1();
  const table = layTable({ CONTRIBUTION: "closed", DB: d1.binding });
  const stranger = newKey();
  table.google.issue(stranger);
  await table.send({ key: stranger });
  d1.takeTrips();
  for (let turn = 0; turn < 5; turn++) await table.send({ key: stranger });
  expect(d1.takeTrips().filter(({ sql }) => sql.some((text) => text.includes("fingerprint")))).toEqual([]);
});

test("POST /key says that contribution is closed, and changes nothing", async () => {
  const table = layTable();
  const key = newKey();
  await table.contribute(key);
  await table.send({ key, path: "/key", method: "DELETE" });
  const closed = await table.isolate({ CONTRIBUTION: "closed" })({ key, path: "/key", method: "POST" });
  expect(closed.status).toBe(403);
  expect(await closed.json()).toMatchObject({ error: { status: "PERMISSION_DENIED" } });
  expect((await storedKey(key))?.status).toBe("withdrawn");
  expect((await table.send({ key, path: "/key", method: "POST" })).status).toBe(200);
});

test("what curl sees at / does not promise that a key joins while contribution is closed", async () => {
  const table = layTable();
  const greeting = async (send: typeof table.send) => (await send({ method: "GET", path: "/" })).text();
  expect(await greeting(table.send)).toContain("your key joins the pool");
  const closed = await greeting(table.isolate({ CONTRIBUTION: "closed" }));
  expect(closed).not.toContain("your key joins the pool");
  expect(closed).toContain("no new key joins this pool");
});
