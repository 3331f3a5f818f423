import type { Context, Hono } from "hono";
import { KEY_PATTERNS } from "../../../ingress/pasted-keys.ts";
import type { ImportReport } from "../../../relay/desk-import.ts";
import type { Services } from "../../../services.ts";
import { formatNumber } from "../../pages/format.ts";
import { JsonBlock } from "../../pages/json-block.tsx";
import type { Language } from "../../pages/language.ts";
import { renderPage } from "../../pages/page.tsx";
import { Button, ButtonLink, Field, Notice, TableBox } from "../../pages/parts.tsx";
import { readForm } from "../own-pages.ts";
import type { SignedIn } from "../session.ts";
import { Csrf, DeskPage, visitorOf, type Visitor } from "./frame.tsx";
import { frameTexts } from "./i18n/frame.ts";
import { importTexts } from "./i18n/import.ts";
import { longWorkTexts } from "./i18n/long-work.ts";

/** Some 2,400 keys. Each step of the form brings the whole text again, and reading more of it may take too much CPU. */
const MAX_TEXT = 100_000;
/** As in the JSON twin. */
const MAX_NOTE = 500;
const MAX_SHOWN = 200;

const COUNTS = ["found", "duplicates", "new", "restored", "known", "withdrawn", "waiting"] as const;

/**
 * `/admin/keys/import`: keys in any text. The script finds them and calls the JSON twin with some after the other; without
 * it the form does a step and asks for the same text again, because a page must not carry keys back.
 */
export function importPages(desk: Hono<SignedIn>, { desk: keys }: Services): void {
  desk.get("/keys/import", (c) => show(c, {}));

  desk.post("/keys/import", async (c) => {
    const form = await readForm(c);
    const { lang } = visitorOf(c);
    const t = importTexts[lang];
    const text = textOf(form, "text");
    if (text.length > MAX_TEXT) return show(c, { error: t.tooLong(formatNumber(MAX_TEXT, lang)) });
    const note = textOf(form, "note").slice(0, MAX_NOTE).trim();
    const after = Number(/^\d{1,7}$/.exec(textOf(form, "after"))?.[0] ?? 0);
    const report = await keys.importKeys(text, note === "" ? null : note, after);
    return report.found === 0 ? show(c, { error: t.nothing }) : show(c, { report, note });
  });
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

interface Outcome {
  error?: string;
  report?: ImportReport;
  note?: string;
}

function show(c: Context<SignedIn>, outcome: Outcome) {
  const visitor = { ...visitorOf(c), path: "/admin/keys/import" };
  const status = outcome.error === undefined ? 200 : 422;
  return renderPage(c, <ImportPage {...visitor} {...outcome} />, { status });
}

function ImportPage({ error, report, note, ...visitor }: Visitor & Outcome) {
  const { lang, csrf } = visitor;
  const t = importTexts[lang];
  const work = longWorkTexts[lang];
  const after = report?.after ?? null;
  return (
    <DeskPage {...visitor} title={t.title} scripts={["desk-import.js"]}>
      <h1>{t.title}</h1>
      <p class="lead">{t.lead}</p>
      <div class="desk-columns">
        <form class="card stack" method="post" action="/admin/keys/import" data-import>
          <Csrf token={csrf} />
          {after === null ? null : <input type="hidden" name="after" value={after} />}
          <Field id="text" label={t.text} hint={t.textHint(formatNumber(MAX_TEXT, lang))} error={error}>
            <textarea
              class="textarea textarea--mono desk-paste"
              id="text"
              name="text"
              rows={12}
              required
              autocomplete="off"
              spellcheck={false}
              aria-describedby={error === undefined ? "text-hint" : "text-hint text-error"}
            ></textarea>
          </Field>
          <Field id="note" label={t.note} hint={t.noteHint}>
            <input
              class="input"
              id="note"
              name="note"
              type="text"
              maxlength={MAX_NOTE}
              value={note}
              aria-describedby="note-hint"
            />
          </Field>
          <Notice tone="plain">{t.consent}</Notice>
          <Button type="submit" icon="search">
            {t.begin}
          </Button>
        </form>
        <section class="card stack" aria-labelledby="report-title" data-import-report hidden={report === undefined}>
          <h2 class="desk-h2" id="report-title" data-import-title>
            {after === null ? t.finished : t.report}
          </h2>
          <div data-import-progress hidden>
            <progress value={0} max={1} aria-labelledby="report-title" data-import-bar></progress>
            <p class="row row--spread small">
              <span class="soft" role="status" data-import-count></span>
              <Button kind="quiet" small data-import-stop>
                {work.stop}
              </Button>
            </p>
          </div>
          <p role="status" data-import-wait hidden></p>
          {report !== undefined && after !== null ? (
            <Notice tone="info">{t.goOn(after, report.remaining)}</Notice>
          ) : null}
          <Report lang={lang} report={report ?? EMPTY} />
          <p class="small soft" data-import-repeated hidden>
            {work.repeated}
          </p>
          <p data-import-sign-in hidden>
            <ButtonLink href="/admin/sign-in?to=%2Fadmin%2Fkeys%2Fimport">{frameTexts[lang].signInAgain}</ButtonLink>
          </p>
          <p class="row">
            <Button data-import-go-on hidden>
              {work.goOn}
            </Button>
            <ButtonLink kind="quiet" href="/admin/keys?sort=contributed&order=desc">
              {t.toKeys}
            </ButtonLink>
          </p>
        </section>
      </div>
      <JsonBlock
        data={{
          working: t.working,
          progress: t.progress,
          finished: t.finished,
          stopped: t.stopped,
          failedStep: t.failedStep,
          sessionOver: frameTexts[lang].sessionOver,
          noAnswer: work.noAnswer,
          retrying: work.retrying,
          nothing: t.nothing,
          findings: t.findings,
          patterns: KEY_PATTERNS,
        }}
        data-import-texts
      />
    </DeskPage>
  );
}

const EMPTY: ImportReport = {
  found: 0,
  duplicates: 0,
  new: 0,
  restored: 0,
  known: 0,
  withdrawn: 0,
  waiting: 0,
  rejected: [],
  remaining: 0,
  after: null,
};

function Report({ lang, report }: { lang: Language; report: ImportReport }) {
  const t = importTexts[lang];
  const findings: Record<string, string> = t.findings;
  return (
    <>
      <dl class="facts desk-report">
        {COUNTS.map((name) => (
          <>
            <dt>{t[name]}</dt>
            <dd data-import-value={name}>{formatNumber(report[name], lang)}</dd>
          </>
        ))}
        <dt>{t.rejected}</dt>
        <dd data-import-value="rejected">{formatNumber(report.rejected.length, lang)}</dd>
      </dl>
      <div data-import-rejected hidden={report.rejected.length === 0}>
        <TableBox label={t.rejectedList}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t.end}</th>
                <th scope="col">{t.why}</th>
              </tr>
            </thead>
            <tbody data-import-rows>
              {report.rejected.slice(0, MAX_SHOWN).map(({ lastFour, why }) => (
                <tr>
                  <th scope="row" class="mono">
                    …{lastFour}
                  </th>
                  <td>{Object.hasOwn(findings, why) ? findings[why] : why}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableBox>
      </div>
    </>
  );
}
