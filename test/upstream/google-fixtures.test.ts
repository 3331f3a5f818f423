import { describe, expect, it } from "vitest";
import { fill } from "../support/google-fixture.ts";
import { googleFixtures } from "../support/google-fixtures.ts";

describe("a recorded error", () => {
  it.each(Object.entries(googleFixtures))("%s says where it comes from and holds one body", (_name, fixture) => {
    expect(fixture.source).toMatch(/\w/);
    expect(fixture.status).toBeGreaterThanOrEqual(400);
    expect([fixture.body, fixture.rawBody].filter((body) => body !== undefined)).toHaveLength(1);
    expect(JSON.stringify(fixture)).not.toMatch(/AIza\w|AQ\.\w/);
  });

  it("is filled once, so that a value that looks like a placeholder stays what it is", () => {
    const fixture = {
      source: "here",
      status: 404,
      contentType: "application/json",
      body: ["{{model}} {{key}} {{x}}"],
    };
    const { body } = fill(fixture, { key: "$&", project: "p", model: "{{key}}", ip: "i" });
    expect(JSON.parse(body)).toEqual(["{{key}} $& {{x}}"]);
  });

  it("stays JSON with quotes and angle brackets in a value, which Google escapes", () => {
    const fixture = {
      source: "here",
      status: 404,
      contentType: "application/json",
      body: { m: "<{{model}}>" },
    };
    const { body } = fill(fixture, { key: "k", project: "p", model: '"\\\n<b>', ip: "i" });
    expect(body).not.toMatch(/[<>]/);
    expect(JSON.parse(body)).toEqual({ m: '<"\\\n<b>>' });
  });
});
