import type { Context } from "hono";
import type { Services } from "../../services.ts";
import { drawBadge, type BadgeColour } from "./badge-drawing.ts";
import { toLanguage, type Language } from "./language.ts";

const LABELS: Record<Language, string> = { en: "keys at the table", zh: "池中密钥" };
const UNKNOWN: Record<Language, string> = { en: "unknown", zh: "未知" };

const CACHE = "public, max-age=60";
/** Until the database is back: not for long. */
const CACHE_UNKNOWN = "public, max-age=10";

const MAX_LABEL = 40;

/**
 * `GET /badge.svg[?lang=zh][&label=…]`: how many keys are at the table, as a picture of our own: shields.io cannot be
 * reached from everywhere. The language is asked for by the address alone: a picture is cached for everybody.
 */
export function badgeSvg({ pool }: Services) {
  return async function badgeSvg(c: Context): Promise<Response> {
    const lang = toLanguage(c.req.query("lang")) ?? "en";
    const label = readLabel(c.req.query("label")) ?? LABELS[lang];
    const active = await pool.totals().then(
      (totals) => totals.active,
      () => undefined,
    );
    const message = active === undefined ? UNKNOWN[lang] : String(active);
    return c.body(drawBadge({ label, message, colour: colourOf(active) }), 200, {
      "content-type": "image/svg+xml; charset=utf-8",
      "cache-control": active === undefined ? CACHE_UNKNOWN : CACHE,
      // Opened by itself, the picture is a document: nothing in it may run.
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
    });
  };
}

function colourOf(active: number | undefined): BadgeColour {
  if (active === undefined || active === 0) return "grey";
  return active < 10 ? "mustard" : "leaf";
}

/** Printable, and short enough for a badge. */
function readLabel(text: string | undefined): string | undefined {
  const printable = (text ?? "").replaceAll(/[\p{C}\p{Z}]+/gu, " ").trim();
  const label = Array.from(printable).slice(0, MAX_LABEL).join("");
  return label === "" ? undefined : label;
}
