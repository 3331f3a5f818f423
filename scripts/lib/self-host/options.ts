/** What a server of one's own is told by its environment. Pure. */

import { isAbsolute, join } from "node:path";
import { SECRETS, SETTINGS } from "../../../src/settings.ts";
import { Complaint } from "../../support/lifetime.ts";

export interface SelfHostOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  dataDir: string;
  publicOrigin: string;
  trustsProxy: boolean;
  /** Variables and secrets of the Worker. */
  variables: Record<string, string>;
  stopWithinMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULTS = { HOST: "127.0.0.1", PORT: "8787", DATA_DIR: "data", STOP_SECONDS: "30" };

/** `file`: the variables of the `.dev.vars` in the data folder. The environment goes before it. */
export function readSelfHostOptions(env: Environment, file: Environment, root: string): SelfHostOptions {
  const read = (name: keyof typeof DEFAULTS) => env[name] || DEFAULTS[name];
  const variables = Object.fromEntries(
    [...Object.keys(SETTINGS), ...Object.keys(SECRETS)].flatMap((name) => {
      const value = env[name] || file[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
  return {
    host: read("HOST"),
    port: readNumber("PORT", read("PORT"), 65_535),
    dataDir: dataDirOf(env, root),
    publicOrigin: readOrigin(env["PUBLIC_URL"] ?? ""),
    trustsProxy: isOn(env["TRUST_PROXY"]),
    variables,
    stopWithinMs: readNumber("STOP_SECONDS", read("STOP_SECONDS"), 3600) * 1000,
  };
}

export function dataDirOf(env: Environment, root: string): string {
  const dataDir = env["DATA_DIR"] || DEFAULTS.DATA_DIR;
  return isAbsolute(dataDir) ? dataDir : join(root, dataDir);
}

function isOn(text = ""): boolean {
  return !["", "0", "false", "no"].includes(text.toLowerCase());
}

function readNumber(name: string, text: string, max: number): number {
  if (!/^\d+$/.test(text) || Number(text) > max) throw new Complaint(`${name} must be a whole number up to ${max}.`);
  return Number(text);
}

function readOrigin(text: string): string {
  if (text === "") return "";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.search !== "") {
    throw new Complaint("PUBLIC_URL must be like https://potluck.example.com, without a path.");
  }
  return url.origin;
}

/** `host:port` as workerd wants it; an IPv6 address in brackets. */
export function toAddress(host: string, port: number): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** How many minutes lie between two runs of a cron like "every n-th minute"; other patterns run every five minutes. */
export function minutesOf(cron: string): number {
  const minutes = Number(/^\*\/(\d{1,2}) \* \* \* \*$/.exec(cron)?.[1] ?? 5);
  return minutes >= 1 && minutes <= 59 ? minutes : 5;
}
