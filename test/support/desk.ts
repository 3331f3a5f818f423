import { env } from "cloudflare:workers";
import type { Bindings } from "../../src/settings.ts";
import { ADMIN_TOKEN } from "./operator.ts";
import { layTable, type Sent, type Table } from "./table.ts";

type Send = (sent?: Sent) => Promise<Response>;

/** A page as a person and a test see it. */
export interface Page {
  status: number;
  headers: Headers;
  html: string;
}

/** A browser at the operator's desk. */
export interface Browser {
  /** The cookie as it is sent; a test may spoil it. */
  cookie: string;
  /** The session's token, as every form has it. */
  csrf: string;
  /** Opens a page below /admin; follows no redirect. */
  open: (path: string, headers?: Record<string, string>) => Promise<Page>;
  /** Sends a form with the session's token. */
  submit: (path: string, fields: Fields, headers?: Record<string, string>) => Promise<Page>;
}

export type Fields = Record<string, string | readonly string[]>;

export interface Desk extends Table {
  signIn: (send?: Send) => Promise<Browser>;
}

/** The Worker with an operator's desk, and nobody signed in. */
export function layDesk(vars: Partial<Bindings> = {}): Desk {
  const table = layTable({ ADMIN_TOKEN, ...vars });
  return { ...table, signIn: (send = table.send) => signIn(send) };
}

export async function forgetSignIns(): Promise<void> {
  await env.DB.batch([env.DB.prepare("delete from sessions"), env.DB.prepare("delete from sign_in_failures")]);
}

/** The request that a sign-in form sends. */
export function signInRequest(token: string, headers: Record<string, string> = {}, more: Fields = {}): Sent {
  return formRequest("/admin/sign-in", { token, ...more }, headers);
}

export function formRequest(path: string, fields: Fields, headers: Record<string, string> = {}): Sent {
  const entries = Object.entries(fields).flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value]] : value.map((one) => [name, one]),
  );
  return {
    path,
    method: "POST",
    body: new URLSearchParams(entries).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin", ...headers },
  };
}

export async function toPage(response: Response): Promise<Page> {
  return { status: response.status, headers: response.headers, html: await response.text() };
}

/** The value of the cookie that the answer sets. */
export function cookieOf(headers: Headers): string {
  return headers.get("set-cookie")?.split(";", 1)[0] ?? "";
}

async function signIn(send: Send): Promise<Browser> {
  const response = await send(signInRequest(ADMIN_TOKEN));
  const cookie = cookieOf(response.headers);
  if (response.status !== 303 || cookie === "") throw new Error(`the sign-in was answered ${response.status}`);
  const browser: Browser = {
    cookie,
    csrf: "",
    open: async (path, headers = {}) =>
      toPage(await send({ method: "GET", path, headers: { cookie: browser.cookie, ...headers } })),
    submit: async (path, fields, headers = {}) =>
      toPage(await send(formRequest(path, { csrf: browser.csrf, ...fields }, { cookie: browser.cookie, ...headers }))),
  };
  const { html } = await browser.open("/admin/settings");
  browser.csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? "";
  return browser;
}
