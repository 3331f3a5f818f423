import type { Clock } from "../clock.ts";
import type { DeskKey, DeskRow, DeskSort, KeyDeskTable, KeyFilter } from "../db/key-desk.ts";
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
  /** Leads to the page before; null on the first one. */
  previous: string | null;
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
  /** It leads to the page before. */
  isBack: boolean;
}

/** What a cursor is for, beside its question. */
const WAYS = { next: "", previous: "back to " };

const OTHER = { asc: "desc", desc: "asc" } as const;

/** Sorted by status, one status follows the other: each is a page by id, which an index serves. */
const SEGMENTS = ["active", "resting", "retired", "withdrawn"] as const;

export interface DeskListOptions {
  table: Pick<KeyDeskTable, "page">;
  count: (filter: KeyFilter) => Promise<{ total: number; isExact: boolean }>;
  clock: Clock;
}

/** Pages of keys. Keyset paging: the last page of 50,000 keys costs what the first does, and so does the way back. */
export function createDeskList({ table, count, clock }: DeskListOptions) {
  /** Undefined where the cursor is none of this list's. */
  return async function list(query: DeskQuery): Promise<DeskPage | undefined> {
    const { sort = "id", order = "asc", cursor, status, reason, q } = query;
    const filter = { status, reason, q };
    const limit = Math.min(MAX_PAGE, Math.max(1, query.limit ?? PAGE));
    const purpose = ["keys", sort, order, status, reason, q].join(" ");
    const place = cursor === undefined ? undefined : readPlace(purpose, cursor);
    if (cursor !== undefined && place === undefined) return undefined;
    const isBack = place?.isBack === true;
    const counted = place === undefined ? await count(filter) : { total: place.total, isExact: place.isExact === 1 };

    // The page before is what follows in the other order. One row more than asked for tells whether there is another.
    const walked = isBack ? OTHER[order] : order;
    const segments = segmentsOf(sort, order, filter);
    const rows: (DeskRow & { segment: number })[] = [];
    for (let at = place?.segment ?? 0; at in segments && rows.length <= limit; at += isBack ? -1 : 1) {
      const behind = place !== undefined && at === place.segment ? place : undefined;
      const wanted = limit + 1 - rows.length;
      const page = { filter: segments[at] ?? filter, sort, order: walked, behind, limit: wanted };
      rows.push(...(await table.page(page, clock())).map((row) => ({ ...row, segment: at })));
    }
    const hasMore = rows.length > limit;
    const shown = isBack ? rows.slice(0, limit).toReversed() : rows.slice(0, limit);
    const { total, isExact } = counted;
    const cursorAt = (row: (typeof rows)[number] | undefined, direction: "next" | "previous") =>
      row === undefined
        ? null
        : encodeCursor(WAYS[direction] + purpose, [row.segment, row.value, row.id, total, Number(isExact)]);
    return {
      keys: shown.map(({ segment: _segment, value: _value, ...key }) => key),
      next: isBack || hasMore ? cursorAt(shown.at(-1), "next") : null,
      previous: (isBack ? hasMore : place !== undefined) ? cursorAt(shown[0], "previous") : null,
      total,
      totalIsExact: isExact,
    };
  };
}

function segmentsOf(sort: DeskSort, order: "asc" | "desc", filter: KeyFilter): KeyFilter[] {
  if (sort !== "status" || filter.status !== undefined) return [filter];
  const segments = SEGMENTS.map((status) => ({ ...filter, status }));
  return order === "asc" ? segments : segments.toReversed();
}

function readPlace(purpose: string, cursor: string): Place | undefined {
  const onwards = decodeCursor(WAYS.next + purpose, cursor, 5);
  const numbers = onwards ?? decodeCursor(WAYS.previous + purpose, cursor, 5);
  if (numbers === undefined) return undefined;
  const [segment = 0, value = 0, id = 0, total = 0, isExact = 0] = numbers;
  return { segment, value, id, total, isExact, isBack: onwards === undefined };
}
