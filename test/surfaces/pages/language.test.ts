import { beforeEach, describe, expect, it } from "vitest";
import { emptyPool } from "../../support/pool-rows.ts";
import { layTable } from "../../support/table.ts";

beforeEach(emptyPool);

async function languageOf(path: string, headers: Record<string, string> = {}) {
  const response = await layTable().send({ path, method: "GET", headers: { accept: "text/html", ...headers } });
  const [, language] = /<html lang="([^"]+)"/.exec(await response.text()) ?? [];
  return { language, headers: response.headers };
}

describe("The language of a page", () => {
  it.each([
    ["", "en"],
    ["zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"],
    ["zh-TW", "zh-Hans"],
    ["ZH-hans-CN", "zh-Hans"],
    ["en-GB,zh;q=0.9", "en"],
    ["fr-FR,zh;q=0.5,en;q=0.4", "zh-Hans"],
    ["de,fr;q=0.9", "en"],
    ["zh;q=0, en", "en"],
    ["zhuang", "en"],
  ])("for a browser that asks for “%s” is %s", async (accepted, language) => {
    expect((await languageOf("/", { "accept-language": accepted })).language).toBe(language);
  });

  it("is the one chosen, which is remembered", async () => {
    const chosen = await languageOf("/?lang=zh", { "accept-language": "en" });
    expect(chosen.language).toBe("zh-Hans");
    expect(chosen.headers.get("set-cookie")).toMatch(/^lang=zh; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(chosen.headers.get("cache-control")).toBe("no-store");
    const later = await languageOf("/my-key", { "accept-language": "en", cookie: "other=1; lang=zh" });
    expect(later.language).toBe("zh-Hans");
    expect(later.headers.has("set-cookie")).toBe(false);
  });

  it("chosen anew wins over what was remembered", async () => {
    expect((await languageOf("/?lang=en", { "accept-language": "zh", cookie: "lang=zh" })).language).toBe("en");
  });

  it("tells caches what it depends on", async () => {
    const vary = (await languageOf("/")).headers.get("vary") ?? "";
    for (const header of ["accept-language", "cookie"]) expect(vary).toContain(header);
  });

  it("can be switched on every page, to the same page", async () => {
    for (const path of ["/", "/my-key"]) {
      const html = await (await layTable().send({ path, method: "GET", headers: { accept: "text/html" } })).text();
      expect(html).toContain(`href="${path}?lang=zh"`);
    }
  });
});
