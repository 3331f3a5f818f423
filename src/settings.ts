import * as v from "valibot";

/** One row of the table of settings: its meaning for the operator, its default, and what it accepts. */
interface Setting {
  doc: string;
  default: string;
  schema: v.GenericSchema<string, number | string>;
}

const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, "must be a whole number"),
    v.transform(Number),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );

const baseUrl = v.pipe(
  v.string(),
  v.url("must be a URL"),
  v.regex(/^https?:\/\/[^?#]+$/, "must be an http(s) URL without query"),
  v.transform((url) => url.replace(/\/+$/, "")),
);

const LOCATION_HINTS = [
  "wnam",
  "enam",
  "sam",
  "weur",
  "eeur",
  "apac",
  "apac-ne",
  "apac-se",
  "oc",
  "afr",
  "me",
] as const satisfies DurableObjectLocationHint[];

/** Every variable that an operator can set. The README's table is generated from it. */
export const SETTINGS = {
  GEMINI_BASE_URL: {
    doc: "Where requests are forwarded to.",
    default: "https://generativelanguage.googleapis.com",
    schema: baseUrl,
  },
  MAX_RETRIES: {
    doc: "How often a request that failed because of its key, or of Google, is tried again. The last try uses the caller's own key, and 0 leaves that one.",
    default: "3",
    schema: wholeNumber(0, 10),
  },
  RETRY_BUDGET_MS: {
    doc: "No retry with a pool key starts later than this after the request arrived. The try with the caller's own key always may.",
    default: "45000",
    schema: wholeNumber(0, 600_000),
  },
  UPSTREAM_TIMEOUT_MS: {
    doc: "How long one attempt may wait for the first byte of Google's answer. Google itself gives up after 10 minutes.",
    default: "600000",
    schema: wholeNumber(10, 1_800_000),
  },
  REPLAY_MAX_BYTES: {
    doc: "Bodies up to this size are kept to be sent again on a retry. A larger one travels once, on the caller's own key.",
    default: "20971520",
    schema: wholeNumber(0, 67_108_864),
  },
  LEASE_MAX: {
    doc: "The most turns of the rotation that one isolate takes in one round trip to D1.",
    default: "32",
    schema: wholeNumber(1, 64),
  },
  LEASE_TTL_MS: {
    doc: "Turns not used within this time are given up; also how long a key retired or withdrawn elsewhere may still be used.",
    default: "30000",
    schema: wholeNumber(0, 600_000),
  },
  CONTRIBUTOR_TTL_MS: {
    doc: "How long an isolate remembers that a caller's key is in the pool before it asks D1 again.",
    default: "60000",
    schema: wholeNumber(0, 3_600_000),
  },
  D1_TIMEOUT_MS: {
    doc: "How long a request waits for D1 before it travels on the caller's own key.",
    default: "2000",
    schema: wholeNumber(10, 30_000),
  },
  PROMPT_STORE: {
    doc: "`never`: a request served by another contributor's key asks Google not to store the prompt in that key's project (`store: false`), unless the caller says what they want. `leave`: Google's default.",
    default: "never",
    schema: v.picklist(["never", "leave"], 'must be "never" or "leave"'),
  },
  VERIFY_MODEL: {
    doc: "The model that /verify asks for one token; it should be cheap and open to every key.",
    default: "gemini-2.5-flash-lite",
    schema: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "must be a model's name")),
  },
  EGRESS: {
    doc: "Where requests leave from. `direct`: from where the Worker runs. `auto`: the same, and through a relay near Google where Google refuses that place. `relay`: always through the relay.",
    default: "auto",
    schema: v.picklist(["direct", "auto", "relay"], 'must be "direct", "auto" or "relay"'),
  },
  EGRESS_LOCATION: {
    doc: "Where the relay lives: a Durable Object location hint. It counts when the relay is first used.",
    default: "wnam",
    schema: v.picklist(LOCATION_HINTS, `must be one of ${LOCATION_HINTS.join(", ")}`),
  },
  LOG_SAMPLE: {
    doc: "How many of a hundred requests get a line in the log. Those answered with a 5xx always do.",
    default: "10",
    schema: wholeNumber(0, 100),
  },
  FLUSH_AFTER_MS: {
    doc: "Counters are gathered for this long before they are written to D1 together.",
    default: "10000",
    schema: wholeNumber(0, 25_000),
  },
} as const satisfies Record<string, Setting>;

/** Secrets and what they are for; set with `wrangler secret put`, locally in `.dev.vars`. */
export const SECRETS = {
  POOL_SECRET: "Encrypts and fingerprints the keys: 32 characters or more. Without it the Worker refuses to start.",
  POOL_SECRET_NEXT:
    "Only while POOL_SECRET is being replaced (`pnpm secret:rotate`): keys are sealed under it, and opened under either.",
  ADMIN_TOKEN: "Opens the operator's pages. Without it they are off.",
} as const;

type SettingName = keyof typeof SETTINGS;
type SettingValues = { [Name in SettingName]: v.InferOutput<(typeof SETTINGS)[Name]["schema"]> };

export interface Settings extends SettingValues {
  POOL_SECRET: string;
  POOL_SECRET_NEXT: string | undefined;
  ADMIN_TOKEN: string | undefined;
}

/** What the runtime hands to the Worker. Variables arrive as strings, whatever JSON type the config gave them. */
export interface Bindings extends Partial<Record<SettingName | keyof typeof SECRETS, unknown>> {
  DB: D1Database;
  /** Sends requests to Google from elsewhere; without it EGRESS is `direct`. */
  EGRESS_RELAY?: DurableObjectNamespace | undefined;
  /** The pages' styles and scripts (`public/`). */
  ASSETS?: Fetcher | undefined;
  /** Limits the pooled requests of one contributor; without it there is no limit. */
  FAIR_SHARE?: RateLimit | undefined;
  /** Limits the new keys that one client address tries; without it there is no limit. */
  NEW_KEYS?: RateLimit | undefined;
}

/** A setting is missing or wrong; the message names it and is fit for the operator's eyes. It quotes no secret. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

const MIN_SECRET_LENGTH = 32;

/** Reads every setting once. Throws a {@link SettingsError} that names what is missing or wrong. */
export function parseSettings(env: Bindings): Settings {
  const values = Object.fromEntries(
    Object.entries(SETTINGS).map(([name, setting]) => [name, parseSetting(name, setting, env[name as SettingName])]),
  ) as SettingValues;
  if (typeof env.DB?.prepare !== "function")
    throw new SettingsError("The D1 binding DB is missing from wrangler.jsonc.");
  return {
    ...values,
    POOL_SECRET: parsePoolSecret("POOL_SECRET", env.POOL_SECRET),
    POOL_SECRET_NEXT: isGiven(env.POOL_SECRET_NEXT)
      ? parsePoolSecret("POOL_SECRET_NEXT", env.POOL_SECRET_NEXT)
      : undefined,
    ADMIN_TOKEN: typeof env.ADMIN_TOKEN === "string" && env.ADMIN_TOKEN !== "" ? env.ADMIN_TOKEN : undefined,
  };
}

function parseSetting(name: string, setting: Setting, given: unknown): number | string {
  const text = given === undefined || given === "" ? setting.default : asText(given).trim();
  const result = v.safeParse(setting.schema, text);
  if (result.success) return result.output;
  throw new SettingsError(`${name} ${result.issues[0].message}.`);
}

/** A variable in wrangler.jsonc may be a number or a boolean too. */
function asText(given: unknown): string {
  return typeof given === "string" ? given : JSON.stringify(given);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== "";
}

function parsePoolSecret(name: "POOL_SECRET" | "POOL_SECRET_NEXT", given: unknown): string {
  if (typeof given !== "string" || given === "") {
    throw new SettingsError(`${name} is missing. Set it with \`wrangler secret put ${name}\` (32 characters or more).`);
  }
  if (given.length < MIN_SECRET_LENGTH) {
    throw new SettingsError(
      `${name} is too short: ${given.length} characters, at least ${MIN_SECRET_LENGTH} are needed.`,
    );
  }
  return given;
}
