import { formatTime } from "../../pages/format.ts";
import type { Language } from "../../pages/language.ts";

/** A time; page.js tells it by the reader's own clock. */
export function When({ at, lang }: { at: number; lang: Language }) {
  return (
    <time datetime={new Date(at).toISOString()} data-time="full">
      {formatTime(at, lang)}
    </time>
  );
}

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
] as const;

/** How long that is, in the largest unit that fits twice. */
export function lasting(ms: number, lang: Language): string {
  const [unit, length] = UNITS.find(([, size]) => ms >= 2 * size) ?? ["second", 1000];
  const format = new Intl.NumberFormat(lang === "zh" ? "zh-Hans" : "en", { style: "unit", unit, unitDisplay: "long" });
  return format.format(Math.max(0, Math.ceil(ms / length)));
}
