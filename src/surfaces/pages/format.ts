import { HTML_LANG, type Language } from "./language.ts";

/** Numbers and times as people write them. Pure. */

/** `12,345`; `1.2万` never: a count is told whole. */
export function formatNumber(value: number, lang: Language): string {
  return new Intl.NumberFormat(HTML_LANG[lang], { maximumFractionDigits: 1 }).format(value);
}

/** A share of 0 to 1 as per cent. What is not quite all is not called all. */
export function formatShare(share: number, lang: Language): string {
  const format = new Intl.NumberFormat(HTML_LANG[lang], { style: "percent", maximumFractionDigits: 1 });
  return format.format(share < 1 ? Math.min(share, 0.999) : 1);
}

/** A day and a time, in UTC: the server does not know where the reader is. */
export function formatTime(at: number, lang: Language): string {
  const format = new Intl.DateTimeFormat(HTML_LANG[lang], { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
  return `${format.format(at)} UTC`;
}
