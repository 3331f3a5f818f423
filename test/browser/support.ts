import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import axe from "axe-core";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Behaviour } from "../../simulator/behaviour.ts";
import type { Call } from "../../simulator/calls.ts";
import { contribute } from "../journeys/table-manners.ts";
import { newKey } from "../support/client-table.ts";
import type { BrowserTable } from "./global-setup.ts";

/*
 * Journeys of people through the pages, in headless Chromium, against the running Worker.
 *
 *   journey("a contributor withdraws a key", { language: "zh", width: "phone" }, async ({ page, table }) => {
 *     const key = await table.seat();
 *     await page.goto("/my-key");
 *     ...
 *     await inspect(page, "my-key-zh-phone");
 *   });
 *
 * - Each journey has a browser context of its own: no cookies, an address of its own (limits by address count for it
 *   alone), its language, width and colours. `context.newPage()` opens a further tab.
 * - A journey fails on what a person would not see: an error in the console (a breach of the content security policy is
 *   one), an exception in a script, a request to any other host. What must happen (the 401 of a failed sign-in) is named in
 *   `tolerates`.
 * - All files share ONE Worker, database and simulated Google, one file after the other. So a journey makes keys of its
 *   own, never counts on an empty pool, and puts back the settings that it changed. Who needs a Worker of their own
 *   starts one by test/support/worker-process.ts.
 * - `inspect` looks at the page as it is now: axe, no scrolling sideways, a picture in .wrangler/screenshots.
 * - Without a browser all journeys are skipped; global-setup.ts says so in one line.
 */

export interface Look {
  language?: "en" | "zh";
  width?: "desktop" | "phone";
  colours?: "light" | "dark";
  /** false: the browser runs no scripts. */
  scripts?: boolean;
  /** Messages of the console that this journey provokes on purpose. */
  tolerates?: readonly RegExp[];
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  table: SharedTable;
}

export interface SharedTable extends Pick<BrowserTable, "url" | "adminToken"> {
  /** A made-up key that the simulated Google has issued, not in the pool yet. */
  issue: () => Promise<string>;
  /** What the key does at Google from now on. */
  script: (key: string, behaviour: Behaviour | readonly Behaviour[]) => Promise<void>;
  /** Issues a key and contributes it by use. */
  seat: () => Promise<string>;
  /** What reached Google on that key, in order. */
  callsBy: (key: string) => Promise<Call[]>;
}

const LOCALES = { en: "en-GB", zh: "zh-CN" };
const VIEWPORTS = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const SCREENSHOTS = join(import.meta.dirname, "../../.wrangler/screenshots");

/** Without them Chromium calls home, and a closed network refuses that many times over. */
const STAY_AT_HOME = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

const shared = inject("browserTable");
let browser: Browser | undefined;

beforeAll(async () => {
  if (shared === null) return;
  browser = await chromium.launch({ executablePath: shared.chromium, args: STAY_AT_HOME });
});
afterAll(() => browser?.close());

/** A test in a browser; see the head of this file. */
export function journey(title: string, look: Look, steps: (visit: Visit) => Promise<void>): void {
  test.skipIf(shared === null)(title, async () => {
    if (shared === null || browser === undefined) throw new Error("The browser did not start.");
    const context = await browser.newContext(optionsFor(look, shared));
    try {
      const page = await context.newPage();
      const troubles = watchForTroubles(context, shared.url);
      await steps({ page, context, table: openTable(shared) });
      const unexpected = troubles.filter((trouble) => !look.tolerates?.some((pattern) => pattern.test(trouble)));
      expect(unexpected).toEqual([]);
    } finally {
      await context.close();
    }
  });
}

function optionsFor(
  { language = "en", width = "desktop", colours = "light", scripts = true }: Look,
  { url }: BrowserTable,
) {
  return {
    baseURL: url,
    locale: LOCALES[language],
    colorScheme: colours,
    viewport: VIEWPORTS[width],
    javaScriptEnabled: scripts,
    hasTouch: width === "phone",
    isMobile: width === "phone",
    reducedMotion: "reduce" as const,
    timezoneId: "UTC",
    permissions: ["clipboard-read", "clipboard-write"],
    extraHTTPHeaders: { "cf-connecting-ip": newAddress() },
  };
}

/** One that no other journey has, of whatever file: IPv6 is counted by its first four groups. */
function newAddress(): string {
  const [a = "", b = ""] = Array.from(crypto.getRandomValues(new Uint16Array(2)), (group) => group.toString(16));
  return `2001:db8:${a}:${b}::1`;
}

/** All that goes wrong behind a page's face, from now on, in every tab of the context. */
export function watchForTroubles(context: BrowserContext, url: string): string[] {
  const troubles: string[] = [];
  context.on("console", (message) => {
    if (message.type() !== "error") return;
    troubles.push(`console: ${message.text()} (${new URL(message.location().url || url).pathname})`);
  });
  context.on("weberror", (error) => troubles.push(`exception: ${String(error.error())}`));
  context.on("request", (request) => {
    const target = new URL(request.url());
    const isOurs = target.origin === url || target.protocol === "data:" || target.protocol === "blob:";
    if (!isOurs) troubles.push(`a request to ${target.host}`);
  });
  return troubles;
}

/** Signs in as the operator and waits for the desk. */
export async function signIn(page: Page, { adminToken }: Pick<SharedTable, "adminToken">): Promise<void> {
  await page.goto("/admin");
  await page.locator('input[type="password"]').fill(adminToken);
  await page.keyboard.press("Enter");
  await page.locator('input[type="password"]').waitFor({ state: "detached" });
}

/** axe-core finds nothing that it calls serious or critical on the page as it is now. */
export async function expectNoSeriousAxe(page: Page): Promise<void> {
  // The debugger's evaluation is not subject to the page's content security policy; a <script> would be.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`)).toEqual(
    [],
  );
}

/** All that is asked of any page, in whatever state it is. */
export async function inspect(page: Page, name: string): Promise<void> {
  await screenshot(page, name);
  await expectToFit(page);
  await expectNoSeriousAxe(page);
}

/** Nobody has to scroll sideways, but inside of boxes made for it. */
export async function expectToFit(page: Page): Promise<void> {
  const root = "document.documentElement";
  const [needed, given] = await page.evaluate<[number, number]>(`[${root}.scrollWidth, ${root}.clientWidth]`);
  expect(needed).toBeLessThanOrEqual(given);
}

/** The whole page as `.wrangler/screenshots/<name>.png`. */
export async function screenshot(page: Page, name: string): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

function openTable({ url, googleUrl, adminToken }: BrowserTable): SharedTable {
  async function control(path: string, body?: unknown): Promise<unknown> {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const response = await fetch(`${googleUrl}/__simulator/${path}`, init);
    if (!response.ok) throw new Error(`The simulated Google says: ${await response.text()}`);
    return response.json();
  }

  async function issue(): Promise<string> {
    const key = newKey();
    await control("issue", { key });
    return key;
  }

  return {
    url,
    adminToken,
    issue,
    async script(key, behaviour) {
      await control("script", { key, behaviour });
    },
    async seat() {
      const key = await issue();
      await contribute({ url }, [key]);
      return key;
    },
    async callsBy(key) {
      return (await control(`calls?key=${key}`)) as Call[];
    },
  };
}
