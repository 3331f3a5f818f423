import { sql } from "drizzle-orm";
import { LEASE_WINDOW, leaseSql, SURVEY_WINDOW, surveySql } from "./lease-statements.ts";
import { cursors, stretches } from "./schema.ts";
import { statement } from "./statement.ts";

/** A cursor row per model that ever answered 2xx, and no more than this: a bound on what callers can grow. */
const MAX_CURSORS = 512;

/** A key as the rotation hands it out: still sealed. */
export interface LeasedRow {
  id: number;
  fingerprint: string;
  ciphertext: string;
  /** It carries marks (strikes, rests, an ended cooling) that its next success should wipe. */
  blemished: boolean;
}

export interface LeaseRequest {
  model: string;
  now: number;
  /** How many turns are wanted. */
  count: number;
  /** Ids of keys that this request tried already. */
  excluded: readonly number[];
}

export interface Lease {
  keys: LeasedRow[];
  /** The lease saw every active key: fewer keys than wanted means that no more are ready. */
  sawWholeRing: boolean;
}

/** What stands behind the cursor: see {@link planDetour}. */
export interface Survey {
  cursor: string;
  position: number;
  blockedUntil: number | undefined;
  /** The known stretches that end just where the look-out began, in the first lap and in the wrapped one. */
  adjoining: { lap: number; from: number; until: number }[];
  keys: { id: number; lap: number; until: number | undefined }[];
  /** When the first of the model's known stretches ends. */
  stretchesEnd: number | undefined;
  /** Fewer keys than the window holds: the whole ring was seen, apart from known stretches. */
  sawWholeRing: boolean;
}

export type LeaseTable = ReturnType<typeof leaseTable>;

/** The rotation's SQL: leases, and the detours around stretches of cooling keys. */
export function leaseTable(d1: D1Database) {
  const lease = statement<{ model: string; now: number; count: number; excluded: string }>(d1, leaseSql);
  const survey = statement<{ model: string; now: number }>(d1, surveySql);
  const openCursor = statement<{ model: string }>(d1, openCursorSql);
  const block = statement<{ model: string; until: number }>(d1, blockSql);
  const noteStretch = statement<{ model: string; from: number; to: number; until: number }>(d1, noteStretchSql);
  const skipTo = statement<{ cursor: string; from: number; to: number }>(d1, skipToSql);

  return {
    /** Takes the next turns of the rotation: one statement, at most one written row. */
    async lease({ model, now, count, excluded }: LeaseRequest): Promise<Lease> {
      const { results } = await lease({ model, now, count, excluded: JSON.stringify(excluded) }).all<LeaseRow>();
      const { turns: json, active } = results[0] ?? NOTHING;
      const turns = JSON.parse(json) as LeaseTurn[];
      return {
        keys: turns.map(([id, fingerprint, ciphertext, blemished]) => ({
          id,
          fingerprint,
          ciphertext,
          blemished: blemished !== 0,
        })),
        sawWholeRing: turns.length > 0 && active <= LEASE_WINDOW,
      };
    },

    /** Looks further along the ring than a lease does, and moves nothing. */
    async survey(model: string, now: number): Promise<Survey | undefined> {
      const { results } = await survey({ model, now }).all<SurveyRow>();
      const first = results[0];
      if (first === undefined) return undefined;
      const seen = results.flatMap(({ id, lap, until }) =>
        id === null ? [] : [{ id, lap: lap ?? 1, until: until ?? undefined }],
      );
      return {
        cursor: first.cursor,
        position: first.position,
        blockedUntil: first.blocked_until ?? undefined,
        adjoining: [
          { lap: 1, from: first.adjoining_from, until: first.adjoining_until },
          { lap: 2, from: first.adjoining_from_wrapped, until: first.adjoining_until_wrapped },
        ].filter((stretch): stretch is Survey["adjoining"][number] => stretch.from !== null && stretch.until !== null),
        stretchesEnd: first.stretches_end ?? undefined,
        keys: seen,
        sawWholeRing: seen.length < SURVEY_WINDOW,
      };
    },

    /** Gives a model that Google has served its own cursor, where the shared one stands. */
    openCursor: (model: string) => openCursor({ model }),

    /** Remembers that no key is ready for the model until then. Models on the shared cursor are not remembered. */
    block: (model: string, until: number) => block({ model, until }),

    /** Remembers a stretch of cooling keys and moves the cursor behind it, unless another lease moved it. */
    stepOver: (
      stretch: { model: string; from: number; to: number; until: number },
      cursor: string,
      position: number,
    ) => [noteStretch(stretch), skipTo({ cursor, from: position, to: stretch.to })],
  };
}

/** Id, fingerprint, ciphertext, and whether it is blemished (0 or 1). */
type LeaseTurn = [number, string, string, number];

interface LeaseRow {
  /** A JSON array of {@link LeaseTurn}s. */
  turns: string;
  active: number;
}

/** There is always a cursor, so this is never seen; but an answer of D1's is checked, not believed. */
const NOTHING: LeaseRow = { turns: "[]", active: 0 };

interface SurveyRow {
  cursor: string;
  position: number;
  blocked_until: number | null;
  adjoining_from: number | null;
  adjoining_until: number | null;
  adjoining_from_wrapped: number | null;
  adjoining_until_wrapped: number | null;
  stretches_end: number | null;
  id: number | null;
  lap: number | null;
  until: number | null;
}

const model = sql.placeholder("model");

const openCursorSql = sql`insert into ${cursors} (model, position)
  select ${model}, position from ${cursors}
  where ${cursors.model} = '*' and (select count(*) from ${cursors}) < ${sql.raw(String(MAX_CURSORS))}
  on conflict do nothing`;

const blockSql = sql`update ${cursors} set blocked_until = ${sql.placeholder("until")}
  where ${cursors.model} = ${model} and ${cursors.model} <> '*'`;

// A stretch that begins where a longer one was known before takes its place: the older one has ended.
const noteStretchSql = sql`insert into ${stretches} (model, from_id, to_id, until)
  values (${model}, ${sql.placeholder("from")}, ${sql.placeholder("to")}, ${sql.placeholder("until")})
  on conflict do update set to_id = excluded.to_id, until = excluded.until`;

const skipToSql = sql`update ${cursors} set position = ${sql.placeholder("to")}
  where ${cursors.model} = ${sql.placeholder("cursor")} and position = ${sql.placeholder("from")}`;
