import type { Context } from "hono";
import type { Services } from "../../services.ts";
import { acceptsHtml } from "./accepts-html.ts";
import { ClientSettings } from "./home-clients.tsx";
import { LastDay } from "./home-day.tsx";
import { Privacy } from "./home-privacy.tsx";
import { formatNumber } from "./format.ts";
import { home as texts } from "./i18n/home.ts";
import { readLanguage, type Language } from "./language.ts";
import { Layout } from "./layout.tsx";
import { renderPage } from "./page.tsx";
import { ButtonLink, Card, Copyable, Notice, Section, Words } from "./parts.tsx";
import { readTableNow } from "./table-now.ts";
import { TableScene } from "./table-scene.tsx";

/** Short: a person who comes back after joining should see it. For one browser: shared caches often heed no `Vary`. */
const CACHE = "private, max-age=15";

const GET_A_KEY = "https://aistudio.google.com/apikey";

/** `GET /`: what this is and how it stands, for people; `plain` answers who does not ask for HTML. */
export function home(services: Services, plain: (c: Context) => Response) {
  const { settings } = services;

  return async function home(c: Context): Promise<Response> {
    if (!acceptsHtml(c.req.header("accept"))) {
      c.header("vary", "accept");
      return plain(c);
    }
    const lang = readLanguage(c);
    const t = texts[lang];
    const { origin } = new URL(c.req.url);
    const { active, day } = await readTableNow(services);
    const page = (
      <Layout
        lang={lang}
        title={t.title}
        description={t.description}
        path="/"
        charts={(day?.total.requests ?? 0) > 0}
        source={settings.SOURCE_URL}
      >
        <Hero lang={lang} origin={origin} active={active} />
        {active === undefined ? (
          <Notice tone="warning" title={t.databaseDown}>
            <p>{t.databaseDownText}</p>
          </Notice>
        ) : null}
        {active === undefined || day === undefined ? null : <LastDay lang={lang} active={active} day={day} />}
        <Steps lang={lang} isClosed={settings.CONTRIBUTION === "closed"} />
        <ClientSettings lang={lang} origin={origin} />
        <Privacy lang={lang} promptStore={settings.PROMPT_STORE} failuresKeptDays={settings.FAILURES_KEEP_DAYS} />
      </Layout>
    );
    return renderPage(c, page, { cache: active === undefined ? "no-store" : CACHE });
  };
}

function Hero({ lang, origin, active }: { lang: Language; origin: string; active: number | undefined }) {
  const t = texts[lang];
  const count = active === undefined ? t.countUnknown : formatNumber(active, lang);
  return (
    <div class="hero">
      <div class="hero__words">
        <h1>{t.headline}</h1>
        <p class="lead">{t.lead}</p>
        <dl class="addresses">
          <div>
            <dt>{t.geminiAddress}</dt>
            <dd>
              <Copyable lang={lang} text={origin} label={t.geminiAddress} />
            </dd>
          </div>
          <div>
            <dt>{t.openAiAddress}</dt>
            <dd>
              <Copyable lang={lang} text={`${origin}/v1`} label={t.openAiAddress} />
            </dd>
          </div>
        </dl>
        <p class="row">
          <ButtonLink href="#join">{t.join}</ButtonLink>
          <ButtonLink href="#privacy" kind="quiet">
            {t.readFirst}
          </ButtonLink>
        </p>
      </div>
      <TableScene taken={active ?? 0} label={t.tableOf(count)}>
        <strong class="scene__number">{active === undefined ? "–" : count}</strong>
        <span class="scene__label">{active === undefined ? t.countUnknown : t.keysAtTheTable(active)}</span>
      </TableScene>
    </div>
  );
}

function Steps({ lang, isClosed }: { lang: Language; isClosed: boolean }) {
  const t = texts[lang];
  return (
    <Section id="join" title={t.stepsTitle}>
      {isClosed ? (
        <Notice tone="warning" title={t.closed}>
          <p>{t.closedText}</p>
        </Notice>
      ) : null}
      <ol class="steps">
        {t.steps.map(({ title, text }) => (
          <li class="steps__step">
            <Card title={title}>
              <p>
                <Words text={text} />
              </p>
            </Card>
          </li>
        ))}
      </ol>
      <p class="row">
        <ButtonLink href={GET_A_KEY} kind="quiet" icon="key" rel="noreferrer">
          {t.getKey}
        </ButtonLink>
        <ButtonLink href="/my-key" kind="quiet" icon="search">
          {t.toMyKey}
        </ButtonLink>
      </p>
    </Section>
  );
}
