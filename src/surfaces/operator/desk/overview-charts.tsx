import type { Services } from "../../../services.ts";
import { Chart, type ChartSeries } from "../../pages/chart.tsx";
import { formatNumber, formatShare } from "../../pages/format.ts";
import type { Language } from "../../pages/language.ts";
import { TableBox } from "../../pages/parts.tsx";
import { overviewTexts } from "./i18n/overview.ts";

export type Activity = Awaited<ReturnType<Services["records"]["activity"]>>;
export type Range = Activity["range"];

/** Where the overview shows this range, of one model or (null) of all. */
export function overviewPath(range: Range, model: string | null): string {
  const query = new URLSearchParams({ ...(range === "day" ? {} : { range }), ...(model === null ? {} : { model }) });
  return query.size === 0 ? "/admin" : `/admin?${query.toString()}`;
}

interface Props {
  lang: Language;
  activity: Activity;
}

/** Requests, success, latency, keys and models over the range. */
export function OverviewCharts(props: Props) {
  const { lang, activity } = props;
  const t = overviewTexts[lang];
  const { points, total, range } = activity;
  const common = { lang, times: points.map(({ at }) => at), step: range === "month" ? "day" : "hour" } as const;
  const number = (value: number) => formatNumber(value, lang);
  return (
    <div class="desk-charts">
      <div class="card">
        <Chart
          {...common}
          title={t.chartRequests}
          summary={t.chartRequestsSummary(number(total.requests), number(total.served))}
          series={requestSeries(props)}
        />
      </div>
      <div class="card">
        <Chart
          {...common}
          title={t.chartSuccess}
          summary={t.chartSuccessSummary(
            total.successRate === null ? "–" : formatShare(total.successRate, lang),
            number(total.retries),
          )}
          series={successSeries(props)}
        />
      </div>
      <div class="card">
        <Chart
          {...common}
          title={t.chartLatency}
          summary={t.chartLatencySummary(total.meanLatencyMs === null ? "–" : `${number(total.meanLatencyMs)}\u00a0ms`)}
          series={[
            {
              label: t.latency,
              values: points.map(({ meanLatencyMs }) => meanLatencyMs),
              shape: "line",
              tone: "sky",
              unit: "ms",
            },
          ]}
        />
      </div>
      <KeyChart {...props} />
      <Models {...props} />
    </div>
  );
}

function requestSeries({ lang, activity: { points } }: Props): ChartSeries[] {
  const t = overviewTexts[lang];
  return [
    { label: t.requests, values: points.map(({ requests }) => requests), shape: "bars", tone: "mustard" },
    { label: t.served, values: points.map(({ served }) => served), shape: "line", tone: "leaf" },
    { label: t.callerFaults, values: points.map(({ callerFaults }) => callerFaults), shape: "line", tone: "plum" },
  ];
}

function successSeries({ lang, activity: { points } }: Props): ChartSeries[] {
  const t = overviewTexts[lang];
  const rate = points.map(({ requests, served, callerFaults }) =>
    requests > callerFaults ? served / (requests - callerFaults) : null,
  );
  return [
    { label: t.retries, values: points.map(({ retries }) => retries), shape: "bars", tone: "tomato", axis: "right" },
    { label: t.success, values: rate, shape: "line", tone: "leaf", unit: "share" },
  ];
}

function KeyChart({ lang, activity: { keys, range } }: Props) {
  const t = overviewTexts[lang];
  if (keys.length === 0) {
    return (
      <div class="card">
        <h2 class="chart__title">{t.chartKeys}</h2>
        <p class="soft">{t.noKeysYet}</p>
      </div>
    );
  }
  return (
    <div class="card">
      <Chart
        lang={lang}
        title={t.chartKeys}
        summary={t.chartKeysSummary}
        times={keys.map(({ at }) => at)}
        step={range === "month" ? "day" : "hour"}
        series={[
          { label: t.activeSeries, values: keys.map(({ active }) => active), shape: "area", tone: "leaf" },
          { label: t.coolingSeries, values: keys.map(({ cooling }) => cooling), shape: "line", tone: "sky" },
          { label: t.retiredSeries, values: keys.map(({ retired }) => retired), shape: "line", tone: "tomato" },
        ]}
      />
    </div>
  );
}

function Models({ lang, activity: { models, range, model: chosen } }: Props) {
  const t = overviewTexts[lang];
  const number = (value: number) => formatNumber(value, lang);
  const most = Math.max(1, ...models.map(({ requests }) => requests));
  return (
    <div class="card desk-wide">
      <h2 class="chart__title">{t.models}</h2>
      {models.length === 0 ? (
        <p class="soft">{t.noModels}</p>
      ) : (
        <TableBox label={t.models}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t.model}</th>
                <th scope="col" class="desk-meter">
                  <span class="visually-hidden">{t.share}</span>
                </th>
                <th scope="col" class="is-number">
                  {t.requests}
                </th>
                <th scope="col" class="is-number">
                  {t.share}
                </th>
                <th scope="col" class="is-number">
                  {t.retries}
                </th>
                <th scope="col" class="is-number">
                  {t.latency}
                </th>
              </tr>
            </thead>
            <tbody>
              {models.map(({ model, requests, served, callerFaults, retries, meanLatencyMs }) => (
                <tr class={model === chosen ? "is-chosen" : undefined}>
                  <th scope="row" class="mono">
                    <a href={overviewPath(range, model)} aria-current={model === chosen ? "true" : undefined}>
                      {model}
                    </a>
                  </th>
                  <td class="desk-meter">
                    <progress value={requests} max={most} aria-hidden="true"></progress>
                  </td>
                  <td class="is-number">{number(requests)}</td>
                  <td class="is-number">
                    {requests > callerFaults ? formatShare(served / (requests - callerFaults), lang) : "–"}
                  </td>
                  <td class="is-number">{number(retries)}</td>
                  <td class="is-number">{meanLatencyMs === null ? "–" : `${number(meanLatencyMs)}\u00a0ms`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableBox>
      )}
    </div>
  );
}
