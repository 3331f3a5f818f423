import type { Context } from "hono";
import type { FailurePage } from "../../../records/records.ts";
import type { Services } from "../../../services.ts";
import { formatNumber, formatShare } from "../../pages/format.ts";
import type { Language } from "../../pages/language.ts";
import { renderPage } from "../../pages/page.tsx";
import { ButtonLink, Notice, Stat, Stats } from "../../pages/parts.tsx";
import type { SignedIn } from "../session.ts";
import { failuresPath } from "./failure-query.ts";
import { FailureTable } from "./failure-table.tsx";
import { DeskPage, visitorOf, type Visitor } from "./frame.tsx";
import { overviewTexts } from "./i18n/overview.ts";
import { OverviewCharts, overviewPath, type Activity, type Range } from "./overview-charts.tsx";
import { warningsOf, type KeyCounts } from "./overview-warnings.ts";

const RANGES = ["hour", "day", "week", "month"] as const satisfies Range[];
const RECENT = 8;
const MAX_MODEL_LENGTH = 100;

/** `/admin`: how the pool is, and how it was over the last hour, day, week or month. */
export function overviewPage({ desk, records }: Services) {
  return async function overview(c: Context<SignedIn>) {
    const wanted = c.req.query("range");
    const range = RANGES.find((one) => one === wanted) ?? "day";
    const model = c.req.query("model")?.slice(0, MAX_MODEL_LENGTH) || null;
    const [keys, activity, recent] = await Promise.all([
      desk.counts(),
      records.activity(range, model),
      records.failures({ limit: RECENT }),
    ]);
    const visitor = { ...visitorOf(c), path: overviewPath(range, model) };
    return renderPage(c, <OverviewPage {...visitor} keys={keys} activity={activity} recent={recent} />);
  };
}

interface OverviewProps extends Visitor {
  keys: KeyCounts;
  activity: Activity;
  recent: FailurePage;
}

function OverviewPage({ keys, activity, recent, ...visitor }: OverviewProps) {
  const { lang } = visitor;
  const t = overviewTexts[lang];
  return (
    <DeskPage {...visitor} title={t.title} charts>
      <h1>{t.title}</h1>
      <Warnings lang={lang} keys={keys} activity={activity} />
      <nav class="desk-tabs" aria-label={t.rangeLabel}>
        {RANGES.map((range) => (
          <a
            class="desk-tab"
            href={overviewPath(range, activity.model)}
            aria-current={range === activity.range ? "true" : undefined}
          >
            {t.ranges[range]}
          </a>
        ))}
      </nav>
      <Chosen lang={lang} activity={activity} />
      <Numbers lang={lang} keys={keys} activity={activity} />
      <OverviewCharts lang={lang} activity={activity} />
      <Recent lang={lang} model={activity.model} recent={recent} />
    </DeskPage>
  );
}

/** Which model is shown, where it is one. */
function Chosen({ lang, activity: { model, range, total } }: Omit<PartProps, "keys">) {
  const t = overviewTexts[lang];
  if (model === null) return null;
  return (
    <div class="desk-chosen">
      <p>
        {t.onlyModel} <code>{model}</code>
        {total.requests === 0 ? <span class="soft desk-chosen__none">{t.noneOfModel}</span> : null}
      </p>
      <ButtonLink kind="quiet" small href={overviewPath(range, null)}>
        {t.allModels}
      </ButtonLink>
    </div>
  );
}

function Recent({ lang, model, recent }: { lang: Language; model: string | null; recent: FailurePage }) {
  const t = overviewTexts[lang];
  return (
    <section class="desk-group" aria-labelledby="recent">
      <div class="row row--spread">
        <h2 class="desk-h2" id="recent">
          {model === null ? t.recent : t.recentOfAll}
        </h2>
        <span class="row">
          {model === null ? null : <a href={failuresPath({ model })}>{t.failuresOfModel}</a>}
          <a href="/admin/failures">{t.allFailures}</a>
        </span>
      </div>
      {recent.rows.length === 0 ? <p class="soft">{t.noRecent}</p> : <FailureTable lang={lang} rows={recent.rows} />}
    </section>
  );
}

interface PartProps {
  lang: Language;
  keys: KeyCounts;
  activity: Activity;
}

function Numbers({ lang, keys, activity: { total, range } }: PartProps) {
  const t = overviewTexts[lang];
  const number = (value: number) => formatNumber(value, lang);
  return (
    <Stats>
      <Stat
        label={t.active}
        value={number(keys.active + keys.resting)}
        hint={t.resting(number(keys.resting), number(keys.cooling))}
      />
      <Stat label={t.retired} value={number(keys.retired)} hint={t.withdrawn(number(keys.withdrawn))} />
      <Stat label={t.requests} value={number(total.requests)} hint={t.inRange[range]} />
      <Stat
        label={t.success}
        value={total.successRate === null ? "–" : formatShare(total.successRate, lang)}
        hint={t.successHint}
      />
      <Stat label={t.retries} value={number(total.retries)} hint={t.inRange[range]} />
      <Stat
        label={t.latency}
        value={total.meanLatencyMs === null ? "–" : `${number(total.meanLatencyMs)}\u00a0ms`}
        hint={t.latencyHint}
      />
    </Stats>
  );
}

function Warnings({ lang, keys, activity }: PartProps) {
  const t = overviewTexts[lang];
  const number = (value: number) => formatNumber(value, lang);
  const links = {
    import: { href: "/admin/keys/import", label: t.seeImport },
    retired: { href: "/admin/keys?status=retired", label: t.seeRetired },
    failures: { href: "/admin/failures", label: t.seeFailures },
  };
  const inUse = keys.active + keys.resting;
  const words = {
    empty: { text: t.emptyText, link: links.import, tone: "bad" },
    dry: {
      text: t.dryText(number(Math.max(keys.resting, keys.cooling)), number(inUse)),
      link: links.failures,
      tone: "warning",
    },
    failing: {
      text: t.failingText(formatShare(activity.total.successRate ?? 0, lang)),
      link: links.failures,
      tone: "warning",
    },
    dying: { text: t.dyingText(number(keys.retired), number(inUse)), link: links.retired, tone: "warning" },
  } as const;
  return (
    <>
      {warningsOf(keys, activity.total).map((warning) => (
        <Notice tone={words[warning].tone} title={t[warning]}>
          <p>{words[warning].text}</p>
          <ButtonLink kind="quiet" small href={words[warning].link.href}>
            {words[warning].link.label}
          </ButtonLink>
        </Notice>
      ))}
    </>
  );
}
