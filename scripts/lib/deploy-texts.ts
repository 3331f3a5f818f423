/** What `pnpm deploy` tells its operator. Pure. */

import { bold, green, yellow } from "../support/paint.ts";
import type { Health } from "./health.ts";

/** Where D1 can be created (`wrangler d1 create --location`). */
export const LOCATIONS: readonly string[] = ["wnam", "enam", "weur", "eeur", "apac", "oc"];

export function loginHelp(): string {
  return [
    "You are not logged in to Cloudflare. Either",
    "",
    "  npx wrangler login                        opens a browser (a free account will do), or",
    "  export CLOUDFLARE_API_TOKEN=…             for servers and CI: https://dash.cloudflare.com/profile/api-tokens,",
    '                                            template "Edit Cloudflare Workers", and add Account > D1 > Edit',
    "",
    "and run pnpm deploy again.",
  ].join("\n");
}

export interface Outcome {
  url: string | undefined;
  health: Health | undefined;
  worker: string;
  /** Made by this deployment; it can be read nowhere later. */
  adminToken: string | undefined;
  isTokenHidden: boolean;
}

export function deployedLines({ url, health, worker, adminToken, isTokenHidden }: Outcome): string[] {
  const token = tokenLines(adminToken, isTokenHidden);
  if (url === undefined) {
    return [
      "",
      `${worker} is deployed, and has no public address: set workers_dev or a route in wrangler.jsonc.`,
      ...token,
      "",
    ];
  }
  if (health !== undefined && health.kind !== "ok") return ["", yellow(healthTrouble(url, health)), ...token, ""];
  return [
    "",
    bold(`Potluck is at ${green(url)}`),
    "",
    `Gemini SDK   new GoogleGenAI({ apiKey, httpOptions: { baseUrl: "${url}" } })`,
    `OpenAI SDK   new OpenAI({ apiKey, baseURL: "${url}/v1" })`,
    `Operator     ${url}/admin (scripts: ${url}/api/admin, Authorization: Bearer)`,
    ...token,
    "",
    "A badge for your README:",
    "",
    badgeMarkdown(url),
    "",
  ];
}

/** shields.io reads the count from the Worker and keeps it for a while. */
export function badgeMarkdown(url: string): string {
  const query = new URLSearchParams({
    url: `${url}/keycount`,
    query: "$.keyCount",
    label: "keys at the table",
    color: "brightgreen",
  });
  return `[![Keys at the table](https://img.shields.io/badge/dynamic/json?${query.toString()})](${url})`;
}

function tokenLines(adminToken: string | undefined, isHidden: boolean): string[] {
  if (adminToken !== undefined)
    return [`Sign in with ${adminToken}`, yellow("             This token is shown only once: keep it.")];
  if (!isHidden) return [];
  return ["             (the token is not shown in a CI log; set your own: wrangler secret put ADMIN_TOKEN)"];
}

function healthTrouble(url: string, health: Exclude<Health, { kind: "ok" }>): string {
  switch (health.kind) {
    case "degraded":
      return `The Worker is at ${url}, but its database does not answer. Requests travel on their callers' own keys.\nLook at: npx wrangler tail`;
    case "misconfigured":
      return `The Worker is at ${url}, but refuses to work: ${health.message}`;
    case "unreachable":
      return `The Worker was uploaded to ${url}, but does not answer (${health.cause}).\nA new address can take some minutes. Check it with: curl ${url}/health\nand look at: npx wrangler tail`;
  }
}
