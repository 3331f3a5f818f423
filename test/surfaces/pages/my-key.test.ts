import { beforeEach, describe, expect, it } from "vitest";
import { myKey as texts } from "../../../src/surfaces/pages/i18n/my-key.ts";
import { emptyPool } from "../../support/pool-rows.ts";
import { layTable, newKey } from "../../support/table.ts";

beforeEach(emptyPool);

async function open(path = "/my-key", headers: Record<string, string> = {}) {
  const response = await layTable().send({ path, method: "GET", headers: { accept: "text/html", ...headers } });
  return { response, html: await response.text() };
}

describe("GET /my-key", () => {
  it("is a page that nobody keeps", async () => {
    const { response } = await open();
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it("has fields that no browser can put into an address or a body by itself", async () => {
    const { html } = await open();
    const controls = html.match(/<(?:input|textarea|select)\b[^>]*>/g) ?? [];
    expect(controls.length).toBeGreaterThanOrEqual(2);
    for (const control of controls) expect(control).not.toMatch(/\sname=/);
    for (const form of html.match(/<form\b[^>]*>/g) ?? []) {
      expect(form).not.toMatch(/\saction=/);
      expect(form).toContain('method="dialog"');
      // Shown by the script that sends the key in a header; without it nothing is there to be filled in.
      expect(form).toMatch(/\shidden/);
    }
  });

  it("hides the key while it is typed, and asks browsers not to remember it", async () => {
    const { html } = await open();
    expect(html).toMatch(/<input\b[^>]*id="key"[^>]*type="password"[^>]*autocomplete="off"/);
    expect(html).toMatch(/<textarea\b[^>]*is-masked[^>]*id="keys"[^>]*autocomplete="off"/);
  });

  it("tells a browser without scripts the commands, with the key in a header", async () => {
    const { html } = await open();
    expect(html).toMatch(/<noscript>[\s\S]*needs JavaScript[\s\S]*<\/noscript>/);
    for (const method of ["", " -X DELETE", " -X POST"])
      expect(html).toContain(
        `curl${method} https://potluck.example/key -H &quot;x-goog-api-key: $GEMINI_API_KEY&quot;`,
      );
    expect(html).toContain("curl -N https://potluck.example/verify --data-binary @keys.txt");
  });

  it("never repeats a key that somebody put into the address or a header after all", async () => {
    const key = newKey();
    const { html } = await open(`/my-key?key=${key}`, { "x-goog-api-key": key });
    expect(html).not.toContain(key);
    expect(html).not.toContain(key.slice(-6));
  });

  it("brings its script the words for whatever the Worker may say", async () => {
    for (const lang of ["en", "zh"] as const) {
      const { html } = await open(`/my-key?lang=${lang}`);
      const [, json = "{}"] = /data-my-key-texts="true">([\s\S]*?)<\/script>/.exec(html) ?? [];
      expect(JSON.parse(json)).toEqual(texts[lang].script);
    }
  });
});
