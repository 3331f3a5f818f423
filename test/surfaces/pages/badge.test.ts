import { beforeEach, describe, expect, it } from "vitest";
import { FaultyD1 } from "../../support/faulty-d1.ts";
import { emptyPool } from "../../support/pool-rows.ts";
import { layTable, newKeys } from "../../support/table.ts";

beforeEach(emptyPool);

async function badgeOf(query = "", table = layTable()) {
  const response = await table.send({ path: `/badge.svg${query}`, method: "GET" });
  return { headers: response.headers, status: response.status, svg: await response.text() };
}

const titleOf = (svg: string) => /<title>(.*?)<\/title>/.exec(svg)?.[1];

describe("GET /badge.svg", () => {
  it("is a picture of the count, for anybody, and for a minute", async () => {
    const table = layTable();
    await table.contribute(...newKeys(2));
    const { headers, svg } = await badgeOf("", table);
    expect(headers.get("content-type")).toMatch(/^image\/svg\+xml/);
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("cache-control")).toBe("public, max-age=60");
    expect(titleOf(svg)).toBe("keys at the table: 2");
    expect(svg).toContain('role="img" aria-label="keys at the table: 2"');
  });

  it("speaks Chinese where the address asks for it, and only there", async () => {
    expect(titleOf((await badgeOf("?lang=zh")).svg)).toBe("池中密钥: 0");
    expect(titleOf((await badgeOf("?lang=fr")).svg)).toBe("keys at the table: 0");
  });

  it("takes another label, as text and no longer than a badge", async () => {
    expect(titleOf((await badgeOf("?label=Our%20keys")).svg)).toBe("Our keys: 0");
    expect(titleOf((await badgeOf(`?label=${"a".repeat(500)}`)).svg)).toBe(`${"a".repeat(40)}: 0`);
    expect(titleOf((await badgeOf("?label=%20%00%0a")).svg)).toBe("keys at the table: 0");
  });

  it("makes no markup of a hostile label, and runs nothing", async () => {
    const label = encodeURIComponent(`</text><script>alert(1)</script>" onload='x`);
    const { svg, headers } = await badgeOf(`?label=${label}`);
    expect(svg).not.toMatch(/<script|"\s*onload|onload='/);
    expect(headers.get("content-security-policy")).toContain("sandbox");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("grows with its text", async () => {
    const widthOf = (svg: string) => Number(/width="(\d+)"/.exec(svg)?.[1]);
    expect(widthOf((await badgeOf("?label=a")).svg)).toBeLessThan(widthOf((await badgeOf("?label=aaaaaaaaaa")).svg));
    expect(widthOf((await badgeOf("?label=ai")).svg)).toBeLessThan(widthOf((await badgeOf("?label=密钥")).svg));
  });

  it("says that it does not know while D1 does not answer, and not for long", async () => {
    const d1 = new FaultyD1();
    d1.mood = "fails";
    const { svg, status, headers } = await badgeOf("", layTable({ DB: d1.binding }));
    expect(status).toBe(200);
    expect(titleOf(svg)).toBe("keys at the table: unknown");
    expect(Number(/max-age=(\d+)/.exec(headers.get("cache-control") ?? "")?.[1])).toBeLessThan(60);
  });
});
