import type { Clock } from "../clock.ts";
import type { DeskKey, DeskRow, DeskSort, KeyDeskTable, KeyFilter } from "../db/key-desk.ts";
import type { Totals } from "../db/keys.ts";
import { decodeCursor, encodeCursor } from "./desk-cursor.ts";

export interface DeskQuery extends KeyFilter {
  sort?: DeskSort | undefined;
  order?: "asc" | "desc" | undefined;
  cursor?: string | undefined;
  limit?: number | undefined;
}

export interface DeskPage {
  keys: DeskKey[];
  /** Leads to the next page; null on the last one. */
  next: string | null;
  /** How many keys the filter found when the first page was asked for. */
  total: number;
  /** False where there are more: counting ends at 100,000 keys. */
  totalIsExact: boolean;
}

const PAGE = 50;
const MAX_PAGE = 500;

interface Place {
  /** Which of the statuses, when sorted by status. */
  segment: number;
  value: number;
  id: number;
  total: number;
  isExact: number;
}

/** Sorted by status, one status follows the other: each is a page by id, which an index serves. */
const SEGMENTS = ["active", "resting", "retired", "withdrawn"] as const;

export interface DeskListOptions {
  table: KeyDeskTable;
  totals: () => Promise<Totals>;
  clock: Clock;
}

/** Pages of keys. Keyset paging: the last page of 50,000 keys costs what the first does. */
export function createDeskList({ table, totals, clock }: DeskListOptions) {
  /** How many keys a filter finds; from the triggers' totals where they know. */
  async function count(filter: KeyFilter): Promise<{ total: number; isExact: boolean }> {
    const { status, reason, q } = filter;
    if (reason !== undefined || q !== undefined) return table.count(filter, clock());
    switch (status) {
      case undefined: {
        const { active, retired, withdrawn } = await totals();
        return { total: active + retired + withdrawn, isExact: true };
      }
      case "active": {
        const resting = await table.count({ status: "resting" }, clock());
        const total = Math.max(0, (await totals()).active - resting.total);
        return { total, isExact: resting.isExact };
      }
      case "retired":
      case "withdrawn":
        return { total: (await totals())[status], isExact: true };
      case "resting":
      case "cooling":
        return table.count(filter, clock());
    }
  }

  /** Undefined where the cursor is none of this list's. */
  async function list(query: DeskQuery): Promise<DeskPage | undefined> {
    const { sort = "id", order = "asc", cursor, status, reason, q } = query;
    const filter = { status, reason, q };
    const limit = Math.min(MAX_PAGE, Math.max(1, query.limit ?? PAGE));
    const purpose = ["keys", sort, order, status, reason, q].join(" ");
    const place = cursor === undefined ? undefined : readPlace(purpose, cursor);
    if (cursor !== undefined && place === undefined) return undefined;
    const counted = place === undefined ? await count(filter) : { total: place.total, isExact: place.isExact === 1 };

    // One more than asked for tells whether there is a next page.
    const rows: (DeskRow & { segment: number })[] = [];
    const segments = segmentsOf(sort, order, filter);
    for (let segment = place?.segment ?? 0; segment < segments.length && rows.length <= limit; segment++) {
      const behind = place !== undefined && segment === place.segment ? place : undefined;
      const wanted = limit + 1 - rows.length;
      const page = { filter: segments[segment] ?? filter, sort, order, behind, limit: wanted };
      rows.push(...(await table.page(page, clock())).map((row) => ({ ...row, segment })));
    }
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    const { total, isExact } = counted;
    return {
      keys: rows.slice(0, limit).map(({ segment: _segment, value: _value, ...key }) => key),
      next:
        last === undefined ? null : encodeCursor(purpose, [last.segment, last.value, last.id, total, Number(isExact)]),
      total,
      totalIsExact: isExact,
    };
  }

  return { list, count };
}

function segmentsOf(sort: DeskSort, order: "asc" | "desc", filter: KeyFilter): KeyFilter[] {
  if (sort !== "status" || filter.status !== undefined) return [filter];
  const segments = SEGMENTS.map((status) => ({ ...filter, status }));
  return order === "asc" ? segments : segments.toReversed();
}

function readPlace(purpose: string, cursor: string): Place | undefined {
  const [segment = 0, value = 0, id = 0, total = 0, isExact = 0] = decodeCursor(purpose, cursor, 5) ?? [-1];
  return segment < 0 ? undefined : { segment, value, id, total, isExact };
}
