import { common } from "./i18n/common.ts";
import { JsonBlock } from "./json-block.tsx";
import type { Language } from "./language.ts";
import { TableBox } from "./parts.tsx";
import { formatNumber, formatShare } from "./format.ts";

/** One row of numbers over time, and how public/assets/chart.js draws it. */
export interface ChartSeries {
  label: string;
  /** One for each time; null where nothing is known. */
  values: readonly (number | null)[];
  shape: "bars" | "line" | "area";
  /** Which colour of the palette. */
  tone: "tomato" | "leaf" | "mustard" | "sky" | "plum";
  /** `share`: 0 to 1, shown as per cent. */
  unit?: "count" | "share" | "ms";
  /** Which axis it is read on; left unless said. */
  axis?: "left" | "right";
}

export interface ChartProps {
  lang: Language;
  title: string;
  /** The chart in a sentence, for who does not see it. */
  summary: string;
  /** Epoch milliseconds, ascending. */
  times: readonly number[];
  series: readonly ChartSeries[];
  /** Whether times are told by the hour or by the day. */
  step?: "hour" | "day";
}

/**
 * A chart over time. Drawn by public/assets/chart.js; the same numbers stand below as a table, for readers without
 * JavaScript or without eyes on it. Times are UTC in the table until the script puts the reader's own.
 */
export function Chart({ lang, title, summary, times, series, step = "hour" }: ChartProps) {
  const t = common[lang];
  return (
    <figure class="chart" data-chart>
      <figcaption class="chart__caption">
        <span class="chart__title">{title}</span>
        <span class="chart__summary">{summary}</span>
      </figcaption>
      <div class="chart__plot" data-chart-plot role="img" aria-label={`${title}. ${summary}`}></div>
      <JsonBlock data={{ step, times, series }} data-chart-data />
      <details class="chart__table">
        <summary>{t.chartAsTable}</summary>
        <TableBox label={title}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t.chartTime}</th>
                {series.map(({ label }) => (
                  <th scope="col" class="is-number">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times.map((at, index) => (
                <tr>
                  <th scope="row">
                    <time datetime={new Date(at).toISOString()} data-time={step}>
                      {plainTime(at, step)}
                    </time>
                  </th>
                  {series.map(({ values, unit }) => (
                    <td class="is-number">{formatValue(values[index] ?? null, unit, lang)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </TableBox>
      </details>
    </figure>
  );
}

function plainTime(at: number, step: "hour" | "day"): string {
  const iso = new Date(at).toISOString();
  return step === "day" ? iso.slice(0, 10) : `${iso.slice(5, 10)} ${iso.slice(11, 16)} UTC`;
}

function formatValue(value: number | null, unit: ChartSeries["unit"], lang: Language): string {
  if (value === null) return "–";
  if (unit === "share") return formatShare(value, lang);
  return unit === "ms" ? `${formatNumber(Math.round(value), lang)} ms` : formatNumber(value, lang);
}
