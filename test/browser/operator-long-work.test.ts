import type { Page, Route } from "playwright-core";
import { expect } from "vitest";
import { ownKey } from "../journeys/table-manners.ts";
import { newKey } from "../support/client-table.ts";
import { inspect, journey, signIn, type SharedTable } from "./support.ts";

const FAULTS = [/ERR_FAILED|ERR_CONNECTION/, /status of (?:503|429|400)/];
const IMPORT = "**/api/admin/keys/import";
const ACTIONS = "**/api/admin/keys/actions";

interface Step {
  text?: string;
  after?: string;
  limit?: number;
}

/** Answers steps in the desk's place, or spoils them; keeps what was sent. */
async function answerSteps(page: Page, path: string, answer: (step: Step, route: Route) => object | undefined) {
  const sent: Step[] = [];
  let bytes = 0;
  await page.route(path, async (route) => {
    const body = route.request().postData() ?? "";
    bytes += body.length;
    const step = JSON.parse(body) as Step;
    sent.push(step);
    const json = answer(step, route);
    if (json !== undefined) await route.fulfill({ json });
  });
  return { sent, bytes: () => bytes };
}

const NOTHING_NEW = { duplicates: 0, restored: 0, known: 0, withdrawn: 0, waiting: 0, rejected: [], remaining: 0 };
const linesOf = ({ text = "" }: Step) => text.split("\n");

async function beginImport(page: Page, table: SharedTable, text: string): Promise<void> {
  await signIn(page, table);
  await page.goto("/admin/keys/import");
  // Typed into it, a megabyte takes minutes.
  await page.getByLabel("Text with keys").evaluate((field: { value: string }, pasted) => (field.value = pasted), text);
  await page.getByRole("button", { name: "Look for keys and try them" }).click();
}

const imported = (page: Page, name: string) => page.locator(`[data-import-value="${name}"]`).innerText();

/** Lets the page's time run until it says this. */
async function waitOut(page: Page, text: string | RegExp): Promise<void> {
  await expect
    .poll(
      async () => {
        await page.clock.fastForward(20_000);
        return page.getByText(text).first().isVisible();
      },
      { timeout: 20_000 },
    )
    .toBe(true);
}

journey("of thousands of pasted keys each is sent once, and nothing else of the text", {}, async (visit) => {
  const { page, table } = visit;
  const keys = Array.from({ length: 4000 }, newKey);
  const { sent, bytes } = await answerSteps(page, IMPORT, (step) => {
    const { length } = linesOf(step);
    return { ...NOTHING_NEW, found: length, new: length, after: null };
  });
  const rows = keys.map((key, at) => `${at},"${key}",sk-proj-${"aB3".repeat(12)}`);
  const text = [...rows, keys[0], "the end"].join("\n");
  await beginImport(page, table, text);
  await page.getByRole("heading", { name: "The import is done" }).waitFor({ timeout: 30_000 });
  expect(sent.flatMap(linesOf)).toEqual(keys);
  expect(sent.length).toBe(100);
  expect(Math.max(...sent.map((step) => JSON.stringify(step).length))).toBeLessThan(3000);
  expect(bytes()).toBeLessThan(keys.join("\n").length * 1.1);
  expect(await Promise.all(["found", "duplicates", "new"].map((name) => imported(page, name)))).toEqual([
    "4,000",
    "1",
    "4,000",
  ]);
});

journey("keys that are known already are asked about more at a time, and none is left out", {}, async (visit) => {
  const { page, table } = visit;
  const keys = Array.from({ length: 1000 }, newKey);
  const fresh = new Set(keys.filter((_key, at) => at % 300 > 240));
  const taken: string[] = [];
  const { sent } = await answerSteps(page, IMPORT, (step) => {
    const lines = linesOf(step);
    let room = 40;
    const end = lines.findIndex((key) => fresh.has(key) && room-- === 0);
    const looked = end === -1 ? lines : lines.slice(0, end);
    taken.push(...looked);
    const added = looked.filter((key) => fresh.has(key)).length;
    const after = end === -1 ? null : end;
    return { ...NOTHING_NEW, found: lines.length, new: added, known: looked.length - added, after };
  });
  await beginImport(page, table, keys.join("\n"));
  await page.getByRole("heading", { name: "The import is done" }).waitFor();
  expect(taken).toEqual(keys);
  expect(sent.length).toBeLessThan(20);
  expect([await imported(page, "new"), await imported(page, "known")]).toEqual([
    String(fresh.size),
    String(1000 - fresh.size),
  ]);
});

journey(
  "an import goes on by itself after a fault, gives up after half a minute of it, and is taken up where it stopped",
  { tolerates: FAULTS },
  async (visit) => {
    const { page, table } = visit;
    await page.clock.install();
    const keys = Array.from({ length: 100 }, newKey);
    let isDown = false;
    let faults = 0;
    const { sent } = await answerSteps(page, IMPORT, (step, route) => {
      const { length } = linesOf(step);
      if (sent.length === 2 || isDown) {
        faults += 1;
        if (faults % 2 === 1) void route.abort();
        else void route.fulfill({ status: 503, contentType: "text/html", body: "<h1>Error 1101</h1>" });
        return undefined;
      }
      if (sent.length === 3) isDown = true;
      return { ...NOTHING_NEW, found: length, new: length, after: null };
    });
    await beginImport(page, table, keys.join("\n"));
    await page.getByText("No answer came").waitFor();
    expect(await page.locator("[data-import-wait]").innerText()).toMatch(/again in 1 s \(1 of 5\)/);
    await inspect(page, "operator-import-waits");
    await waitOut(page, /^A step failed\./);
    await inspect(page, "operator-import-gave-up");
    expect(await page.getByText("A step was sent again").isVisible()).toBe(true);
    expect([await imported(page, "new"), faults]).toEqual(["80", 7]);
    expect(await page.getByLabel("Text with keys").inputValue()).not.toBe("");

    isDown = false;
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("heading", { name: "The import is done" }).waitFor();
    expect(await imported(page, "new")).toBe("100");
    expect(await page.getByRole("button", { name: "Go on" }).isVisible()).toBe(false);
    const parts = [keys.slice(0, 40), keys.slice(40, 80), keys.slice(80)];
    const repeats = Map.groupBy(
      sent.map(({ text }) => text),
      (text) => text,
    );
    expect([...repeats].map(([text, times]) => [text?.split("\n"), times.length])).toEqual([
      [parts[0], 1],
      [parts[1], 2],
      [parts[2], 7],
    ]);
  },
);

journey("an import that is stopped while it waits stops at once, and goes on", { tolerates: FAULTS }, async (visit) => {
  const { page, table } = visit;
  let isDown = true;
  await answerSteps(page, IMPORT, (step, route) => {
    if (!isDown) return { ...NOTHING_NEW, found: 1, new: 1, after: null };
    void route.fulfill({ status: 429, headers: { "retry-after": "45" }, json: { error: { message: "Slow down." } } });
    return undefined;
  });
  await beginImport(page, table, newKey());
  await page.getByText("Slow down. Trying the same step again in 45 s").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("heading", { name: "The import was stopped" }).waitFor();
  isDown = false;
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("heading", { name: "The import is done" }).waitFor();
  expect(await imported(page, "new")).toBe("1");
});

journey("a step that the desk refuses for good is not tried again", { tolerates: FAULTS }, async (visit) => {
  const { page, table } = visit;
  const { sent } = await answerSteps(page, IMPORT, (_step, route) => {
    void route.fulfill({ status: 400, json: { error: { message: "note is not welcome." } } });
    return undefined;
  });
  await beginImport(page, table, newKey());
  await page.getByText("note is not welcome.").waitFor();
  expect(sent.length).toBe(1);
  expect(await page.getByRole("button", { name: "Go on" }).isVisible()).toBe(false);
});

async function beginWork(page: Page, action: string): Promise<void> {
  await page.getByLabel(/that fit the filter$/).check();
  await page.getByRole("button", { name: action, exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: action, exact: true }).click();
}

journey(
  "work on a whole filter goes on by itself after a fault, gives up, and is taken up where it stopped",
  { tolerates: FAULTS },
  async (visit) => {
    const { page, table } = visit;
    await table.seat();
    await page.clock.install();
    let isDown = false;
    const { sent } = await answerSteps(page, ACTIONS, ({ limit, after }, route) => {
      if (isDown || sent.length === 3) {
        void (isDown ? route.abort() : route.fulfill({ status: 503, json: { error: { message: "D1 is away." } } }));
        return undefined;
      }
      if (after === "c2") isDown = true;
      const step = { done: 500, failed: 0, skipped: 0, total: 1600 };
      if (limit === 0) return { ...step, done: 0, next: "c1" };
      return { ...step, next: { c1: "c2", c2: "c3", c3: "c4" }[after ?? ""] ?? null };
    });
    await signIn(page, table);
    await page.goto("/admin/keys?status=active");
    await beginWork(page, "Retire");
    const dialog = page.getByRole("dialog");
    await dialog.getByText("D1 is away. Trying the same step again in 1 s (1 of 5)").waitFor();
    await inspect(page, "operator-work-waits");
    await waitOut(page, "Stopped before the end");
    await inspect(page, "operator-work-gave-up");
    expect(await dialog.innerText()).toMatch(/1,000 keys retired\.\s+A step was sent again[^]*The last step failed/);

    isDown = false;
    await dialog.getByRole("button", { name: "Go on" }).click();
    await dialog.getByRole("heading", { name: "Done", exact: true }).waitFor();
    expect(await dialog.innerText()).toContain("2,000 keys retired.");
    expect(await dialog.getByRole("button", { name: "Go on" }).isVisible()).toBe(false);
    const tries = ["c3", "c3", "c3", "c3", "c3", "c3", "c3"];
    expect(sent.map(({ limit, after }) => after ?? limit)).toEqual([0, "c1", "c2", "c2", ...tries, "c4"]);
  },
);

journey(
  "an answer that is lost on the way loses no key and does none twice",
  { tolerates: FAULTS },
  async ({ page, table }) => {
    const keys = [await table.seat(), await table.seat()];
    await signIn(page, table);
    await page.goto("/admin/keys?sort=id&order=desc");
    for (const box of (await page.locator('input[name="ids"]').all()).slice(0, 2)) await box.check();
    let isLost = false;
    await page.route(ACTIONS, async (route) => {
      if (isLost) return route.continue();
      isLost = true;
      await route.fetch();
      await route.abort();
    });
    await page.getByRole("button", { name: "Retire", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Retire", exact: true }).click();
    await dialog.getByRole("heading", { name: "Done", exact: true }).waitFor();
    expect(await dialog.innerText()).toMatch(/2 keys left as they were[^]*A step was sent again/);
    for (const key of keys) {
      expect(await (await ownKey(table.url, key)).json()).toMatchObject({ status: "retired" });
    }
  },
);

journey("who cools keys off is told that they rest", { language: "zh", width: "phone" }, async ({ page, table }) => {
  await table.seat();
  await signIn(page, table);
  await page.goto("/admin/keys?sort=id&order=desc");
  await page.getByText("主动冷却的密钥，状态显示为“休息中”。").waitFor();
  await page.locator('input[name="ids"]').first().check();
  await page.getByRole("button", { name: "冷却", exact: true }).click();
  const dialog = page.getByRole("dialog");
  expect(await dialog.innerText()).toContain("其间状态为“休息中”");
  await inspect(page, "operator-cool-asked-zh-phone");
  await dialog.getByRole("button", { name: "冷却", exact: true }).click();
  await dialog.getByText("1 把密钥开始冷却，状态：“休息中”。").waitFor();
  await inspect(page, "operator-cool-done-zh-phone");
  await dialog.getByRole("button", { name: "刷新列表" }).click();
  await page.locator("tbody tr").first().getByText("休息中").waitFor();
});
