import * as v from "valibot";
import {
  baseUrl,
  choice,
  LOCATION_HINTS,
  modelName,
  modelPatterns,
  pageAddress,
  wholeNumber,
  type Setting,
} from "./setting-kinds.ts";

/** Every variable that an operator can set. The README's table is generated from it. */
export const SETTINGS = {
  GEMINI_BASE_URL: {
    doc: "Where requests are forwarded to.",
    default: "https://generativelanguage.googleapis.com",
    ...baseUrl,
  },
  MAX_RETRIES: {
    doc: "How often a request that failed because of its key, or of Google, is tried again. The last try uses the caller's own key, and 0 leaves that one.",
    default: "3",
    ...wholeNumber(0, 10),
    live: true,
  },
  RETRY_BUDGET_MS: {
    doc: "No retry with a pool key starts later than this after the request arrived. The try with the caller's own key always may.",
    default: "45000",
    ...wholeNumber(0, 600_000),
    live: true,
  },
  UPSTREAM_TIMEOUT_MS: {
    doc: "How long one attempt may wait for the first byte of Google's answer. Google itself gives up after 10 minutes.",
    default: "600000",
    ...wholeNumber(10, 1_800_000),
  },
  REPLAY_MAX_BYTES: {
    doc: "Bodies up to this size are kept to be sent again on a retry. A larger one travels once, on the caller's own key.",
    default: "20971520",
    ...wholeNumber(0, 67_108_864),
  },
  LEASE_MAX: {
    doc: "The most turns of the rotation that one isolate takes in one round trip to D1.",
    default: "32",
    ...wholeNumber(1, 64),
    live: true,
  },
  LEASE_TTL_MS: {
    doc: "Turns not used within this time are given up; also how long a key retired or withdrawn elsewhere may still be used.",
    default: "30000",
    ...wholeNumber(0, 600_000),
    live: true,
  },
  CONTRIBUTOR_TTL_MS: {
    doc: "How long an isolate remembers that a caller's key is in the pool before it asks D1 again.",
    default: "60000",
    ...wholeNumber(0, 3_600_000),
  },
  D1_TIMEOUT_MS: {
    doc: "How long a request waits for D1 before it travels on the caller's own key.",
    default: "2000",
    ...wholeNumber(10, 30_000),
  },
  PROMPT_STORE: {
    doc: "`never`: a request served by another contributor's key asks Google not to store the prompt in that key's project (`store: false`), unless the caller says what they want. `leave`: Google's default.",
    default: "never",
    ...choice(["never", "leave"]),
    live: true,
  },
  VERIFY_MODEL: {
    doc: "The model that /verify asks for one token; it should be cheap and open to every key.",
    default: "gemini-2.5-flash-lite",
    ...modelName,
    live: true,
  },
  EGRESS: {
    doc: "Where requests leave from. `direct`: from where the Worker runs. `auto`: the same, and through a relay near Google where Google refuses that place. `relay`: always through the relay.",
    default: "auto",
    ...choice(["direct", "auto", "relay"]),
  },
  EGRESS_LOCATION: {
    doc: "Where the relay lives: a Durable Object location hint. It counts when the relay is first used.",
    default: "wnam",
    ...choice(LOCATION_HINTS),
  },
  LOG_SAMPLE: {
    doc: "How many of a hundred requests get a line in the log. Those answered with a 5xx always do.",
    default: "10",
    ...wholeNumber(0, 100),
    live: true,
  },
  CONTRIBUTION: {
    doc: "`open`: a key joins the pool by use. `closed`: it does not; unknown keys serve their own callers, and members keep using the pool.",
    default: "open",
    ...choice(["open", "closed"]),
    live: true,
  },
  MODELS: {
    doc: "The models that callers may ask for: names separated by commas, `*` for any characters. Empty: all.",
    default: "",
    ...modelPatterns,
    live: true,
  },
  FAIR_SHARE_PER_MINUTE: {
    doc: "How many pooled requests a minute one contributor may make before their own key serves them. 0: no limit.",
    default: "1000",
    ...wholeNumber(0, 1_000_000),
    live: true,
  },
  NEW_KEYS_PER_MINUTE: {
    doc: "How many unknown keys and tokens a minute one address may try before it gets a 429. 0: no limit.",
    default: "300",
    ...wholeNumber(0, 1_000_000),
    live: true,
  },
  FAILURES_KEEP_DAYS: {
    doc: "For how many days a failed attempt stays in the operator's log of errors.",
    default: "7",
    ...wholeNumber(1, 90),
    live: true,
  },
  FAILURES_KEEP_ROWS: {
    doc: "How many failed attempts the operator's log of errors keeps, the newest.",
    default: "20000",
    ...wholeNumber(100, 200_000),
    live: true,
  },
  FLUSH_AFTER_MS: {
    doc: "Counters are gathered for this long before they are written to D1 together.",
    default: "10000",
    ...wholeNumber(0, 25_000),
  },
  SOURCE_URL: {
    doc: "Where the source code of this deployment is: the pages link to it. Empty: no link.",
    default: "",
    ...pageAddress,
    live: true,
  },
} as const satisfies Record<string, Setting>;

/** Secrets and what they are for; set with `wrangler secret put`, locally in `.dev.vars`. */
export const SECRETS = {
  POOL_SECRET: "Encrypts and fingerprints the keys: 32 characters or more. Without it the Worker refuses to start.",
  POOL_SECRET_NEXT:
    "Only while POOL_SECRET is being replaced (`pnpm secret:rotate`): keys are sealed under it, and opened under either.",
  ADMIN_TOKEN: "Opens the operator's pages. Without it they are off.",
} as const;

export type SettingName = keyof typeof SETTINGS;

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

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
  const reading = readSetting(setting, text);
  if (reading.kind === "value") return reading.value;
  throw new SettingsError(`${name} ${reading.message}.`);
}

/** What a text means as a value of the setting; the message follows the setting's name. */
export function readSetting(
  { schema }: Setting,
  text: string,
): { kind: "value"; value: number | string } | { kind: "invalid"; message: string } {
  const result = v.safeParse(schema, text);
  return result.success
    ? { kind: "value", value: result.output }
    : { kind: "invalid", message: result.issues[0].message };
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
