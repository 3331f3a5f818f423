import type { ApiKey } from "../api-key.ts";
import type { Clock } from "../clock.ts";
import type { CoolingRow, CoolingTable } from "../db/coolings.ts";
import { BY_OPERATOR, UNPROVEN, type KeyActs } from "../db/key-acts.ts";
import type { DeskKey, KeyDeskTable, KeyFilter } from "../db/key-desk.ts";
import type { Totals } from "../db/keys.ts";
import type { Contributors } from "./contributors.ts";
import { decodeCursor, encodeCursor } from "./desk-cursor.ts";
import { createDeskCounts } from "./desk-counts.ts";
import { createDeskList } from "./desk-list.ts";
import type { Outcasts } from "./outcasts.ts";
import type { Rotation } from "./rotation.ts";
import type { Vault } from "./vault.ts";

export type { DeskKey, KeyFilter } from "../db/key-desk.ts";

export type Act = "cool" | "retire" | "restore" | "delete";

/** Which keys an act is for. */
export type Selection = { ids: readonly number[] } | { filter: KeyFilter };

/** Where a long work stands: the next keys of it, and how it goes on behind them. */
export interface Step {
  ids: number[];
  /** Null when this is the last step. */
  next: string | null;
  /** How many keys the whole work is for, as counted when it began. */
  total: number;
}

export interface DeskDetail extends DeskKey {
  coolings: CoolingRow[];
  models: { model: string; uses: number; errors: number; lastAt: number }[];
}

export interface DeskOptions {
  table: KeyDeskTable;
  acts: KeyActs;
  coolings: CoolingTable;
  vault: Vault;
  rotation: Rotation;
  outcasts: Outcasts;
  contributors: Contributors;
  totals: () => Promise<Totals>;
  clock: Clock;
  /** How long this isolate keeps a key in mind that left: longer than any block that may still hold it. */
  outcastMs: () => number;
}

const EXPORT_PAGE = 2000;

/** The scheduled run's interval, and how many of them a day has. */
const SWEEP_EVERY_MS = 300_000;
const SWEEP_PARTS = 288;

export type PoolDesk = ReturnType<typeof createPoolDesk>;

/** The operator's hands on the keys. Every method throws if D1 does not answer. */
export function createPoolDesk(options: DeskOptions) {
  const { table, acts, coolings, vault, rotation, outcasts, contributors, clock, outcastMs } = options;
  const { count, counts, forget } = createDeskCounts(options);
  const list = createDeskList({ table, count, clock });

  /** What this isolate holds of the keys is gone before the operator gets an answer. */
  const castOut = (ids: readonly number[], until: number) => {
    for (const id of ids) {
      outcasts.add(id, undefined, until);
      rotation.drop(id);
    }
  };

  const welcome = (ids: readonly number[]) => {
    for (const id of ids) outcasts.forgive(id);
    if (ids.length > 0) rotation.unblock();
  };

  return {
    list,

    /** How many keys a filter finds. */
    count,

    /** How many there are in each state; for the overview. */
    counts,

    async find(id: number): Promise<DeskDetail | undefined> {
      const now = clock();
      const [key, cooling, models] = await Promise.all([table.find(id, now), coolings.of(id, now), table.models(id)]);
      return key === undefined ? undefined : { ...key, coolings: cooling, models };
    },

    /** The key's row, under whichever secret it is known. */
    async findByKey(key: ApiKey): Promise<DeskKey | undefined> {
      const prints = [vault.fingerprint(key), vault.formerFingerprint(key)];
      const [found] = await table.findByPrints(prints.filter((print) => print !== undefined));
      return found === undefined ? undefined : table.find(found.id, clock());
    },

    /** An empty note takes the note away. False if there is no such key. */
    note: (id: number, text: string) => acts.note(id, text === "" ? null : text),

    /**
     * The next keys of a work on a selection, in order of their ids. A filter stands for the keys that there were when
     * the work began: whoever joins while it goes on is none of them. With a limit of 0 it begins and takes none yet, so
     * that a client may repeat even the first of them. Undefined where `after` is no cursor of this work.
     */
    async step(
      work: string,
      selection: Selection,
      after: string | undefined,
      limit: number,
    ): Promise<Step | undefined> {
      const chosen = "ids" in selection ? listed(selection.ids) : filtered(selection.filter);
      const purpose = `${work} ${chosen.purpose}`;
      const begun = after === undefined ? undefined : decodeCursor(purpose, after, 3);
      if (after !== undefined && begun === undefined) return undefined;
      const [done = 0, upTo = 0, total = 0] = begun ?? [0, ...(await chosen.measure())];
      const ids = await chosen.take(done, upTo, limit + 1);
      const step = ids.slice(0, limit);
      const next = ids.length > limit ? encodeCursor(purpose, [step.at(-1) ?? done, upTo, total]) : null;
      return { ids: step, next, total };
    },

    /** Does it to each key that it may be done to; resolves to those. */
    async act(act: Act, ids: readonly number[], forMs: number): Promise<number[]> {
      const now = clock();
      const changed = await write(act, ids, forMs, now);
      forget();
      switch (act) {
        case "cool":
          // Then no block holds them any more. For longer, and who is restored elsewhere would stay out here.
          castOut(changed, now + Math.min(forMs, outcastMs()));
          break;
        case "retire":
        case "delete":
          castOut(changed, now + outcastMs());
          contributors.forgetIds(new Set(changed));
          break;
        case "restore":
          welcome(changed);
          break;
      }
      return changed;
    },

    /** Brings keys back that Google has just served. */
    async restoreProven(ids: readonly number[]): Promise<void> {
      if (ids.length === 0) return;
      welcome(await acts.restore(ids, clock(), { proved: true }));
      forget();
    },

    /** Notes that imported keys failed their proof. */
    async giveUp(failed: readonly { id: number; reason: string; words: string | null }[]): Promise<void> {
      if (failed.length > 0) await acts.giveUp(failed);
    },

    /** Sweeps what counters on their way wrote about keys that were erased meanwhile: a part at a time, all in a day. */
    sweepErased: () => acts.sweepErased(Math.floor(clock() / SWEEP_EVERY_MS) % SWEEP_PARTS, SWEEP_PARTS),

    /** The keys among these ids that can be opened, to ask Google about them. */
    async open(ids: readonly number[]) {
      const rows = await table.sealed(ids);
      const opened = await Promise.all(rows.map(async (row) => ({ row, key: await vault.open(row) })));
      return opened.flatMap(({ row, key }) => {
        if (key === undefined) return [];
        const { id, status, reason } = row;
        return [
          {
            id,
            key,
            status,
            byOperator: reason === BY_OPERATOR,
            unproven: reason === UNPROVEN,
            blemished: row.blemished !== 0,
            resting: row.resting !== 0,
          },
        ];
      });
    },

    /** All keys of the filter in order of their ids, page by page: 50,000 of them are never in memory at once. */
    async *exportRows(filter: KeyFilter): AsyncGenerator<DeskKey[], void, undefined> {
      for (let behind: { value: number; id: number } | undefined; ;) {
        const page = { filter, sort: "id", order: "asc", behind, limit: EXPORT_PAGE } as const;
        const rows = await table.page(page, clock());
        yield rows.map(({ value: _value, ...key }) => key);
        const last = rows.at(-1);
        if (last === undefined || rows.length < EXPORT_PAGE) return;
        behind = last;
      }
    },
  };

  function write(act: Act, ids: readonly number[], forMs: number, now: number): Promise<number[]> {
    switch (act) {
      case "cool":
        return acts.cool(ids, now + forMs);
      case "retire":
        return acts.retire(ids, now);
      case "restore":
        return acts.restore(ids, now, { proved: false });
      case "delete":
        return acts.erase(ids, now);
    }
  }

  function listed(given: readonly number[]) {
    const ids = [...new Set(given)].toSorted((one, other) => one - other);
    return {
      purpose: `ids ${ids.length}`,
      measure: async () => [ids.at(-1) ?? 0, ids.length] as const,
      take: async (after: number, _upTo: number, limit: number) => ids.filter((id) => id > after).slice(0, limit),
    };
  }

  function filtered(filter: KeyFilter) {
    return {
      purpose: ["filter", filter.status, filter.reason, filter.q].join(" "),
      measure: async () => {
        const [upTo, { total }] = await Promise.all([table.lastId(), count(filter)]);
        return [upTo, total] as const;
      },
      take: (after: number, upTo: number, limit: number) => table.idsOf(filter, { after, upTo, limit }, clock()),
    };
  }
}
