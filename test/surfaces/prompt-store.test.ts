import { beforeEach, describe, expect, test } from "vitest";
import type { Forward, Outgoing } from "../../src/upstream/forward.ts";
import { sayNotToStore, withoutStoring } from "../../src/upstream/prompt-store.ts";
import { emptyPool } from "../support/pool-rows.ts";
import { layTable, MODEL, PROMPT, type Table } from "../support/table.ts";
import { gather, type Company } from "../support/turns.ts";

let table: Table;
let company: Company;

beforeEach(async () => {
  await emptyPool();
  table = layTable();
  company = await gather(table);
});

const STREAM = `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`;
const NOT_STORED = `{"store":false,${JSON.stringify(PROMPT).slice(1)}`;

/** What Google got in the calls made since the last look, by whose key. */
function bodies(): { own: string[]; pool: string[] } {
  const calls = table.google.calls.splice(0);
  const of = (isOwn: boolean) =>
    calls.filter(({ key }) => (key === company.caller) === isOwn).map(({ bodyText }) => bodyText);
  return { own: of(true), pool: of(false) };
}

/** As many requests as there are keys: each key serves one. */
async function sendAround(sent: { body?: unknown; path?: string } = {}): Promise<void> {
  table.google.calls.length = 0;
  for (const _ of [company.caller, ...company.others]) {
    const response = await table.send({ key: company.caller, ...sent });
    await response.body?.cancel();
  }
}

describe("another contributor's project is asked not to store the prompt", () => {
  test.each([undefined, STREAM])(
    "generating (%s): others' keys with store:false, the caller's own as it came",
    async (path) => {
      await sendAround(path === undefined ? {} : { path });
      const { own, pool } = bodies();
      expect(pool).toEqual([NOT_STORED, NOT_STORED, NOT_STORED]);
      expect(own).toEqual([JSON.stringify(PROMPT)]);
    },
  );

  test.each([true, false, null])(
    "what the caller says about store (%s) stays as it is, byte for byte",
    async (store) => {
      const body = ` {"contents" : [], "store":${String(store)}}\n`;
      await sendAround({ body });
      const { own, pool } = bodies();
      expect([...own, ...pool]).toEqual([body, body, body, body]);
    },
  );

  test("an escaped name is the caller's word as well; the same word in a prompt is not", async () => {
    const escaped = '{"\\u0073tore":true,"contents":[]}';
    await sendAround({ body: escaped });
    expect(bodies().pool).toEqual([escaped, escaped, escaped]);
    const nested = '{"contents":[{"parts":[{"text":"\\"store\\":true"}]}]}';
    await sendAround({ body: nested });
    expect(bodies().pool).toEqual(Array.from({ length: 3 }, () => `{"store":false,${nested.slice(1)}`));
  });

  test.each([`/v1beta/models/${MODEL}:countTokens`, "/v1beta/models/gemini-embedding-001:embedContent"])(
    "a method without that field (%s) gets the body as it is",
    async (path) => {
      await sendAround({ path });
      expect(new Set(table.google.calls.map(({ bodyText }) => bodyText))).toEqual(new Set([JSON.stringify(PROMPT)]));
    },
  );

  test("so does OpenAI's dialect", async () => {
    const body = JSON.stringify({ model: MODEL, messages: [] });
    await sendAround({ path: "/v1/chat/completions", body });
    expect(new Set(table.google.calls.map(({ bodyText }) => bodyText))).toEqual(new Set([body]));
  });

  test("PROMPT_STORE=leave leaves it to Google", async () => {
    const send = table.isolate({ PROMPT_STORE: "leave" });
    table.google.calls.length = 0;
    for (const _ of [1, 2, 3, 4]) await (await send({ key: company.caller })).body?.cancel();
    expect(new Set(table.google.calls.map(({ bodyText }) => bodyText))).toEqual(new Set([JSON.stringify(PROMPT)]));
  });
});

describe("where Google refuses the field", () => {
  const refusing = { kind: "error", fixture: "unknown-field-store", only: { firstCalls: 1 } } as const;

  test("the same key is asked again without it at once, the caller is served, and the route is remembered", async () => {
    for (const key of company.others) table.google.script(key, refusing);
    await sendAround();
    const { pool } = bodies();
    // One refusal, then none of the others is asked.
    expect(pool.filter((body) => body === NOT_STORED)).toHaveLength(1);
    expect(pool.filter((body) => body === JSON.stringify(PROMPT))).toHaveLength(3);
  });

  test("the caller sees one attempt and no error", async () => {
    for (const key of company.others) table.google.script(key, refusing);
    table.served();
    const response = await table.send({ key: company.caller });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pool-attempts")).toBe("1");
    expect(table.served()).toEqual([company.others[0], company.others[0]]);
  });

  test("other methods still carry it, and after a while this one too", async () => {
    for (const key of company.others)
      table.google.script(key, { ...refusing, only: { firstCalls: 1, models: [MODEL] } });
    await sendAround();
    bodies();
    await sendAround({ path: STREAM });
    expect(bodies().pool.filter((body) => body === NOT_STORED).length).toBeGreaterThan(0);
    table.advance(61 * 60_000);
    await sendAround();
    expect(bodies().pool.filter((body) => body === NOT_STORED).length).toBeGreaterThan(0);
  });

  test.each([
    `Invalid JSON payload received. Unknown name "store" at 'generation_config': Cannot find field.`,
    'Invalid JSON payload received. Unknown name "a": Cannot find field.\nInvalid JSON payload received. Unknown name "store": Cannot find field.',
    'Invalid JSON payload received. Unknown name "restore": Cannot find field.',
  ])("a refusal of the caller's own field does not make it forgotten: %s", async (message) => {
    const sent: string[] = [];
    const forward: Forward = async ({ body }) => {
      if (body instanceof Uint8Array) sent.push(new TextDecoder().decode(body));
      const error = { code: 400, message, status: "INVALID_ARGUMENT" };
      const verdict = { kind: "caller_fault" } as const;
      return { kind: "refused", verdict, status: 400, headers: new Headers(), text: JSON.stringify({ error }) };
    };
    const withoutStore = withoutStoring(forward, () => 0);
    const outgoing: Outgoing = {
      method: "POST",
      pathAndQuery: `/v1beta/models/${MODEL}:generateContent`,
      credential: "x-goog-api-key",
      headers: {},
      body: new TextEncoder().encode(JSON.stringify(PROMPT)),
      signal: new AbortController().signal,
      model: MODEL,
      promptStore: "unsaid",
    };
    await withoutStore(outgoing, undefined);
    await withoutStore(outgoing, undefined);
    expect(sent).toEqual([NOT_STORED, NOT_STORED]);
  });
});

describe("the field is put in without reading the body", () => {
  const inBytes = (body: string) =>
    new TextDecoder().decode(Buffer.from(sayNotToStore(new TextEncoder().encode(body))));

  test.each([
    ['{"a":1}', '{"store":false,"a":1}'],
    ["{}", '{"store":false}'],
    [" {\n } ", '{"store":false\n } '],
    ['\uFEFF{"a":1}', '{"store":false,"a":1}'],
    ['{ "a":"{}"}', '{"store":false, "a":"{}"}'],
  ])("%j", (body, expected) => {
    expect(inBytes(body)).toBe(expected);
    expect(sayNotToStore(body)).toBe(expected);
  });
});
