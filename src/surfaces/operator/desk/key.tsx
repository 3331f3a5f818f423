import type { Context, Hono } from "hono";
import type { DeskDetail } from "../../../pool/desk.ts";
import type { Services } from "../../../services.ts";
import { formatNumber } from "../../pages/format.ts";
import { renderPage } from "../../pages/page.tsx";
import { Button, Card, Field, Notice, TableBox } from "../../pages/parts.tsx";
import { readForm } from "../own-pages.ts";
import type { SignedIn } from "../session.ts";
import { Csrf, DeskPage, say, visitorOf, type Visitor } from "./frame.tsx";
import { frameTexts } from "./i18n/frame.ts";
import { workTexts } from "./i18n/key-work.ts";
import { keyTexts } from "./i18n/keys.ts";
import { KeyStatus, Reason } from "./key-status.tsx";
import { KeyWorkDialog, WorkButtons } from "./key-work-bar.tsx";
import { lasting, When } from "./when.tsx";

/** As in the JSON twin. */
const MAX_NOTE = 500;

/** `/admin/keys/{id}`: all that is known of one key, its note, and what can be done with it. */
export function keyPages(desk: Hono<SignedIn>, { desk: keys, clock }: Services): void {
  desk.get("/keys/:id{[0-9]{1,15}}", async (c) => {
    const found = await keys.find(Number(c.req.param("id")));
    return found === undefined ? say(c, "notFound", 404) : show(c, found, clock(), c.req.query("saved") !== undefined);
  });

  desk.post("/keys/:id{[0-9]{1,15}}/note", async (c) => {
    const id = Number(c.req.param("id"));
    const given = (await readForm(c)).get("note");
    const note = typeof given === "string" ? given.replaceAll("\r\n", "\n").trim() : "";
    const found = await keys.find(id);
    if (found === undefined) return say(c, "notFound", 404);
    if (note.length > MAX_NOTE) return show(c, { ...found, note }, clock(), false, true);
    await keys.note(id, note);
    return c.redirect(`/admin/keys/${id}?saved`, 303);
  });
}

function show(c: Context<SignedIn>, row: DeskDetail, now: number, isSaved: boolean, isTooLong = false) {
  const visitor = { ...visitorOf(c), path: `/admin/keys/${row.id}` };
  const page = <KeyPage {...visitor} row={row} now={now} isSaved={isSaved} isTooLong={isTooLong} />;
  return renderPage(c, page, { status: isTooLong ? 422 : 200 });
}

interface KeyPageProps extends Visitor {
  row: DeskDetail;
  now: number;
  isSaved: boolean;
  isTooLong: boolean;
}

function KeyPage({ row, now, isSaved, isTooLong, ...visitor }: KeyPageProps) {
  const { lang, csrf } = visitor;
  const t = keyTexts[lang];
  return (
    <DeskPage {...visitor} title={t.keyTitle(row.id)} scripts={["desk-keys.js"]}>
      <p class="desk-up small">
        <a href="/admin/keys">{workTexts[lang].backToKeys}</a>
      </p>
      <h1 class="desk-title">
        {t.keyTitle(row.id)} <span class="mono soft desk-end">{row.lastFour === "" ? "" : `…${row.lastFour}`}</span>{" "}
        <KeyStatus row={row} lang={lang} />
      </h1>
      {isSaved ? <Notice tone="good">{t.noteSaved}</Notice> : null}
      <div class="desk-columns">
        <div class="stack">
          <Facts row={row} lang={lang} now={now} />
          <Coolings row={row} lang={lang} now={now} />
          <Models row={row} lang={lang} />
        </div>
        <div class="stack">
          <Card title={workTexts[lang].actionsTitle}>
            <form method="post" action="/admin/keys/actions" data-key-work>
              <Csrf token={csrf} />
              <input type="hidden" name="ids" value={row.id} />
              <WorkButtons lang={lang} />
            </form>
            <p class="desk-below small">
              <a href={`/admin/failures?key=${row.id}`}>{t.failuresLink}</a>
            </p>
          </Card>
          <Card>
            <form class="stack" method="post" action={`/admin/keys/${row.id}/note`}>
              <Csrf token={csrf} />
              <Field id="note" label={t.note} hint={t.noteHint} error={isTooLong ? t.noteTooLong : undefined}>
                <textarea
                  class="textarea"
                  id="note"
                  name="note"
                  maxlength={MAX_NOTE}
                  rows={4}
                  aria-describedby={isTooLong ? "note-hint note-error" : "note-hint"}
                >
                  {row.note ?? ""}
                </textarea>
              </Field>
              <Button type="submit" kind="quiet">
                {t.saveNote}
              </Button>
            </form>
          </Card>
        </div>
      </div>
      <KeyWorkDialog lang={lang} />
    </DeskPage>
  );
}

type PartProps = Pick<Visitor, "lang"> & { row: DeskDetail };

function Facts({ row, lang, now }: PartProps & { now: number }) {
  const { facts, origin, left } = keyTexts[lang];
  const t = frameTexts[lang];
  return (
    <div class="card">
      <dl class="facts">
        <dt>{facts.reason}</dt>
        <dd>
          <Reason reason={row.reason} lang={lang} />
        </dd>
        <dt>{facts.words}</dt>
        <dd>{row.words ?? t.nothing}</dd>
        <dt>{facts.changed}</dt>
        <dd>
          <When at={row.statusChangedAt} lang={lang} />
        </dd>
        {row.restingUntil === null ? null : (
          <>
            <dt>{facts.resting}</dt>
            <dd>
              <When at={row.restingUntil} lang={lang} /> · {left(lasting(row.restingUntil - now, lang))}
            </dd>
          </>
        )}
        {row.recheckAt === null ? null : (
          <>
            <dt>{facts.recheck}</dt>
            <dd>
              <When at={row.recheckAt} lang={lang} />
            </dd>
          </>
        )}
        <dt>{facts.uses}</dt>
        <dd>{formatNumber(row.uses, lang)}</dd>
        <dt>{facts.errors}</dt>
        <dd>{formatNumber(row.errors, lang)}</dd>
        <dt>{facts.origin}</dt>
        <dd>{origin[row.origin]}</dd>
        <dt>{facts.contributed}</dt>
        <dd>
          <When at={row.contributedAt} lang={lang} />
        </dd>
        <dt>{facts.lastSeen}</dt>
        <dd>
          <When at={row.lastSeenAt} lang={lang} />
        </dd>
        <dt>{facts.lastUsed}</dt>
        <dd>{row.lastUsedAt === null ? t.never : <When at={row.lastUsedAt} lang={lang} />}</dd>
      </dl>
    </div>
  );
}

function Coolings({ row, lang, now }: PartProps & { now: number }) {
  const t = keyTexts[lang];
  return (
    <div>
      <h2 class="desk-h2">{t.coolings}</h2>
      {row.coolings.length === 0 ? (
        <p class="soft">{t.noCoolings}</p>
      ) : (
        <TableBox label={t.coolings}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t.model}</th>
                <th scope="col">{t.why}</th>
                <th scope="col">{t.until}</th>
              </tr>
            </thead>
            <tbody>
              {row.coolings.map(({ model, kind, until }) => (
                <tr>
                  <th scope="row" class="mono">
                    {model}
                  </th>
                  <td>{t.coolingKind[kind]}</td>
                  <td>
                    <When at={until} lang={lang} /> <span class="soft">· {t.left(lasting(until - now, lang))}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableBox>
      )}
    </div>
  );
}

function Models({ row, lang }: PartProps) {
  const t = keyTexts[lang];
  return (
    <div>
      <h2 class="desk-h2">{t.models}</h2>
      {row.models.length === 0 ? (
        <p class="soft">{t.noModels}</p>
      ) : (
        <TableBox label={t.models}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t.model}</th>
                <th scope="col" class="is-number">
                  {t.columns.uses}
                </th>
                <th scope="col" class="is-number">
                  {t.columns.errors}
                </th>
                <th scope="col">{t.last}</th>
              </tr>
            </thead>
            <tbody>
              {row.models.map(({ model, uses, errors, lastAt }) => (
                <tr>
                  <th scope="row" class="mono">
                    {model}
                  </th>
                  <td class="is-number">{formatNumber(uses, lang)}</td>
                  <td class="is-number">{formatNumber(errors, lang)}</td>
                  <td>
                    <When at={lastAt} lang={lang} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableBox>
      )}
    </div>
  );
}
