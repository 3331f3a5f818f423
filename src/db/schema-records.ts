import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What the pool remembers of its work. No prompt, no answer and no key is ever here. All times are epoch milliseconds. */

/** What a key did for one model. Thinned like the counters of `keys`. */
export const keyModels = sqliteTable(
  "key_models",
  {
    keyId: integer("key_id").notNull(),
    model: text().notNull(),
    uses: integer().notNull().default(0),
    /** Attempts that failed because of this key. */
    errors: integer().notNull().default(0),
    lastAt: integer("last_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.keyId, table.model] })],
);

/**
 * What happened in one span of time: five minutes, rolled up to an hour after two days. `model` is one that Google has
 * served, or `other`: callers must not be able to grow the table.
 */
export const activity = sqliteTable(
  "activity",
  {
    /** Length of the span in milliseconds; 0 for the sums of all that began before `startAt`. */
    span: integer().notNull(),
    startAt: integer("start_at").notNull(),
    model: text().notNull(),
    /** Requests answered, whatever the answer. */
    requests: integer().notNull().default(0),
    /** Of these, answered 2xx. */
    served: integer().notNull().default(0),
    /** Of those, by another contributor's key. */
    servedByPool: integer("served_by_pool").notNull().default(0),
    /** Answered 4xx through no fault of a key or of Google: the caller's. */
    callerFaults: integer("caller_faults").notNull().default(0),
    /** Attempts beyond the first. */
    retries: integer().notNull().default(0),
    /** Sum over all requests of the time until Google's answer began. */
    latencyMs: integer("latency_ms").notNull().default(0),
    /** How many of the requests took no longer than this many milliseconds; the rest took longer than any. */
    within500: integer("within_500").notNull().default(0),
    within1000: integer("within_1000").notNull().default(0),
    within2500: integer("within_2500").notNull().default(0),
    within5000: integer("within_5000").notNull().default(0),
    within10000: integer("within_10000").notNull().default(0),
    within30000: integer("within_30000").notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.span, table.startAt, table.model] })],
);

/** How many keys the pool had, taken by the scheduled run once an hour. */
export const keyCounts = sqliteTable("key_counts", {
  startAt: integer("start_at").primaryKey(),
  active: integer().notNull(),
  /** Active, and not to be leased for any model, or cooling for at least one. */
  cooling: integer().notNull(),
  retired: integer().notNull(),
  withdrawn: integer().notNull(),
});

/** Attempts that failed. Ids grow with time, so the newest rows are the largest. */
export const failures = sqliteTable("failures", {
  id: integer().primaryKey(),
  at: integer().notNull(),
  /** Null where the key is not in the pool. */
  keyId: integer("key_id"),
  /** Null for a caller who brought a key. */
  tokenId: integer("token_id"),
  model: text(),
  verdict: text().notNull(),
  /** The HTTP status of Google's answer; null where none came. */
  status: integer(),
  /** Google's words, redacted and cut. */
  message: text(),
});

/** Settings that the operator changed at run time, by name; they win over the deployed variables. */
export const settingsOverrides = sqliteTable("settings_overrides", {
  name: text().primaryKey(),
  value: text().notNull(),
  changedAt: integer("changed_at").notNull(),
});

/** An access token: its bearer is served by the pool's keys and brings none. Only a hash of it is stored. */
export const tokens = sqliteTable(
  "tokens",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    hash: text().notNull().unique(),
    name: text().notNull(),
    lastFour: text("last_four").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at"),
    revokedAt: integer("revoked_at"),
    /** Models that it may ask for, separated by commas, `*` for any characters; null for all. */
    models: text(),
    /** Requests that it may make in one period; null for no limit. */
    requestLimit: integer("request_limit"),
    limitPeriod: text("limit_period", { enum: ["day", "month", "total"] })
      .notNull()
      .default("total"),
    /** Requests counted in the period that began at `periodStart`. */
    used: integer().notNull().default(0),
    periodStart: integer("period_start").notNull().default(0),
    /** Requests counted since it was created. */
    uses: integer().notNull().default(0),
    lastUsedAt: integer("last_used_at"),
    /** The key that this token's new files and caches are made with. */
    homeKeyId: integer("home_key_id"),
  },
  (table) => [index("tokens_by_home_key").on(table.homeKeyId)],
);

/** Which key's project holds a resource (`files/abc`, `cachedContents/x` …) that was made with a token. */
export const tokenResources = sqliteTable(
  "token_resources",
  {
    tokenId: integer("token_id").notNull(),
    resource: text().notNull(),
    keyId: integer("key_id").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tokenId, table.resource] }),
    index("token_resources_by_age").on(table.createdAt),
  ],
);

/** Signed-in operators: a session ends when its row does. `id` is a hash of what the cookie carries. */
export const sessions = sqliteTable("sessions", {
  id: text().primaryKey(),
  createdAt: integer("created_at").notNull(),
  expiresAt: integer("expires_at").notNull(),
});

/** Failed sign-ins by hashed client address; rows of past windows are swept. */
export const signInFailures = sqliteTable("sign_in_failures", {
  address: text().primaryKey(),
  windowStart: integer("window_start").notNull(),
  failures: integer().notNull(),
});
