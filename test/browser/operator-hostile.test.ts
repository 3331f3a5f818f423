import type { BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { journey, signIn, type SharedTable } from "./support.ts";

/** A neighbour on another port is the same site: there SameSite keeps no cookie back. */
const NEIGHBOUR = "http://127.0.0.1:4599";
const STRANGER = "http://evil.example";

const TOLERATED = [
  /a request to (?:127\.0\.0\.1:4599|evil\.example)/,
  /status of 403/,
  /frame|ERR_BLOCKED|ERR_FAILED/i,
];

/** Whatever is asked of these origins, this is answered. */
async function serveEvil(context: BrowserContext, html: string): Promise<void> {
  for (const origin of [NEIGHBOUR, STRANGER]) {
    await context.route(`${origin}/**`, (route) => route.fulfill({ contentType: "text/html", body: html }));
  }
}

async function settingsChanged(page: Page): Promise<number> {
  await page.goto("/admin/settings");
  return page.getByText("Changed here", { exact: true }).count();
}

const forgedForm = ({ url }: SharedTable, fields = "") => `<!doctype html><title>Kittens</title>
  <form method="post" action="${url}/admin/settings/LOG_SAMPLE"><input name="value" value="99">${fields}</form>
  <script>document.forms[0].submit()</script>`;

for (const origin of [NEIGHBOUR, STRANGER]) {
  journey(
    `a page of ${origin} changes no setting through the operator's browser`,
    { tolerates: TOLERATED },
    async (visit) => {
      const { page, context, table } = visit;
      await signIn(page, table);
      const before = await settingsChanged(page);
      await serveEvil(context, forgedForm(table, `<input name="csrf" value="${"A".repeat(43)}">`));
      const trap = await context.newPage();
      await trap.goto(`${origin}/kittens`);
      await trap.waitForURL(`${table.url}/admin/**`);
      expect(await trap.content()).toMatch(/did not come from this desk|The operator’s desk/);
      expect(await settingsChanged(page)).toBe(before);
    },
  );
}

journey(
  "a neighbour's script neither reads the desk nor acts on its API",
  { tolerates: [...TOLERATED, /CORS/] },
  async (visit) => {
    const { page, context, table } = visit;
    await signIn(page, table);
    const before = await settingsChanged(page);
    await serveEvil(context, "<!doctype html><title>Kittens</title>");
    const trap = await context.newPage();
    await trap.goto(`${NEIGHBOUR}/kittens`);
    const attempt = (path: string, init: object) =>
      trap.evaluate<string>(
        `fetch(${JSON.stringify(table.url + path)}, { credentials: "include", ...${JSON.stringify(init)} })
        .then((answer) => answer.text(), (error) => "refused: " + error)`,
      );
    expect(await attempt("/admin/settings", {})).toContain("refused");
    expect(await attempt("/api/admin/keys", {})).toContain("refused");
    const put = { method: "PUT", headers: { "content-type": "application/json" }, body: '{"value":"99"}' };
    expect(await attempt("/api/admin/settings/LOG_SAMPLE", put)).toContain("refused");
    const simple = {
      method: "POST",
      mode: "no-cors",
      headers: { "content-type": "text/plain" },
      body: '{"action":"delete","filter":{}}',
    };
    await attempt("/api/admin/keys/actions", simple);
    expect(await settingsChanged(page)).toBe(before);
    await page.goto("/admin/keys");
    expect(await page.getByRole("table").count()).toBe(1);
  },
);

journey("the desk stands in no frame of another page", { tolerates: TOLERATED }, async ({ page, context, table }) => {
  await signIn(page, table);
  await serveEvil(context, `<!doctype html><title>Kittens</title><iframe src="${table.url}/admin/settings"></iframe>`);
  const trap = await context.newPage();
  await trap.goto(`${NEIGHBOUR}/kittens`);
  const frame = trap.frames()[1];
  expect(await frame?.locator("form").count()).toBe(0);
});

journey("a script does not see the cookie, and a stolen one is dead after the sign-out", {}, async (visit) => {
  const { page, context, table } = visit;
  await signIn(page, table);
  const cookie = (await context.cookies()).find(({ name }) => name.endsWith("potluck"));
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
  expect(cookie?.value).not.toContain(table.adminToken);
  expect(await page.evaluate<string>("document.cookie")).toBe("");
  const stolen = { cookie: `${cookie?.name}=${cookie?.value}` };
  const open = () => fetch(`${table.url}/admin/settings`, { headers: stolen, redirect: "manual" });
  expect((await open()).status).toBe(200);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  expect((await open()).status).toBe(303);
});

const ATTACKS = [
  "<img src=x onerror=\"document.title='owned'\">",
  "</textarea><script>document.title='owned'</script>",
  "</script><script>document.title='owned'</script>",
  '"><svg onload="document.title=\'owned\'">',
];

journey("what others wrote runs nowhere", { tolerates: [/status of (?:404|422)/] }, async ({ page, table }) => {
  const key = await table.seat();
  await signIn(page, table);
  await page.goto("/admin/keys");
  await page.getByLabel("Find a key").fill(key);
  await page.getByRole("button", { name: "Find", exact: true }).click();
  const address = new URL(page.url()).pathname;
  for (const attack of ATTACKS) {
    await page.goto(address);
    await page.getByLabel("Note").fill(attack);
    await page.getByRole("button", { name: "Save the note" }).click();
    await page.getByText("The note is saved.").waitFor();
    expect(await page.getByLabel("Note").inputValue()).toBe(attack);
    await page.goto("/admin/keys?sort=id&order=desc");
    expect(await page.getByText(attack).count()).toBeGreaterThan(0);
    await page.getByLabel("Find a key").fill(attack);
    await page.getByRole("button", { name: "Find", exact: true }).click();
    await page.goto("/admin/tokens");
    await page.getByLabel("Name").fill(attack);
    await page.getByRole("button", { name: "Create the token" }).click();
    await page.getByRole("heading", { name: "Here is the token" }).waitFor();
    await page.goto("/admin/tokens");
    for (const path of ["/admin/keys?reason=", "/admin/failures?text=", "/admin/sign-in?to=", "/admin?range="]) {
      await page.goto(path + encodeURIComponent(attack));
      expect(await page.title()).not.toBe("owned");
    }
  }
});
