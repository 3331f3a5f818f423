import { ApiKey } from "../../src/api-key.ts";
import { leaseTable } from "../../src/db/leases.ts";
import { Outcasts } from "../../src/pool/outcasts.ts";
import { Patience } from "../../src/pool/patience.ts";
import { Rotation } from "../../src/pool/rotation.ts";
import type { Vault } from "../../src/pool/vault.ts";
import { FaultyD1 } from "./faulty-d1.ts";

export const MODEL = "gemini-2.5-flash";

/** One isolate's rotation; its vault opens whatever it is given, but for one key's row. */
export function newRotation({ leaseMax = 32, leaseTtlMs = 30_000, timeoutMs = 20_000, locked = [] as number[] } = {}) {
  const d1 = new FaultyD1();
  const state = { now: 1_000_000 };
  const settings = { leaseMax, leaseTtlMs };
  const log: { event: string; fields: unknown }[] = [];
  const clock = () => state.now;
  const outcasts = new Outcasts();
  const open: Vault["open"] = ({ fingerprint }) => {
    const isLocked = locked.some((id) => fingerprint === `print-${id}`);
    return Promise.resolve(isLocked ? undefined : new ApiKey(fingerprint));
  };
  const work: Promise<unknown>[] = [];
  const rotation = new Rotation({
    leases: leaseTable(d1.binding),
    batch: (statements) => d1.binding.batch(statements),
    vault: { open } as Vault,
    outcasts,
    patience: new Patience({ timeoutMs, clock, sleep: (ms) => scheduler.wait(ms) }),
    clock,
    log: (_, event, fields) => void log.push({ event, fields }),
    get leaseMax() {
      return settings.leaseMax;
    },
    get leaseTtlMs() {
      return settings.leaseTtlMs;
    },
  });
  const take = async (excluded: number[] = []) =>
    (await rotation.take(MODEL, excluded, (promise) => void work.push(promise)))?.id;
  const settle = () => Promise.all(work.splice(0));
  return { rotation, d1, outcasts, state, settings, log, take, settle };
}
