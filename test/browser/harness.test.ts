import { expect } from "vitest";
import { expectNoSeriousAxe, journey, screenshot, signIn, watchForTroubles } from "./support.ts";

/** A page as none of ours may be: it breaks its own policy, throws, asks a stranger and has a picture without a name. */
const ROTTEN = `<!doctype html><html lang="en"><head><title>Rotten</title><link rel="icon" href="data:,"></head><body>
<script src="/rotten.js"></script><script>document.title = "inline scripts run";</script>
<img src="https://stranger.example/pixel.png"><p>Hello</p></body></html>`;
const POLICY = "default-src 'self'; img-src * data:";

journey("the browser reaches the Worker", { tolerates: [/favicon/] }, async ({ page, table }) => {
  const key = await table.seat();
  expect(await table.callsBy(key)).toHaveLength(1);
  await page.goto("/keycount");
  expect(JSON.parse(await page.locator("body").innerText())).toMatchObject({ message: "success" });
});

journey("a rotten page does not pass", { tolerates: [/./] }, async ({ page, context, table }) => {
  const troubles = watchForTroubles(context, table.url);
  await context.route("https://stranger.example/**", (route) => route.abort());
  await page.route("**/rotten", (route) =>
    route.fulfill({ contentType: "text/html", headers: { "content-security-policy": POLICY }, body: ROTTEN }),
  );
  await page.route("**/rotten.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body: 'throw new Error("spoilt")' }),
  );
  await page.goto("/rotten");
  await expect.poll(() => troubles.join("\n")).toContain("spoilt");
  expect(await page.title()).toBe("Rotten");
  expect(troubles).toContain("a request to stranger.example");
  expect(troubles).toContainEqual(expect.stringContaining("Content Security Policy"));
  await expect(expectNoSeriousAxe(page)).rejects.toThrow("image-alt");
  await screenshot(page, "harness-rotten");
});

journey(
  "a visitor has the language, the width and the colours of the journey",
  { language: "zh", width: "phone", colours: "dark", tolerates: [/favicon/] },
  async ({ page }) => {
    await page.goto("/keycount");
    const seen = await page.evaluate(
      '[navigator.language, screen.width, matchMedia("(prefers-color-scheme: dark)").matches]',
    );
    expect(seen).toEqual(["zh-CN", 390, true]);
  },
);

journey("the operator signs in", {}, async ({ page, context, table }) => {
  await signIn(page, table);
  expect(page.url()).toBe(`${table.url}/admin`);
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
  expect(cookie?.value).not.toContain(table.adminToken);
});
