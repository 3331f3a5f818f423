import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** All times are epoch milliseconds. */

/**
 * One contributed key. The database never holds the key itself: `ciphertext` opens only with `POOL_SECRET`,
 * `fingerprint` is a keyed hash. Rows are never deleted, so ids only grow: of a key that the operator deleted an empty
 * row stays, whose fingerprint is no key's.
 */
export const keys = sqliteTable(
  "keys",
  {
    id: integer().primaryKey(),
    fingerprint: text().notNull().unique(),
    /** Null once its owner has withdrawn the key. */
    ciphertext: text(),
    /** Which secret the fingerprint and the ciphertext were made under: tells what is left while it is replaced. */
    secretId: text("secret_id").notNull().default(""),
    lastFour: text("last_four").notNull(),
    status: text({ enum: ["active", "retired", "withdrawn", "deleted"] }).notNull(),
    /** Why it was retired: Google's reason, or our name for an exact message of Google's. */
    reason: text(),
    statusChangedAt: integer("status_changed_at").notNull(),
    contributedAt: integer("contributed_at").notNull(),
    lastSeenAt: integer("last_seen_at").notNull(),
    lastUsedAt: integer("last_used_at"),
    uses: integer().notNull().default(0),
    /** Set while the key may not be leased for any model. Such a key leaves the index that leases walk. */
    restingUntil: integer("resting_until"),
    /** How often in a row it had to rest; each rest is longer. Back to 0 when the key serves again. */
    restStep: integer("rest_step").notNull().default(0),
    /** Answers that would retire it if repeated. Back to 0 when the key serves again. */
    strikes: integer().notNull().default(0),
    /** How it came: its own use proved it, or the operator pasted it. */
    origin: text({ enum: ["contributed", "imported"] })
      .notNull()
      .default("contributed"),
    /** Attempts that failed because of this key. Thinned like `uses`. */
    errors: integer().notNull().default(0),
    /** What Google said when it was retired, redacted. */
    words: text(),
    /** The operator's own words. */
    note: text(),
    /** When a retired key is asked again; null for a key that is not. */
    recheckAt: integer("recheck_at"),
    /** How often it was asked again in vain; each wait is longer. */
    rechecks: integer().notNull().default(0),
  },
  (table) => [
    index("keys_leasable")
      .on(table.id)
      .where(sql`status = 'active' and resting_until is null`),
    index("keys_resting")
      .on(table.restingUntil)
      .where(sql`resting_until is not null`),
    index("keys_to_recheck")
      .on(table.recheckAt)
      .where(sql`recheck_at is not null`),
    // The operator's desk looks for keys by these two; an admission writes one of them, a use neither. Partial, so that
    // no lease is ever planned over them.
    index("keys_out")
      .on(table.status, table.id)
      .where(sql`status <> 'active'`),
    // Where a token's files may go: a contributor must not find strangers' files in their project.
    index("keys_imported")
      .on(table.id)
      .where(sql`origin = 'imported'`),
    index("keys_by_last_four")
      .on(table.lastFour)
      .where(sql`last_four <> ''`),
  ],
);

/** A (key, model) pair that may not be leased before `until`. Rows whose time has passed are swept. */
export const coolings = sqliteTable(
  "coolings",
  {
    keyId: integer("key_id").notNull(),
    model: text().notNull(),
    until: integer().notNull(),
    kind: text({ enum: ["quota_day", "quota_minute", "model_not_offered", "busy"] }).notNull(),
    /** How often in a row the pair was busy; each cooling doubles. */
    step: integer().notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.keyId, table.model] }), index("coolings_by_end").on(table.until)],
);

/** Where the rotation of each model stands. `*` serves every model that has not answered 2xx yet. */
export const cursors = sqliteTable("cursors", {
  model: text().primaryKey(),
  /** The id of the key that was leased last. */
  position: integer().notNull(),
  /** Every key is cooling for the model until then. */
  blockedUntil: integer("blocked_until"),
});

/** Known stretches of keys, all cooling for the model until `until`: a lease steps over them in one jump. */
export const stretches = sqliteTable(
  "stretches",
  {
    model: text().notNull(),
    fromId: integer("from_id").notNull(),
    toId: integer("to_id").notNull(),
    until: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.model, table.fromId] })],
);

/** One row, kept by triggers on `keys`: counting a pool of 50,000 keys would read 50,000 rows. */
export const totals = sqliteTable("totals", {
  id: integer().primaryKey(),
  active: integer().notNull(),
  retired: integer().notNull(),
  withdrawn: integer().notNull(),
});
