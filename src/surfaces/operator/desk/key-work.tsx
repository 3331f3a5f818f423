import type { Context, Hono } from "hono";
import type { DeskAction } from "../../../relay/desk.ts";
import type { Services } from "../../../services.ts";
import { renderPage } from "../../pages/page.tsx";
import { Button, ButtonLink, Notice } from "../../pages/parts.tsx";
import { readForm } from "../own-pages.ts";
import type { SignedIn } from "../session.ts";
import { Csrf, DeskPage, visitorOf, type Visitor } from "./frame.tsx";
import { frameTexts } from "./i18n/frame.ts";
import { workTexts } from "./i18n/key-work.ts";
import { longWorkTexts } from "./i18n/long-work.ts";
import { filterOf, keysPath, readKeyQuery } from "./key-query.ts";
import { FilterFields } from "./key-work-bar.tsx";
import { readWork, type Work } from "./work-form.ts";

/** What earlier steps of the same work came to. */
interface Sums {
  done: number;
  failed: number;
  skipped: number;
}

/**
 * `POST /admin/keys/actions`: the way without JavaScript. A page asks first; each step that follows does up to 500 keys
 * and says how to go on.
 */
export function keyWorkPages(desk: Hono<SignedIn>, { desk: keys }: Services): void {
  desk.post("/keys/actions", async (c) => {
    const form = await readForm(c);
    const work = readWork(form);
    const visitor = visitorOf(c);
    if (work === undefined) return problem(c, visitor, workTexts[visitor.lang].chooseFirst);
    const counted =
      "ids" in work.selection ? work.selection.ids.length : (await keys.list(work.selection.filter))?.total;
    if (form.get("confirmed") !== "yes") {
      return renderPage(c, <ConfirmPage {...visitor} work={work} count={counted ?? 0} />);
    }
    const report = await keys.act(work, (promise) => c.executionCtx.waitUntil(promise));
    if (report === undefined) return problem(c, visitor, workTexts[visitor.lang].stepLost);
    const sums = {
      done: report.done + numberIn(form, "done"),
      failed: report.failed + numberIn(form, "failed"),
      skipped: report.skipped + numberIn(form, "skipped"),
    };
    return renderPage(c, <ResultPage {...visitor} work={work} sums={sums} next={report.next} total={report.total} />);
  });
}

function problem(c: Context<SignedIn>, visitor: Visitor, text: string) {
  const t = workTexts[visitor.lang];
  const page = (
    <DeskPage {...visitor} path="/admin/keys" title={t.actionsTitle}>
      <div class="desk-narrow stack">
        <h1>{t.actionsTitle}</h1>
        <Notice tone="warning">{text}</Notice>
        <ButtonLink kind="quiet" href="/admin/keys">
          {t.backToKeys}
        </ButtonLink>
      </div>
    </DeskPage>
  );
  return renderPage(c, page, { status: 422 });
}

function ConfirmPage({ work, count, ...visitor }: Visitor & { work: Work; count: number }) {
  const { lang, csrf } = visitor;
  const t = workTexts[lang];
  return (
    <DeskPage {...visitor} path="/admin/keys" title={t.actions[work.action]}>
      <div class="desk-narrow stack">
        <h1>{t.confirm[work.action](count)}</h1>
        <p class="lead">{t.actionMeaning[work.action]}</p>
        {"filter" in work.selection ? <Notice tone="warning">{t.confirmAll}</Notice> : null}
        <form class="row" method="post" action="/admin/keys/actions">
          <WorkFields work={work} csrf={csrf} />
          <Button type="submit" kind={isHarsh(work.action) ? "danger" : "primary"}>
            {t.actions[work.action]}
          </Button>
          <ButtonLink kind="quiet" href={backOf(work)}>
            {frameTexts[lang].cancel}
          </ButtonLink>
        </form>
      </div>
    </DeskPage>
  );
}

interface ResultProps extends Visitor {
  work: Work;
  sums: Sums;
  next: string | null;
  total: number;
}

function ResultPage({ work, sums, next, total, ...visitor }: ResultProps) {
  const { lang, csrf } = visitor;
  const t = workTexts[lang];
  const looked = sums.done + sums.failed + sums.skipped;
  return (
    <DeskPage {...visitor} path="/admin/keys" title={t.actions[work.action]}>
      <div class="desk-narrow stack">
        <h1>{t.actions[work.action]}</h1>
        <Notice tone={next === null ? "good" : "info"} {...(next === null ? { title: t.finished } : {})}>
          <ul class="desk-plain">
            <li>{t.resultDone[work.action](sums.done)}</li>
            {sums.failed === 0 ? null : <li>{t.resultFailed(sums.failed)}</li>}
            {sums.skipped === 0 ? null : <li>{t.resultSkipped(sums.skipped)}</li>}
          </ul>
        </Notice>
        {next === null ? null : (
          <form class="stack" method="post" action="/admin/keys/actions">
            <p>{t.goOnText(looked, total)}</p>
            <WorkFields work={work} csrf={csrf} />
            <input type="hidden" name="after" value={next} />
            {Object.entries(sums).map(([name, value]) => (
              <input type="hidden" name={name} value={value} />
            ))}
            <Button type="submit">{longWorkTexts[lang].goOn}</Button>
          </form>
        )}
        <ButtonLink kind="quiet" href={backOf(work)}>
          {t.backToKeys}
        </ButtonLink>
      </div>
    </DeskPage>
  );
}

function WorkFields({ work, csrf }: { work: Work; csrf: string }) {
  return (
    <>
      <Csrf token={csrf} />
      <input type="hidden" name="confirmed" value="yes" />
      <input type="hidden" name="action" value={work.action} />
      {work.forMs === undefined ? null : <input type="hidden" name="forMs" value={work.forMs} />}
      {"ids" in work.selection ? (
        work.selection.ids.map((id) => <input type="hidden" name="ids" value={id} />)
      ) : (
        <>
          <input type="hidden" name="all" value="1" />
          <FilterFields filter={work.selection.filter} />
        </>
      )}
    </>
  );
}

function isHarsh(action: DeskAction): boolean {
  return action === "delete" || action === "retire";
}

/** Where the work was begun: one key's page, or the list with its filter. */
function backOf({ selection }: Work): string {
  if ("filter" in selection) {
    return keysPath({ ...readKeyQuery(new URLSearchParams()), ...filterOf(readKeyQuery(fieldsOf(selection.filter))) });
  }
  return selection.ids.length === 1 ? `/admin/keys/${selection.ids[0]}` : "/admin/keys";
}

function fieldsOf(filter: object): URLSearchParams {
  return new URLSearchParams(
    Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function numberIn(form: FormData, name: string): number {
  const value = form.get(name);
  return typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : 0;
}
