import type { Page } from "playwright-core";
import { expect } from "vitest";
import { GENERATE, ownKey, post, SOON } from "../journeys/table-manners.ts";
import { inspect, journey, type SharedTable } from "./support.ts";

async function lookUp(page: Page, key: string): Promise<void> {
  await page.goto("/my-key");
  await page.locator("#key").fill(key);
  await page.keyboard.press("Enter");
}

async function statusOf({ url }: SharedTable, key: string): Promise<string> {
  return ((await (await ownKey(url, key)).json()) as { status: string }).status;
}

journey("a contributor sees their key, thinks twice, withdraws it, and lets it join again", {}, async (visit) => {
  const { page, table } = visit;
  const key = await table.seat();
  await lookUp(page, key);
  const result = page.locator("[data-key-result]");
  await result.waitFor();
  expect(await result.innerText()).toContain(`••••${key.slice(-4)}`);
  expect(await result.innerText()).toContain("At the table");
  // Who sees nothing hears the result: the focus goes there.
  expect(await page.locator(":focus").getAttribute("data-key-result")).not.toBeNull();
  await inspect(page, "my-key-active");

  await page.getByRole("button", { name: "Withdraw my key" }).click();
  await page.getByRole("dialog").waitFor();
  await inspect(page, "my-key-withdraw");
  await page.getByRole("button", { name: "Keep it at the table" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Withdraw my key" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  expect(await statusOf(table, key)).toBe("active");

  await page.getByRole("button", { name: "Withdraw my key" }).click();
  await page.getByRole("button", { name: "Withdraw it", exact: true }).click();
  await page.getByText("Your key has left the pool.").waitFor();
  expect(await statusOf(table, key)).toBe("withdrawn");
  expect(await page.getByRole("button", { name: "Withdraw my key" }).isVisible()).toBe(false);
  await inspect(page, "my-key-withdrawn");

  await page.getByRole("button", { name: "Let it join again", exact: true }).click();
  await page.getByText("Your key joins again with its next successful request.").waitFor();
  const joined = await post(table.url, GENERATE, key);
  expect(joined.headers.get("x-pool-contributed")).toBe("yes");
  await joined.arrayBuffer();
});

journey(
  "a contributor withdraws a key in Chinese, on a phone, in the dark",
  { language: "zh", width: "phone", colours: "dark" },
  async (visit) => {
    const { page, table } = visit;
    const key = await table.seat();
    await lookUp(page, key);
    await page.getByRole("button", { name: "撤回我的密钥" }).click();
    await inspect(page, "my-key-withdraw-zh-phone-dark");
    await page.getByRole("button", { name: "确认撤回" }).click();
    await page.getByText("你的密钥已经撤回。").waitFor();
    expect(await statusOf(table, key)).toBe("withdrawn");
    await inspect(page, "my-key-withdrawn-zh-phone-dark");
  },
);

journey("a key that cools for a model shows for how long", {}, async ({ page, table }) => {
  const key = await table.seat();
  // Which key's turn it is nobody can tell in a pool that all journeys share, so its cooling is put into the answer.
  await page.route("**/key", async (route) => {
    const response = await route.fetch();
    const coolings = [{ model: "gemini-2.5-flash", kind: "quota_day", secondsLeft: 5400 }];
    await route.fulfill({ response, json: { ...(await response.json()), coolings } });
  });
  await lookUp(page, key);
  const row = page.locator('[data-slot="coolings"] tr');
  await row.waitFor();
  expect(await row.innerText()).toMatch(/gemini-2\.5-flash[^]*quota of the day[^]*\d/);
  expect(await page.locator("[data-key-result]").innerText()).toContain("resting in part");
  await inspect(page, "my-key-cooling");
});

journey(
  "what is no key, and a key that is not here, are told apart",
  { tolerates: [/status of 404/] },
  async (visit) => {
    const { page, table } = visit;
    await lookUp(page, "not a key");
    await page.getByText("That does not look like a key").waitFor();
    expect(await page.locator("[data-key-result]").isVisible()).toBe(false);
    await lookUp(page, await table.issue());
    await page.getByText("This key is not in the pool.").waitFor();
    await inspect(page, "my-key-unknown");
  },
);

journey("the key stays nowhere: no address, no cookie, no storage, no page that is left", {}, async (visit) => {
  const { page, context, table } = visit;
  const key = await table.seat();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await lookUp(page, key);
  await page.locator("[data-key-result]").waitFor();
  expect(await page.locator("#key").getAttribute("type")).toBe("password");
  expect(asked.some((url) => url.endsWith("/key"))).toBe(true);
  expect(asked.filter((url) => url.includes(key))).toEqual([]);
  expect(JSON.stringify(await context.storageState())).not.toContain(key);
  expect(await page.content()).not.toContain(key);
  await page.goto("/");
  await page.goBack();
  expect(await page.locator("#key").inputValue()).toBe("");
  expect(await page.locator("[data-key-result]").isVisible()).toBe(false);
});

journey("several keys are checked while one looks on, and none joins", {}, async ({ page, table }) => {
  const [good, dead, slow] = [await table.issue(), await table.issue(), await table.issue()];
  await table.script(dead, { kind: "error", fixture: "key-expired" });
  await table.script(slow, { kind: "slow", delayMs: 4000 });
  await page.goto("/my-key");
  await page.locator("#keys").fill(`${good}\n${dead}, ${slow}`);
  await page.getByRole("button", { name: "Check them" }).click();
  const rows = page.locator("[data-verify-rows] tr");
  const message = page.locator("[data-verify-message]");
  // Two are told while the third is still at Google.
  await page.getByText("2 of 3 checked, 1 work.").waitFor();
  expect(await rows.nth(0).innerText()).toContain("works");
  expect(await rows.nth(1).innerText()).toContain("refused");
  expect(await rows.nth(2).innerText()).toContain("waiting");
  const progress = page.locator("[data-verify-progress]");
  expect([await progress.getAttribute("value"), await progress.getAttribute("max")]).toEqual(["2", "3"]);
  await inspect(page, "verify-on-the-way");
  await expect.poll(() => message.innerText(), SOON).toBe("3 of 3 checked, 2 work.");
  expect(await rows.nth(2).innerText()).toContain("works");
  for (const key of [good, dead, slow]) expect((await ownKey(table.url, key)).status).toBe(404);
});

journey("a check that is stopped says which keys it left out", {}, async ({ page, table }) => {
  const [good, slow] = [await table.issue(), await table.issue()];
  await table.script(slow, { kind: "hang" });
  await page.goto("/my-key");
  await page.locator("#keys").fill(`${good} ${slow}`);
  await page.getByRole("button", { name: "Check them" }).click();
  await page.getByText("1 of 2 checked").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.locator("[data-verify-rows] tr").nth(1).getByText("not checked").waitFor();
  expect(await page.getByRole("button", { name: "Check them" }).isVisible()).toBe(true);
});

journey("what stands in a key's place is shown as text, never run", {}, async ({ page }) => {
  await page.goto("/my-key");
  await page.locator("#keys").fill("<img/src=x/onerror=alert(1)>aaaa");
  await page.getByRole("button", { name: "Check them" }).click();
  await page.getByText("1 of 1 checked").waitFor();
  expect(await page.locator("[data-verify-rows] img").count()).toBe(0);
});

journey("without scripts the page leads to the terminal", { scripts: false }, async ({ page, table }) => {
  await page.goto("/my-key");
  expect(await page.locator("form").filter({ visible: true }).count()).toBe(0);
  expect(await page.locator("main").innerText()).toContain(`curl ${table.url}/key`);
});
