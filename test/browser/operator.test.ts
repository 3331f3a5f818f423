import OpenAI from "openai";
import type { Page } from "playwright-core";
import { expect, vi } from "vitest";
import { GENERATE, MODEL, ownKey, post, SOON } from "../journeys/table-manners.ts";
import { inspect, journey, signIn, type SharedTable } from "./support.ts";

const REFUSED = [/status of 401/, /status of 422/, /status of 403/];

/** Keys of the two bulk journeys that the simulated Google has issued. */
async function issueMany(table: SharedTable, count: number): Promise<string[]> {
  const keys: string[] = [];
  for (let at = 0; at < count; at += 50) {
    const issued = Array.from({ length: Math.min(50, count - at) }, () => table.issue());
    keys.push(...(await Promise.all(issued)));
  }
  return keys;
}

async function statusOf(table: SharedTable, key: string): Promise<string> {
  return ((await (await ownKey(table.url, key)).json()) as { status: string }).status;
}

/** The work that the open dialog asks about, to its end. */
async function confirmWork(page: Page, action: string): Promise<string> {
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: action, exact: true }).click();
  await dialog.getByRole("heading", { name: "Done", exact: true }).waitFor({ timeout: 30_000 });
  return dialog.innerText();
}

journey("an operator mistypes the token, signs in, and signs out again", { tolerates: REFUSED }, async (visit) => {
  const { page, table } = visit;
  await page.goto("/admin/tokens");
  expect(page.url()).toContain("/admin/sign-in");
  await inspect(page, "operator-sign-in");
  await page.getByLabel("Operator’s token").fill("not the token");
  await page.keyboard.press("Enter");
  await page.getByText("This is not the operator’s token.").waitFor();
  await inspect(page, "operator-sign-in-failed");
  await page.getByLabel("Operator’s token").fill(table.adminToken);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Access tokens" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  await page.goBack();
  await page.goto("/admin/keys");
  expect(page.url()).toContain("/admin/sign-in");
});

journey(
  "an address that guesses must wait, and another one need not",
  { tolerates: [/status of 4(?:01|29)/] },
  async (visit) => {
    const { page, context, table } = visit;
    await context.setExtraHTTPHeaders({ "cf-connecting-ip": "198.51.100.66" });
    await page.goto("/admin");
    for (let at = 0; at < 10; at++) {
      await page.getByLabel("Operator’s token").fill(`guess ${at}`);
      await page.keyboard.press("Enter");
      await page.waitForLoadState();
    }
    await page.getByLabel("Operator’s token").fill(table.adminToken);
    await page.keyboard.press("Enter");
    await page.getByText("Please wait 15 minutes").waitFor();
    await context.setExtraHTTPHeaders({ "cf-connecting-ip": "198.51.100.67" });
    await signIn(page, table);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  },
);

journey("an operator imports a thousand keys, and retires and restores them in bulk", {}, async (visit) => {
  const { page, table } = visit;
  await signIn(page, table);
  const keys = await issueMany(table, 1000);
  const unknown = `AIzaSy${"Zz9".repeat(11)}`;
  await page.goto("/admin/keys/import");
  const text = [...keys.map((key, at) => `${at}, "${key}", a line of a CSV`), keys[0], unknown].join("\n");
  await page.getByLabel("Text with keys").fill(text);
  await page.getByLabel("Note for the new keys").fill("a thousand");
  await page.getByRole("button", { name: "Look for keys and try them" }).click();
  await page.getByText("of 1,001 keys looked at").waitFor();
  await page.getByRole("heading", { name: "The import is done" }).waitFor({ timeout: 45_000 });
  const value = (name: string) => page.locator(`[data-import-value="${name}"]`).innerText();
  expect(await Promise.all(["found", "duplicates", "new", "known", "rejected"].map(value))).toEqual([
    "1,001",
    "1",
    "1,000",
    "0",
    "1",
  ]);
  expect(await page.getByRole("table").innerText()).toContain(`…${unknown.slice(-4)}`);
  expect(await page.getByLabel("Text with keys").inputValue()).toBe("");
  await inspect(page, "operator-import-done");

  await page.getByRole("link", { name: "Keys", exact: true }).click();
  await page.getByRole("link", { name: "Active", exact: true }).click();
  await page.getByLabel(/^All 1,\d\d\d that fit the filter$/).check();
  expect(await page.getByLabel("Select all on this page").isDisabled()).toBe(true);
  await page.getByRole("button", { name: "Retire", exact: true }).click();
  expect(await page.getByRole("dialog").innerText()).toMatch(/Retire 1,\d\d\d keys\?/);
  await inspect(page, "operator-retire-asked");
  expect(await confirmWork(page, "Retire")).toMatch(/1,\d\d\d keys retired\./);
  await inspect(page, "operator-retire-done");
  await page.getByRole("button", { name: "Show the table anew" }).click();
  await page.getByText("No key fits.").waitFor();
  expect(await statusOf(table, keys[999] ?? "")).toBe("retired");

  await page.goto("/admin/keys?status=retired");
  await page.getByLabel("Reason").selectOption("operator");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.getByLabel(/^All 1,\d\d\d that fit the filter$/).check();
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  expect(await confirmWork(page, "Restore")).toMatch(/1,\d\d\d keys restored\./);
  expect(await statusOf(table, keys[999] ?? "")).toBe("active");
});

journey(
  "an operator whose session ends in the middle of a long work is led to sign in, and sees what was done",
  { tolerates: [/status of 401/] },
  async (visit) => {
    const { page, context, table } = visit;
    await table.seat();
    await signIn(page, table);
    const path = "/admin/keys?status=active&sort=id";
    for (const begin of [
      async () => {
        await page.goto(path);
        await page.getByLabel(/that fit the filter$/).check();
        await context.clearCookies();
        await page.getByRole("button", { name: "Verify", exact: true }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Verify", exact: true }).click();
        await page.getByRole("heading", { name: "Stopped before the end" }).waitFor();
        expect(await page.getByRole("dialog").innerText()).toContain("0 keys work.");
        await inspect(page, "operator-session-over");
      },
      async () => {
        await page.goto("/admin/keys/import");
        await page.getByLabel("Text with keys").fill(await table.issue());
        await context.clearCookies();
        await page.getByRole("button", { name: "Look for keys and try them" }).click();
      },
    ]) {
      await begin();
      await page.getByText("Your session is over").waitFor();
      expect(await page.content()).not.toContain("Authorization: Bearer");
      const here = new URL(page.url());
      await page.getByRole("link", { name: "Sign in again" }).click();
      await page.getByLabel("Operator’s token").fill(table.adminToken);
      await page.keyboard.press("Enter");
      await page.waitForURL(`**${here.pathname}${here.search}`);
    }
  },
);

journey("a report of JSON asks for an icon that is there", {}, async ({ page, table }) => {
  await page.goto("/keycount");
  const icon = await page.request.get(`${table.url}/favicon.ico`);
  expect([icon.status(), icon.headers()["content-type"]]).toEqual([200, expect.stringMatching(/^image\//)]);
});

journey("an operator finds one key by pasting it, writes a note, verifies and deletes it", {}, async (visit) => {
  const { page, table } = visit;
  const key = await table.seat();
  await signIn(page, table);
  await page.goto("/admin/keys");
  await page.getByLabel("Find a key").fill(key);
  await page.getByRole("button", { name: "Find", exact: true }).click();
  await page.getByRole("heading", { name: new RegExp(`Key \\d+ …${key.slice(-4)}`) }).waitFor();
  expect(page.url()).toMatch(/\/admin\/keys\/\d+$/);
  await page.getByLabel("Note").fill("belongs to <b>Mei</b>");
  await page.getByRole("button", { name: "Save the note" }).click();
  await page.getByText("The note is saved.").waitFor();
  expect(await page.getByLabel("Note").inputValue()).toBe("belongs to <b>Mei</b>");

  await page.getByRole("button", { name: "Verify", exact: true }).click();
  expect(await confirmWork(page, "Verify")).toContain("1 key work");
  await page.getByRole("button", { name: "Show the table anew" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  expect(await statusOf(table, key)).toBe("active");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  expect(await confirmWork(page, "Delete")).toContain("1 key deleted.");
  expect((await ownKey(table.url, key)).status).toBe(404);
});

journey("an operator ticks keys on the page, by keyboard", {}, async (visit) => {
  const { page, table } = visit;
  const keys = [await table.seat(), await table.seat()];
  await signIn(page, table);
  await page.goto("/admin/keys?sort=id&order=desc");
  await page.getByRole("button", { name: "Retire", exact: true }).click();
  await page.getByText("Choose keys first").waitFor();
  await page.keyboard.press("Escape");
  for (const box of (await page.locator('input[name="ids"]').all()).slice(0, 2)) {
    await box.focus();
    await page.keyboard.press("Space");
  }
  await page.getByRole("button", { name: "Retire", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Retire 2 keys?" }).waitFor();
  await confirmWork(page, "Retire");
  await vi.waitFor(async () => {
    for (const key of keys) expect(await statusOf(table, key)).toBe("retired");
  }, SOON);
});

journey(
  "a setting holds from the next request on, and what is wrong is said beside it",
  { tolerates: REFUSED },
  async (visit) => {
    const { page, table } = visit;
    const key = await table.seat();
    await signIn(page, table);
    await page.goto("/admin/settings");
    await page.getByLabel("MODELS", { exact: true }).fill("gemini 2.5");
    await page.getByRole("button", { name: "Change MODELS" }).click();
    await page.getByText("Must be names of models separated by commas").waitFor();
    expect(await page.getByLabel("MODELS", { exact: true }).inputValue()).toBe("gemini 2.5");
    await inspect(page, "operator-settings-wrong");

    await page.getByLabel("MODELS", { exact: true }).fill("gemini-nobody-has-*");
    await page.getByRole("button", { name: "Change MODELS" }).click();
    await page.getByText("MODELS is changed.").waitFor();
    const refused = await post(table.url, GENERATE, key);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain("gemini-nobody-has-");
    await page.getByRole("button", { name: "Reset MODELS" }).click();
    await page.getByText("MODELS is as deployed again.").waitFor();
    expect((await post(table.url, GENERATE, key)).status).toBe(200);
  },
);

journey("a token is made, serves the openai client, and serves it no more", {}, async (visit) => {
  const { page, table } = visit;
  await table.seat();
  await signIn(page, table);
  await page.goto("/admin/tokens");
  await page.getByLabel("Name").fill("Team <Tokyo>");
  await page.getByLabel("Models").fill("gemini-2.5-*");
  await page.getByRole("button", { name: "Create the token" }).click();
  await page.getByRole("heading", { name: "Here is the token" }).waitFor();
  await inspect(page, "operator-token-created");
  await page.getByRole("button", { name: "Copy: The access token" }).click();
  const token = await page.evaluate<string>("navigator.clipboard.readText()");
  expect(token).toMatch(/^potluck-[\w-]{43}$/);

  const openai = new OpenAI({ apiKey: token, baseURL: `${table.url}/v1`, maxRetries: 0 });
  const ask = (model: string) =>
    openai.chat.completions.create({ model, messages: [{ role: "user", content: "Hello" }] });
  expect((await ask(MODEL)).choices.length).toBe(1);
  await expect(ask("gemini-1.5-pro")).rejects.toMatchObject({ status: 403 });

  await page.getByRole("link", { name: "I have copied it" }).click();
  expect(await page.content()).not.toContain(token);
  await inspect(page, "operator-token");
  await page.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("heading", { name: "Revoke “Team <Tokyo>”?" }).waitFor();
  await inspect(page, "operator-revoke-asked");
  await page.getByRole("button", { name: "Revoke" }).click();
  await page.getByText("The token is revoked.").waitFor();
  await inspect(page, "operator-tokens");
  await expect(ask(MODEL)).rejects.toMatchObject({ status: 401 });
});

journey("the desk works without scripts", { scripts: false }, async (visit) => {
  const { page, table } = visit;
  const key = await table.seat();
  await signIn(page, table);
  await page.goto("/admin/keys");
  await page.getByLabel("Find a key").fill(key);
  await page.getByRole("button", { name: "Find", exact: true }).click();
  await page.getByRole("button", { name: "Retire", exact: true }).click();
  await page.getByRole("heading", { name: "Retire 1 key?" }).waitFor();
  await page.getByRole("button", { name: "Retire", exact: true }).click();
  await page.getByText("1 key retired.").waitFor();
  expect(await statusOf(table, key)).toBe("retired");
});

journey("what those without scripts are asked and told is for everybody to read", {}, async (visit) => {
  const { page, table } = visit;
  const key = await table.seat();
  // axe needs scripts, so only the desk's own one is missing.
  await page.route("**/assets/desk-keys.js", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
  await signIn(page, table);
  await page.goto("/admin/keys");
  await page.getByLabel("Find a key").fill(key);
  await page.getByRole("button", { name: "Find", exact: true }).click();
  await page.getByRole("button", { name: "Retire", exact: true }).click();
  await page.getByRole("heading", { name: "Retire 1 key?" }).waitFor();
  await inspect(page, "operator-unscripted-asked");
  await page.getByRole("button", { name: "Retire", exact: true }).click();
  await page.getByText("1 key retired.").waitFor();
  await inspect(page, "operator-unscripted-done");
});
