import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { ApiKey } from "../../src/api-key.ts";
import { heldKeyTable } from "../../src/db/held-keys.ts";
import { keyTable } from "../../src/db/keys.ts";
import { Keyring } from "../../src/pool/keyring.ts";
import { Outcasts } from "../../src/pool/outcasts.ts";
import { Patience } from "../../src/pool/patience.ts";
import { createVault } from "../../src/pool/vault.ts";
import { emptyPool } from "../support/pool-rows.ts";
import { newKey } from "../support/table.ts";

beforeEach(emptyPool);

it("holds no key open past its time, whether or not it is asked for again", async () => {
  const state = { now: 1_000_000 };
  const clock = () => state.now;
  const vault = createVault(env.POOL_SECRET);
  const patience = new Patience({ timeoutMs: 60_000, clock, sleep: (ms) => scheduler.wait(ms) });
  const table = heldKeyTable(env.DB);
  const keyring = new Keyring({ table, vault, outcasts: new Outcasts(), patience, clock, leaseTtlMs: 30_000 });
  const [early, late] = [newKey(), newKey()];
  const ids: number[] = [];
  for (const key of [early, late]) {
    ids.push((await keyTable(env.DB).admit(vault.seal(new ApiKey(key)), state.now))?.id ?? 0);
  }
  expect((await keyring.open(ids[0] ?? 0))?.reveal()).toBe(early);
  state.now += 20_000;
  expect((await keyring.open(ids[1] ?? 0))?.reveal()).toBe(late);
  state.now += 9_999;
  keyring.dropExpired();
  expect(keyring.size).toBe(2);
  state.now += 1;
  keyring.dropExpired();
  expect(keyring.size).toBe(1);
  expect((await keyring.open(ids[0] ?? 0))?.reveal()).toBe(early);
});
