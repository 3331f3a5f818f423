import { expect } from "vitest";
import { GENERATE, post, SOON } from "../journeys/table-manners.ts";
import { inspect, journey, type Look } from "./support.ts";

const LOOKS: [string, Look & { language: "en" | "zh" }][] = [
  ["English, at a desk", { language: "en" }],
  ["Chinese, at a desk, in the dark", { language: "zh", colours: "dark" }],
  ["English, on a phone, in the dark", { language: "en", width: "phone", colours: "dark" }],
  ["Chinese, on a phone", { language: "zh", width: "phone" }],
];

const WORDS = {
  en: { lang: "en", headline: "Everyone brings a key, everyone eats from the table.", privacy: "prompt" },
  zh: { lang: "zh-Hans", headline: "人人带一把密钥来，人人都有得吃。", privacy: "提示词" },
};

for (const [name, look] of LOOKS) {
  journey(
    `the public page tells what this is, how it stands, and how to join: ${name}`,
    look,
    async ({ page, table }) => {
      const words = WORDS[look.language];
      const key = await table.seat();
      await (await post(table.url, GENERATE, key)).arrayBuffer();
      // The activity of a while ago stands on the page; it may be some seconds old.
      await expect
        .poll(async () => {
          await page.goto("/");
          return page.locator("[data-chart] canvas").count();
        }, SOON)
        .toBe(1);

      expect(await page.locator("html").getAttribute("lang")).toBe(words.lang);
      expect(await page.locator("h1").innerText()).toBe(words.headline);
      expect(await page.locator(".scene__number").innerText()).toMatch(/^[1-9][\d,]*$/);
      const addresses = await page.locator(".addresses [data-copy-source]").allInnerTexts();
      expect(addresses).toEqual([table.url, `${table.url}/v1`]);
      expect(await page.locator("#privacy").innerText()).toContain(words.privacy);

      for (const fold of await page.locator("#clients details").all()) {
        await fold.evaluate((element) => element.setAttribute("open", ""));
        expect(await fold.locator("[data-copy-source]").first().innerText()).toContain(new URL(table.url).host);
      }
      await inspect(page, `home-${look.language}-${look.width ?? "desktop"}-${look.colours ?? "light"}`);
    },
  );
}

journey("who chose a language keeps it, whatever the browser asks for", { language: "en" }, async ({ page }) => {
  await page.goto("/");
  await page.getByRole("link", { name: "中文" }).click();
  expect(await page.locator("html").getAttribute("lang")).toBe("zh-Hans");
  await page.goto("/my-key");
  expect(await page.locator("html").getAttribute("lang")).toBe("zh-Hans");
  await page.getByRole("link", { name: "English" }).click();
  await page.goto("/");
  expect(await page.locator("html").getAttribute("lang")).toBe("en");
});

journey("an address is copied with one click", {}, async ({ page, table }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Copy: Base URL for OpenAI clients" }).click();
  expect(await page.evaluate("navigator.clipboard.readText()")).toBe(`${table.url}/v1`);
});

journey("the keyboard reaches the content first, and the numbers behind the chart", {}, async ({ page, table }) => {
  await (await post(table.url, GENERATE, await table.seat())).arrayBuffer();
  await expect
    .poll(async () => {
      await page.goto("/");
      return page.locator("[data-chart]").count();
    }, SOON)
    .toBe(1);
  await page.keyboard.press("Tab");
  expect(await page.locator(":focus").innerText()).toBe("Skip to content");
  await page.keyboard.press("Enter");
  expect(await page.locator(":focus").getAttribute("id")).toBe("content");
  const numbers = page.locator(".chart__table");
  await numbers.locator("summary").focus();
  await page.keyboard.press("Enter");
  expect(await numbers.locator("tbody tr").last().isVisible()).toBe(true);
});

journey("without scripts the page says all the same", { scripts: false, width: "phone" }, async ({ page, table }) => {
  await page.goto("/");
  expect(await page.locator(".addresses").innerText()).toContain(table.url);
  // A button that could do nothing is not shown.
  expect(await page.getByRole("button").count()).toBe(0);
  await page.locator("#clients summary").nth(1).click();
  expect(await page.locator("#clients details[open] [data-copy-source]").first().isVisible()).toBe(true);
});

journey("a wrong address gets a page that leads home", { tolerates: [/status of 404/] }, async ({ page, table }) => {
  const response = await page.goto("/my-kye?key=AIzaMistyped");
  expect(response?.status()).toBe(404);
  await inspect(page, "lost");
  await page.getByRole("main").getByRole("link").click();
  expect(page.url()).toBe(`${table.url}/`);
});

journey("the badge is a picture with the count in it", {}, async ({ page, table }) => {
  await table.seat();
  await page.goto("/");
  const { keyCount } = (await (await fetch(`${table.url}/keycount`)).json()) as { keyCount: number };
  await page.goto("/badge.svg");
  expect(await page.locator("svg").textContent()).toContain(`keys at the table: ${keyCount}`);
});
