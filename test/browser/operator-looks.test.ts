import { expect } from "vitest";
import { inspect, journey, signIn, type Look } from "./support.ts";

const PAGES = {
  overview: "/admin",
  month: "/admin?range=month",
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
