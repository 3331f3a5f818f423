import type { ActivityReport } from "../../records/activity-report.ts";
import { Chart } from "./chart.tsx";
import { formatNumber, formatShare } from "./format.ts";
import { home as texts } from "./i18n/home.ts";
import type { Language } from "./language.ts";
import { Card, Section, Stat, Stats } from "./parts.tsx";

/** What the pool did in the last 24 hours. */
export function LastDay({ lang, active, day }: { lang: Language; active: number; day: ActivityReport }) {
  const t = texts[lang];
  const { requests, served, servedByPool, successRate } = day.total;
  const number = (value: number) => formatNumber(value, lang);
  return (
    <Section id="today" title={t.last24Hours}>
      <Stats>
        <Stat label={t.keysNow} value={number(active)} />
        <Stat label={t.served} value={number(served)} hint={t.servedOf(number(requests))} />
        <Stat
          label={t.successRate}
          value={successRate === null ? "–" : formatShare(successRate, lang)}
          hint={t.successHint}
        />
        <Stat
          label={t.byOthers}
          value={number(servedByPool)}
          {...(served === 0 ? {} : { hint: t.byOthersHint(formatShare(servedByPool / served, lang)) })}
        />
      </Stats>
      <Card class="card--chart">
        {requests === 0 ? <p class="soft">{t.noRequests}</p> : <DayChart lang={lang} active={active} day={day} />}
      </Card>
    </Section>
  );
}

function DayChart({ lang, active, day }: { lang: Language; active: number; day: ActivityReport }) {
  const t = texts[lang];
  const keysAt = new Map(day.keys.map(({ at, active: count }) => [at, count]));
  const last = day.points.at(-1)?.at;
  return (
    <Chart
      lang={lang}
      title={t.chartTitle}
      summary={t.chartSummary(formatNumber(day.total.requests, lang), formatNumber(active, lang))}
      times={day.points.map(({ at }) => at)}
      series={[
        { label: t.requests, shape: "bars", tone: "tomato", values: day.points.map(({ requests }) => requests) },
        {
          label: t.keys,
          shape: "line",
          tone: "leaf",
          axis: "right",
          // The hour under way has not been counted yet, but how many there are now is known.
          values: day.points.map(({ at }) => keysAt.get(at) ?? (at === last ? active : null)),
        },
      ]}
    />
  );
}
