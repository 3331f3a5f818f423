import * as v from "valibot";
import type { DeskKey } from "../../../pool/desk.ts";
import type { Services } from "../../../services.ts";
import { route, type Route } from "./route.ts";
import { key, keyFilterEntries } from "./schemas.ts";

/** Ids and states: what opens a key, or tells one, is not among them. */
const COLUMNS = [
  "id",
  "lastFour",
  "status",
  "reason",
  "words",
  "origin",
  "note",
  "uses",
  "errors",
  "contributedAt",
  "lastSeenAt",
  "lastUsedAt",
  "statusChangedAt",
  "restingUntil",
  "recheckAt",
  "cooling",
] as const satisfies (keyof DeskKey)[];

const query = v.strictObject({
  ...keyFilterEntries,
  format: v.optional(v.picklist(["json", "csv"], "must be json or csv")),
});

export function keyExportRoutes({ desk }: Services): Route[] {
  return [
    route({
      method: "get",
      path: "/keys/export",
      name: "exportKeys",
      tag: "keys",
      summary: "All keys of a filter, by id: ids and states, never keys. As JSON or CSV.",
      query,
      answer: v.object({ keys: v.array(key) }),
      otherMedia: ["text/csv"],
      async handle({ query: { format = "json", ...filter } }) {
        const pages = desk.exportRows(filter);
        const { type, texts } =
          format === "csv"
            ? { type: "text/csv; charset=utf-8; header=present", texts: csv(pages) }
            : { type: "application/json", texts: json(pages) };
        return new Response(streamOf(texts), {
          headers: { "content-type": type, "content-disposition": `attachment; filename="potluck-keys.${format}"` },
        });
      },
    }),
  ];
}

type Pages = AsyncIterable<DeskKey[]>;

async function* json(pages: Pages): AsyncGenerator<string> {
  let separator = '{"keys":[';
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield separator + page.map((row) => JSON.stringify(row)).join(",\n");
    separator = ",\n";
  }
  yield separator === ",\n" ? "]}" : `${separator}]}`;
}

async function* csv(pages: Pages): AsyncGenerator<string> {
  yield `${COLUMNS.join(",")}\r\n`;
  for await (const page of pages) {
    yield page.map((row) => `${COLUMNS.map((column) => toCell(row[column])).join(",")}\r\n`).join("");
  }
}

/**
 * A cell of RFC 4180. Notes and Google's words are other people's text: a spreadsheet would run what begins like a
 * formula, so it gets an apostrophe in front (OWASP, CSV injection).
 */
function toCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const harmless = /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** One page is read when the one before has been taken: a slow reader holds no more than that. */
function streamOf(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await texts.next();
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        await texts.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
