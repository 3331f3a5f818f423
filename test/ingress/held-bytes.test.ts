import { expect, it } from "vitest";
import { readBody } from "../../src/ingress/body.ts";
import { HeldBytes } from "../../src/ingress/held-bytes.ts";

it("finds room for bodies up to the limit, and again once they are let go", () => {
  const held = new HeldBytes(100, 0);
  const first = held.hold();
  const second = held.hold();
  expect(first.grow(60)).toBe(true);
  expect(second.grow(50)).toBe(false);
  expect(second.grow(40)).toBe(true);
  first.letGo();
  first.letGo();
  expect(second.grow(60)).toBe(true);
});

it("always has room for one body alone: the setting says how large that may be", () => {
  const holding = new HeldBytes().hold();
  expect(holding.grow(30 * 1024 * 1024)).toBe(true);
  expect(holding.grow(30 * 1024 * 1024)).toBe(true);
});

it("leaves a body that finds no room a stream with every byte of it, declared or not", async () => {
  const full = new HeldBytes(10, 0);
  full.hold().grow(10);
  const text = "0123456789".repeat(100);
  const declared = new Request("https://x.example", {
    method: "POST",
    body: text,
    headers: { "content-length": "1000" },
  });
  const undeclared = new Request("https://x.example", { method: "POST", body: text });
  for (const request of [declared, undeclared]) {
    const body = await readBody(request, 10_000, full.hold().grow);
    expect(body.kind).toBe("stream");
    expect(body.kind === "stream" && (await new Response(body.stream).text())).toBe(text);
  }
});

it("keeps room for small bodies, whatever is held or only announced of large ones", () => {
  const megabyte = 1024 * 1024;
  const held = new HeldBytes(40 * megabyte);
  const [first, second] = [held.hold(), held.hold()];
  expect(first.grow(20 * megabyte)).toBe(true);
  expect(second.grow(20 * megabyte)).toBe(false);
  expect(second.grow(12 * megabyte)).toBe(true);
  const small = Array.from({ length: 32 }, () => held.hold().grow(megabyte / 4));
  expect(small).toEqual(Array(32).fill(true));
  expect(held.hold().grow(megabyte / 4)).toBe(false);
  expect(held.hold().grow(megabyte)).toBe(false);
  second.letGo();
  expect(held.hold().grow(megabyte / 4)).toBe(true);
});

it("keeps it beside one body that alone is larger than everything else together", () => {
  const megabyte = 1024 * 1024;
  const held = new HeldBytes(40 * megabyte);
  const huge = held.hold();
  expect(huge.grow(60 * megabyte)).toBe(true);
  expect(held.hold().grow(1000)).toBe(true);
  expect(held.hold().grow(2 * megabyte)).toBe(false);
});

it("counts a chunked body as large once it is", () => {
  const megabyte = 1024 * 1024;
  const held = new HeldBytes(40 * megabyte);
  held.hold().grow(20 * megabyte);
  const growing = held.hold();
  for (let at = 0; at < 12; at++) expect(growing.grow(megabyte)).toBe(true);
  expect(growing.grow(megabyte)).toBe(false);
  growing.letGo();
  expect(held.hold().grow(12 * megabyte)).toBe(true);
});
