import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { ApiKey } from "../../src/api-key.ts";
import { createVault, secretIdOf } from "../../src/pool/vault.ts";
import type { ResealStep } from "../../src/pool/resealing.ts";
import { countedTotals, emptyPool, storedKeys, storedTotals } from "../support/pool-rows.ts";
import { layTable, newKey, newKeys, type Sent } from "../support/table.ts";

beforeEach(emptyPool);

const ADMIN_TOKEN = "the-operators-token";
const NEXT = "the-next-secret-of-more-than-32-characters";
const AFTER_NEXT = "and-the-one-after-it-of-more-than-32-characters";
const next = createVault(NEXT);

type Send = (sent?: Sent) => Promise<Response>;

/** The Worker before, during and after a change of POOL_SECRET, on one database. */
function layRotation() {
  const table = layTable({ ADMIN_TOKEN });
  return {
    ...table,
    before: table.send,
    during: table.isolate({ POOL_SECRET_NEXT: NEXT }),
    after: table.isolate({ POOL_SECRET: NEXT }),
  };
}

function step(send: Send, after = 0, token = ADMIN_TOKEN): Promise<Response> {
  return send({ path: `/api/admin/reseal?after=${after}`, body: "", headers: { authorization: `Bearer ${token}` } });
}

async function resealAll(send: Send): Promise<{ steps: number; resealed: number; last: ResealStep }> {
  let resealed = 0;
  let after = 0;
  for (let steps = 1; ; steps++) {
    const last = await (await step(send, after)).json<ResealStep>();
    resealed += last.resealed;
    after = last.after;
    if (last.left === 0) return { steps, resealed, last };
  }
}

/** A caller's requests, one for each key of the pool: in a pool that opens, every key has its turn. */
async function call(send: Send, key: string, times: number): Promise<void> {
  for (let at = 0; at < times; at++) {
    const response = await send({ key });
    await response.body?.cancel();
    expect(response.headers.get("x-pool-contributed")).toBeNull();
  }
}

describe("a change of POOL_SECRET", () => {
  it("seals every key anew and loses none: afterwards the next secret alone opens them all", async () => {
    const { contribute, during, after, google, served } = layRotation();
    const keys = newKeys(7);
    await contribute(...keys);
    const ids = (await storedKeys()).map(({ id }) => id);

    const { resealed, last } = await resealAll(during);
    expect({ resealed, last }).toEqual({
      resealed: 7,
      last: { secretId: next.secretId, resealed: 7, left: 0, after: ids.at(-1), stuck: { sealed: 0, withdrawn: 0 } },
    });
    const rows = await storedKeys();
    expect(rows.map(({ id }) => id)).toEqual(ids);
    expect(rows.map(({ fingerprint }) => fingerprint)).toEqual(keys.map((key) => next.fingerprint(new ApiKey(key))));
    await call(after, keys[0] ?? "", 7);
    expect(new Set(served())).toEqual(new Set(keys));
    expect(google.violations).toEqual([]);
  });

  it("goes in bounded steps, and can stop and begin again anywhere", async () => {
    const { contribute, during } = layRotation();
    await contribute(...newKeys(120));
    const first = await (await step(during)).json<ResealStep>();
    expect(first).toMatchObject({ resealed: 50, left: 70 });
    expect(first.stuck).toBeUndefined();
    // The script was stopped here: it begins from 0.
    const { steps, resealed } = await resealAll(during);
    expect({ steps, resealed }).toEqual({ steps: 2, resealed: 70 });
    expect((await resealAll(during)).resealed).toBe(0);
  });

  it("serves both kinds of rows meanwhile", async () => {
    const { contribute, during, served } = layRotation();
    const keys = newKeys(60);
    await contribute(...keys);
    await step(during);
    await call(during, keys[59] ?? "", 60);
    expect(new Set(served())).toEqual(new Set(keys));
    expect((await storedKeys()).every(({ status }) => status === "active")).toBe(true);
    expect(await storedTotals()).toEqual({ active: 60, retired: 0, withdrawn: 0 });
  });

  it("recognises a contributor under either secret, and moves their row when they call", async () => {
    const { contribute, during } = layRotation();
    const key = newKey();
    await contribute(key);
    const [before] = await storedKeys();
    const response = await during({ key });
    await response.body?.cancel();
    expect(response.headers.get("x-pool-contributed")).toBeNull();
    const rows = await storedKeys();
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ id: before?.id, fingerprint: next.fingerprint(new ApiKey(key)), status: "active" });
  });

  it("seals a key contributed meanwhile under the next secret", async () => {
    const { during, after, google } = layRotation();
    const key = newKey();
    google.issue(key);
    const response = await during({ key });
    await response.body?.cancel();
    expect(response.headers.get("x-pool-contributed")).toBe("yes");
    expect((await storedKeys())[0]?.fingerprint).toBe(next.fingerprint(new ApiKey(key)));
    expect((await (await after({ method: "GET", path: "/key", key })).json<{ status: string }>()).status).toBe(
      "active",
    );
  });

  it("finds a key that an isolate without the next secret took in behind the walk", async () => {
    const { contribute, before, during, google } = layRotation();
    await contribute(...newKeys(3));
    const { last } = await resealAll(during);
    const late = newKey();
    google.issue(late);
    await (await before({ key: late })).body?.cancel();
    expect((await resealAll(during)).resealed).toBe(1);
    expect(last.stuck).toEqual({ sealed: 0, withdrawn: 0 });
  });

  it("makes one row of two that stand for the same key", async () => {
    const { before, during, google } = layRotation();
    const key = newKey();
    google.issue(key);
    await (await during({ key })).body?.cancel();
    // An isolate that was started before the next secret was put.
    await (await before({ key })).body?.cancel();
    expect(await storedTotals()).toEqual({ active: 2, retired: 0, withdrawn: 0 });
    await env.DB.prepare("update keys set uses = id").run();
    await resealAll(during);
    const rows = await storedKeys();
    expect(rows.map(({ status, reason }) => ({ status, reason }))).toEqual([
      { status: "active", reason: null },
      { status: "retired", reason: "merged" },
    ]);
    expect(rows[1]).toMatchObject({ ciphertext: null, last_four: "" });
    expect(rows[0]?.uses).toBe(3);
    expect(await storedTotals()).toEqual(await countedTotals());
  });

  it("keeps to a withdrawal when it makes one row of two", async () => {
    const { before, during, google } = layRotation();
    const key = newKey();
    google.issue(key);
    await (await during({ key })).body?.cancel();
    await (await before({ key })).body?.cancel();
    await before({ method: "DELETE", path: "/key", key });
    expect((await during({ method: "GET", path: "/key", key })).status).toBe(200);
    const rows = await storedKeys();
    expect(rows[0]).toMatchObject({ status: "withdrawn", ciphertext: null });
    expect(rows[1]).toMatchObject({ status: "retired", reason: "merged", ciphertext: null });
  });

  it("remembers a withdrawal once the key is seen, and says how many were not", async () => {
    const { contribute, before, during, after, served } = layRotation();
    const [seen, unseen] = [newKey(), newKey()];
    await contribute(seen, unseen);
    for (const key of [seen, unseen]) await before({ method: "DELETE", path: "/key", key });
    await call(during, seen, 1);
    expect((await resealAll(during)).last.stuck).toEqual({ sealed: 0, withdrawn: 1 });
    served();
    await call(after, seen, 1);
    expect(served()).toEqual([seen]);
    expect(await storedTotals()).toEqual({ active: 0, retired: 0, withdrawn: 2 });
  });

  it("does not lose a key that is withdrawn between two steps", async () => {
    const { contribute, before, during } = layRotation();
    const key = newKey();
    await contribute(key);
    await before({ method: "DELETE", path: "/key", key });
    const { resealed } = await resealAll(during);
    expect(resealed).toBe(0);
    expect((await storedKeys())[0]).toMatchObject({ status: "withdrawn", ciphertext: null });
  });

  it("keeps retired keys retired", async () => {
    const { contribute, during } = layRotation();
    await contribute(...newKeys(2));
    await env.DB.prepare("update keys set status = 'retired', reason = 'API_KEY_INVALID' where id = 1").run();
    await resealAll(during);
    expect(await storedTotals()).toEqual({ active: 1, retired: 1, withdrawn: 0 });
  });

  it("steps over what opens under no secret, and counts it", async () => {
    const { contribute, during } = layRotation();
    await contribute(newKey());
    await env.DB.prepare(
      `insert into keys (fingerprint, ciphertext, secret_id, last_four, status, status_changed_at, contributed_at, last_seen_at)
       values ('another pool', 'c2VhbGVkIHVuZGVyIGFub3RoZXIgc2VjcmV0IGFsdG9nZXRoZXI', 'other', 'abcd', 'active', 0, 0, 0)`,
    ).run();
    const { resealed, last } = await resealAll(during);
    expect({ resealed, stuck: last.stuck }).toEqual({ resealed: 1, stuck: { sealed: 1, withdrawn: 0 } });
  });

  it("changes nothing but the label of a row that stands under the right secret already", async () => {
    const { contribute, before } = layRotation();
    await contribute(...newKeys(2));
    await env.DB.prepare("update keys set secret_id = '', uses = 5").run();
    const rows = await storedKeys();
    expect((await resealAll(before)).resealed).toBe(2);
    const secretId = secretIdOf(env.POOL_SECRET);
    expect(await storedKeys()).toEqual(rows.map((row) => ({ ...row, secret_id: secretId })));
  });

  it("can be made a second time", async () => {
    const { contribute, during, after, isolate, served } = layRotation();
    const [key, other] = [newKey(), newKey()];
    await contribute(key, other);
    await resealAll(during);
    await resealAll(isolate({ POOL_SECRET: NEXT, POOL_SECRET_NEXT: AFTER_NEXT }));
    await call(isolate({ POOL_SECRET: AFTER_NEXT }), key, 2);
    expect(served().toSorted()).toEqual([key, other].toSorted());
    expect(await (await after({ method: "GET", path: "/key", key })).json()).toMatchObject({ error: { code: 404 } });
  });

  it("changes nothing when both secrets are the same", async () => {
    const { contribute, isolate, served } = layRotation();
    const [key, other] = [newKey(), newKey()];
    await contribute(key, other);
    const same = isolate({ POOL_SECRET_NEXT: env.POOL_SECRET });
    await call(same, key, 2);
    expect(served().toSorted()).toEqual([key, other].toSorted());
    expect(await resealAll(same)).toMatchObject({ resealed: 0, last: { stuck: { sealed: 0 } } });
  });

  it("refuses a next secret that is too short, by its name and without quoting it", () => {
    expect(() => layRotation().isolate({ POOL_SECRET_NEXT: "short" })).toThrow(
      "POOL_SECRET_NEXT is too short: 5 characters, at least 32 are needed.",
    );
  });
});

describe("the way to reseal", () => {
  it("is the operator's alone", async () => {
    const { during, contribute } = layRotation();
    await contribute(newKey());
    const [row] = await storedKeys();
    for (const token of ["wrong", `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(1)]) {
      expect((await step(during, 0, token)).status).toBe(401);
    }
    expect((await during({ path: "/api/admin/reseal", body: "" })).status).toBe(401);
    expect(await storedKeys()).toEqual([row]);
  });

  it("is shut without ADMIN_TOKEN, also for an empty token", async () => {
    const send = layTable({ ADMIN_TOKEN: "" }).isolate({ POOL_SECRET_NEXT: NEXT });
    expect((await step(send, 0, "")).status).toBe(404);
    expect((await step(send, 0, "undefined")).status).toBe(404);
  });

  it("refuses an id that is none", async () => {
    const { during } = layRotation();
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    expect((await during({ path: "/api/admin/reseal?after=1%20or%201", body: "", headers })).status).toBe(400);
  });
});
