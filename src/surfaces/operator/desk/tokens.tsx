import type { Context, Hono } from "hono";
import type { Services } from "../../../services.ts";
import { renderPage } from "../../pages/page.tsx";
import { Notice } from "../../pages/parts.tsx";
import { readForm } from "../own-pages.ts";
import type { SignedIn } from "../session.ts";
import { DeskPage, say, visitorOf, type Visitor } from "./frame.tsx";
import { tokenTexts } from "./i18n/tokens.ts";
import { CreatedPage } from "./token-created.tsx";
import {
  fieldsOf,
  NO_FIELDS,
  readTerms,
  readTokenFields,
  type TokenFields,
  type TokenRow,
  type WrongField,
} from "./token-form.ts";
import { TokenForm, TokenTable } from "./token-parts.tsx";
import { RevokePage, TokenPage } from "./token.tsx";

const ONE = "/tokens/:id{[0-9]{1,15}}";

/** `/admin/tokens`: who may call without a key. */
export function tokenPages(desk: Hono<SignedIn>, { access, clock }: Services): void {
  const find = async (c: Context) => {
    const id = Number(c.req.param("id"));
    return (await access.list()).find((row) => row.id === id);
  };

  desk.get("/tokens", async (c) => {
    const isRevoked = c.req.query("revoked") !== undefined;
    return showList(c, { rows: await access.list(), now: clock(), isRevoked, fields: NO_FIELDS, wrong: undefined });
  });

  desk.post("/tokens", async (c) => {
    const fields = readTokenFields(await readForm(c));
    const reading = readTerms(fields, clock());
    if (reading.kind === "wrong") {
      return showList(c, { rows: await access.list(), now: clock(), isRevoked: false, fields, wrong: reading.field });
    }
    const { token, row } = await access.create(reading.terms);
    const { origin } = new URL(c.req.url);
    const visitor = { ...visitorOf(c), path: "/admin/tokens" };
    return renderPage(c, <CreatedPage {...visitor} token={token.reveal()} row={row} origin={origin} />);
  });

  desk.get(ONE, async (c) => {
    const row = await find(c);
    if (row === undefined) return say(c, "notFound", 404);
    const isChanged = c.req.query("changed") !== undefined;
    return showOne(c, { row, now: clock(), isChanged, fields: fieldsOf(row), wrong: undefined });
  });

  desk.post(ONE, async (c) => {
    const row = await find(c);
    if (row === undefined || row.revokedAt !== null) return say(c, "notFound", 404);
    const fields = readTokenFields(await readForm(c));
    const reading = readTerms(fields, clock(), row);
    if (reading.kind === "wrong") {
      return showOne(c, { row, now: clock(), isChanged: false, fields, wrong: reading.field });
    }
    const { limitPeriod, ...terms } = reading.terms;
    // Another period begins to count anew, so the same one is not named.
    await access.change(row.id, limitPeriod === row.limitPeriod ? terms : reading.terms);
    return c.redirect(`/admin/tokens/${row.id}?changed`, 303);
  });

  desk.post(`${ONE}/revoke`, async (c) => {
    const row = await find(c);
    if (row === undefined) return say(c, "notFound", 404);
    if ((await readForm(c)).get("confirmed") !== "yes") {
      return renderPage(c, <RevokePage {...visitorOf(c)} path={`/admin/tokens/${row.id}`} row={row} />);
    }
    await access.revoke(row.id);
    return c.redirect("/admin/tokens?revoked", 303);
  });
}

interface FormState {
  now: number;
  fields: TokenFields;
  wrong: WrongField | undefined;
}

function showOne(c: Context<SignedIn>, state: FormState & { row: TokenRow; isChanged: boolean }) {
  const visitor = { ...visitorOf(c), path: `/admin/tokens/${state.row.id}` };
  return renderPage(c, <TokenPage {...visitor} {...state} />, { status: state.wrong === undefined ? 200 : 422 });
}

type ListState = FormState & { rows: readonly TokenRow[]; isRevoked: boolean };

function showList(c: Context<SignedIn>, state: ListState) {
  const visitor = { ...visitorOf(c), path: "/admin/tokens" };
  return renderPage(c, <TokensPage {...visitor} {...state} />, { status: state.wrong === undefined ? 200 : 422 });
}

function TokensPage({ rows, now, isRevoked, fields, wrong, ...visitor }: Visitor & ListState) {
  const { lang, csrf } = visitor;
  const t = tokenTexts[lang];
  return (
    <DeskPage {...visitor} title={t.title}>
      <h1>{t.title}</h1>
      <p class="lead">{t.lead}</p>
      {isRevoked ? <Notice tone="good">{t.revoked}</Notice> : null}
      {rows.length === 0 ? <Notice tone="plain">{t.none}</Notice> : <TokenTable lang={lang} rows={rows} now={now} />}
      <section class="card desk-create" aria-labelledby="create">
        <h2 class="desk-h2" id="create">
          {t.createTitle}
        </h2>
        <TokenForm lang={lang} csrf={csrf} action="/admin/tokens" button={t.create} fields={fields} wrong={wrong} />
      </section>
    </DeskPage>
  );
}
