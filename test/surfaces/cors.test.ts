import { beforeEach, describe, expect, test } from "vitest";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, MODEL, newKey, type Sent, type Table } from "../support/table.ts";

const ORIGIN = { origin: "https://chat.example" };

let table: Table;
let key: string;

beforeEach(async () => {
  await emptyPool();
  table = layTable();
  key = newKey();
  table.google.issue(key);
});

describe("a page of any origin may call", () => {
  test.each([
    ["/v1beta/models", "x-goog-api-key, content-type, x-goog-api-client"],
    ["/v1/chat/completions", "authorization, content-type, x-stainless-arch, x-stainless-retry-count"],
    ["/upload/v1beta/files?upload_id=a", "x-goog-upload-command, x-goog-upload-offset"],
    ["/key", "x-goog-api-key"],
    ["/nothing/of/ours", "x-pool-mode"],
  ])("the preflight for %s with %s", async (path, requested) => {
    const response = await table.send({
      method: "OPTIONS",
      path,
      headers: { ...ORIGIN, "access-control-request-method": "POST", "access-control-request-headers": requested },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-headers")).toBe(requested);
    expect(response.headers.get("access-control-allow-methods")).toContain("POST");
    expect(response.headers.get("access-control-allow-methods")).toContain("DELETE");
    expect(Number(response.headers.get("access-control-max-age"))).toBeGreaterThan(0);
    expect(table.google.calls).toEqual([]);
  });

  const stream = `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`;
  const cases: [string, () => Sent, number][] = [
    ["an answer", () => ({ key }), 200],
    ["a stream", () => ({ key, path: stream }), 200],
    ["Google's refusal", () => ({ key: newKey() }), 400],
    ["Google's refusal in OpenAI's dialect", () => ({ key: newKey(), path: "/v1/chat/completions", body: "{}" }), 401],
    ["an unknown path", () => ({ key, path: "/nothing" }), 404],
    ["a call without a key", () => ({}), 403],
    ["an upload that is nobody's", () => ({ path: "/upload/v1beta/files?upload_id=a" }), 404],
    ["the count of keys", () => ({ method: "GET", path: "/keycount" }), 200],
    ["a key that is not in the pool", () => ({ method: "GET", path: "/key", key }), 404],
  ];

  test.each(cases)("%s can be read, and our headers with it", async (_, sent, status) => {
    const response = await table.send({ ...sent(), headers: ORIGIN });
    expect(response.status).toBe(status);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.has("access-control-allow-credentials")).toBe(false);
    const exposed = response.headers.get("access-control-expose-headers")?.split(", ") ?? [];
    for (const name of ["x-pool-attempts", "x-pool-served-by", "x-pool-contributed", "server-timing", "retry-after"]) {
      expect(exposed).toContain(name);
    }
    expect(exposed).toContain("x-goog-upload-url");
    expect(table.google.violations).toEqual([]);
    await response.body?.cancel();
  });
});
