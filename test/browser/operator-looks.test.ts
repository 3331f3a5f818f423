import { expect } from "vitest";
import { MODEL, post } from "../journeys/table-manners.ts";
import { inspect, journey, signIn, type Look } from "./support.ts";

const PAGES = {
  overview: "/admin",
  month: "/admin?range=month",
  "other-model": `/admin?range=week&model=${"x".repeat(100)}`,
  keys: "/admin/keys",
  none: "/admin/keys?status=withdrawn&reason=CONSUMER_INVALID",
  import: "/admin/keys/import",
  tokens: "/admin/tokens",
  settings: "/admin/settings",
  failures: "/admin/failures",
};

const LOOKS: [name: string, look: Look][] = [
  ["english, desktop, light", { language: "en" }],
  ["english, phone, dark", { language: "en", width: "phone", colours: "dark" }],
  ["chinese, desktop, dark", { language: "zh", colours: "dark" }],
  ["chinese, phone, light", { language: "zh", width: "phone" }],
];

for (const [name, look] of LOOKS) {
  journey(
    `every page of the desk is fit to be seen: ${name}`,
    { ...look, tolerates: [/status of 404/] },
    async (visit) => {
      const { page, table } = visit;
      await table.seat();
      const title = name.replaceAll(/\W+/g, "-");
      await page.goto("/admin/sign-in");
      await inspect(page, `operator-sign-in-${title}`);
      await signIn(page, table);
      for (const [what, path] of Object.entries(PAGES)) {
        await page.goto(path);
        expect(await page.locator("html").getAttribute("lang")).toBe(look.language === "zh" ? "zh-Hans" : "en");
        await inspect(page, `operator-${what}-${title}`);
      }
      await page.goto("/admin/keys?sort=id&order=desc");
      await page.locator(".desk-id").first().click();
      await inspect(page, `operator-key-${title}`);
      await page.goto("/admin/keys/999999");
      await inspect(page, `operator-lost-${title}`);
    },
  );
}

const OTHER_MODEL = "gemini-2.5-flash-lite";

for (const [name, look] of LOOKS) {
  journey(`the numbers of one model are fit to be seen: ${name}`, look, async ({ page, table }) => {
    const isChinese = look.language === "zh";
    const key = await table.seat();
    for (const model of [MODEL, MODEL, OTHER_MODEL]) {
      await (await post(table.url, `/v1beta/models/${model}:generateContent`, key)).arrayBuffer();
    }
    await signIn(page, table);
    const link = page.getByRole("link", { name: OTHER_MODEL, exact: true });
    // What was counted may stand in a report of half a minute ago.
    await expect
      .poll(
        async () => {
          await page.goto("/admin?range=hour");
          return link.count();
        },
        { timeout: 45_000, interval: 1000 },
      )
      .toBe(1);
    await link.click();
    await page
      .getByText(isChinese ? "请求、成功率、重试和延迟只统计" : "Requests, success, retries and latency of")
      .waitFor();
    expect(await page.locator("tr.is-chosen").innerText()).toContain(OTHER_MODEL);
    expect(await link.getAttribute("aria-current")).toBe("true");
    await page.locator(".chart canvas").first().waitFor();
    await inspect(page, `operator-model-${name.replaceAll(/\W+/g, "-")}`);
    await page.getByRole("link", { name: isChinese ? "该模型的错误" : "Errors of this model" }).click();
    expect(new URL(page.url()).searchParams.get("model")).toBe(OTHER_MODEL);
    await page.goBack();
    await page.getByRole("link", { name: isChinese ? "所有模型" : "All models" }).click();
    await page.waitForURL("**/admin?range=hour");
    expect(await page.locator("tr.is-chosen").count()).toBe(0);
  });
}

journey("a chart is drawn, and can be read as a table", {}, async ({ page, table }) => {
  await table.seat();
  await signIn(page, table);
  await page.goto("/admin");
  await page.locator(".chart canvas").first().waitFor();
  await page.getByText("The numbers as a table").first().click();
  expect(await page.getByRole("region", { name: "Requests" }).getByRole("row").count()).toBe(25);
});

journey("the language is switched, and stays", {}, async ({ page, table }) => {
  await signIn(page, table);
  await page.goto("/admin/keys?status=retired");
  await page.getByRole("link", { name: "中文" }).click();
  await page.getByRole("heading", { name: "密钥", exact: true }).waitFor();
  expect(page.url()).toContain("status=retired");
  await page.goto("/admin/tokens");
  await page.getByRole("heading", { name: "访问令牌" }).waitFor();
});
