import { describe, expect, it } from "vitest";
import { layTable, MODEL, newKey, newKeys } from "../support/table.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const linesOf = ({ log }: ReturnType<typeof layTable>) =>
  log.filter(({ event }) => event === "request.answered").map(({ fields }) => fields);

describe("the log of requests", () => {
  it("tells of a request what an operator needs, under the id that the caller got", async () => {
    const table = layTable({ LOG_SAMPLE: "100" });
    const key = newKey();
    await table.contribute(key);
    const response = await table.send({ key });
    const id = response.headers.get("x-pool-request-id");
    expect(id).toMatch(UUID);
    expect(linesOf(table).at(-1)).toEqual({
      id,
      dialect: "gemini",
      operation: "generateContent",
      model: MODEL,
      status: 200,
      attempts: 1,
      servedBy: "own",
      ms: 0,
    });
  });

  it("knows the model of an OpenAI request, which its body names", async () => {
    const table = layTable({ LOG_SAMPLE: "100" });
    const key = newKey();
    table.google.issue(key);
    await table.send({
      path: "/v1/chat/completions",
      headers: { authorization: `Bearer ${key}` },
      body: { model: MODEL, messages: [{ role: "user", content: "a secret prompt" }] },
    });
    expect(linesOf(table)).toMatchObject([{ dialect: "openai", operation: "chat/completions", model: MODEL }]);
    expect(JSON.stringify(table.log)).not.toContain("secret prompt");
  });

  it("holds no key, wherever a caller put one", async () => {
    const table = layTable({ LOG_SAMPLE: "100" });
    const key = newKey();
    table.google.issue(key);
    for (const path of [
      `/v1beta/models/${key}:generateContent`,
      `/v1beta/${key}`,
      `/v1beta/files?key=${key}`,
      `/v1beta/files/${key}`,
    ]) {
      await table.send({ key, path });
    }
    expect(linesOf(table).length).toBeGreaterThan(2);
    expect(JSON.stringify(table.log)).not.toContain(key);
  });

  it("writes no more lines than LOG_SAMPLE asks for, but every failure of ours or Google's", async () => {
    const quiet = layTable({ LOG_SAMPLE: "0", MAX_RETRIES: "0" });
    const [key, broken] = newKeys(2);
    await quiet.contribute(key ?? "");
    await quiet.send({ key: key ?? "" });
    expect(linesOf(quiet)).toEqual([]);
    quiet.google.issue(broken ?? "");
    quiet.google.script(broken ?? "", { kind: "reset" });
    const response = await quiet.send({ key: broken ?? "" });
    expect(response.status).toBe(503);
    expect(linesOf(quiet)).toMatchObject([{ status: 503, id: response.headers.get("x-pool-request-id") }]);
  });

  it("gives an id to every answer, and a line only to requests for the API", async () => {
    const table = layTable({ LOG_SAMPLE: "100" });
    for (const path of ["/", "/keycount", "/health", "/nothing-here"]) {
      const response = await table.send({ method: "GET", path });
      expect(response.headers.get("x-pool-request-id")).toMatch(UUID);
    }
    expect(linesOf(table)).toEqual([]);
  });
});
