import { Hono, type Context } from "hono";
import { causeOf } from "../../log.ts";
import type { Services } from "../../services.ts";
import type { Visit } from "../visit.ts";
import { acceptsHtml } from "./accepts-html.ts";
import { errors as texts } from "./i18n/errors.ts";
import { readLanguage } from "./language.ts";
import { Layout } from "./layout.tsx";
import { renderPage } from "./page.tsx";
import { ButtonLink } from "./parts.tsx";

/** Below these a client has lost its way, not a person: it gets the API's words, in its dialect. */
const OF_AN_API = /^\/+(?:v1|v1beta|v1alpha|openai|hf|upload|ws|api)(?:\/|$)/;

/** A page for people who typed a wrong address into a browser; everything else gets the API's answer. */
export function orLostPage({ settings }: Services, answerApi: (visit: Visit) => Promise<Response>) {
  const lost = new Hono().all("*", (c) => errorPage(c, "notFound", settings.SOURCE_URL));

  async function answerPerson(visit: Visit): Promise<Response> {
    const response = await answerApi(visit);
    // `about` is set as soon as a path is one of the API's: then the 404 is not ours to put into other words.
    return response.status === 404 && visit.about === undefined ? lost.fetch(visit.request) : response;
  }

  return function orLostPage(visit: Visit): Promise<Response> {
    return isForAPerson(visit.request) ? answerPerson(visit) : answerApi(visit);
  };
}

/** The answer for a page that failed; what no person asked for is left to the front door. */
export function pageFailed({ settings, log }: Services) {
  return function pageFailed(error: Error, c: Context): Response | Promise<Response> {
    if (!isForAPerson(c.req.raw)) throw error;
    log("error", "page.failed", { cause: causeOf(error), name: error.name });
    return errorPage(c, "failed", settings.SOURCE_URL);
  };
}

function isForAPerson({ method, headers, url }: Request): boolean {
  return method === "GET" && acceptsHtml(headers.get("accept")) && !OF_AN_API.test(new URL(url).pathname);
}

function errorPage(c: Context, kind: "notFound" | "failed", source: string): Response | Promise<Response> {
  const lang = readLanguage(c);
  const t = texts[lang];
  const page = (
    <Layout lang={lang} title={t[kind]} path={c.req.path} source={source}>
      <div class="lost">
        <LostPlate />
        <h1>{t[kind]}</h1>
        <p class="lead">{kind === "notFound" ? t.notFoundText : t.failedText}</p>
        <p>
          <ButtonLink href="/">{t.home}</ButtonLink>
        </p>
      </div>
    </Layout>
  );
  return renderPage(c, page, { status: kind === "notFound" ? 404 : 503 });
}

/** An empty plate between a fork and a knife. */
function LostPlate() {
  return (
    <svg class="lost__plate" viewBox="0 0 220 140" width="220" height="140" aria-hidden="true" focusable="false">
      <circle class="plate" cx="110" cy="70" r="56" />
      <circle class="plate__rim" cx="110" cy="70" r="40" />
      <path class="lost__cutlery" d="M14 22v26a9 9 0 0 0 18 0V22M23 22v96M200 22c-12 8-14 34-6 46h6zM200 68v50" />
    </svg>
  );
}
