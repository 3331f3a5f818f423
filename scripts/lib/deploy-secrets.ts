/** Which secrets a deployment has to make. Pure but for randomness. */

import { randomBytes } from "node:crypto";
import { Complaint } from "../support/lifetime.ts";

export interface SecretPlan {
  missing: ("POOL_SECRET" | "ADMIN_TOKEN")[];
  /** The missing ones with their values: for a file that only wrangler reads. */
  values: Record<string, string>;
  /** The operator's token, if it was made here and its owner must be told. */
  freshToken: string | undefined;
  /** The output goes into a log that others may read. */
  isHidden: boolean;
}

const MIN_POOL_SECRET_LENGTH = 32;

type Environment = Readonly<Record<string, string | undefined>>;

/** What is given in the environment is used; the rest is random. What the Worker has already is left alone. */
export function planSecrets(existing: ReadonlySet<string>, env: Environment): SecretPlan {
  const values: Record<string, string> = {};
  if (!existing.has("POOL_SECRET")) values["POOL_SECRET"] = given(env, "POOL_SECRET") ?? random(32);
  const givenToken = given(env, "ADMIN_TOKEN");
  const freshToken = existing.has("ADMIN_TOKEN") || givenToken !== undefined ? undefined : random(24);
  if (!existing.has("ADMIN_TOKEN")) values["ADMIN_TOKEN"] = givenToken ?? freshToken ?? "";
  if ((values["POOL_SECRET"]?.length ?? Infinity) < MIN_POOL_SECRET_LENGTH) {
    throw new Complaint(`POOL_SECRET in your environment is too short: at least ${MIN_POOL_SECRET_LENGTH} characters.`);
  }
  const missing = (["POOL_SECRET", "ADMIN_TOKEN"] as const).filter((name) => name in values);
  return { missing, values, freshToken, isHidden: isSharedLog(env) };
}

function given(env: Environment, name: string): string | undefined {
  return env[name] === "" ? undefined : env[name];
}

/** A CI log may be public; that of Workers Builds is for the account's owner alone. */
function isSharedLog(env: Environment): boolean {
  return given(env, "CI") !== undefined && env["CI"] !== "false" && given(env, "WORKERS_CI") === undefined;
}

const random = (bytes: number) => randomBytes(bytes).toString("base64url");
