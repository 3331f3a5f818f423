import { formatNumber } from "../../pages/format.ts";
import { Button, ButtonLink, Card, Notice } from "../../pages/parts.tsx";
import { Csrf, DeskPage, type Visitor } from "./frame.tsx";
import { tokenTexts } from "./i18n/tokens.ts";
import type { TokenFields, TokenRow, WrongField } from "./token-form.ts";
import { LimitWords, TokenForm, TokenStatePill } from "./token-parts.tsx";
import { When } from "./when.tsx";

interface TokenPageProps extends Visitor {
  row: TokenRow;
  now: number;
  isChanged: boolean;
  fields: TokenFields;
  wrong: WrongField | undefined;
}

/** One token: what it did, and its terms. A revoked one only to be looked at. */
export function TokenPage({ row, now, isChanged, fields, wrong, ...visitor }: TokenPageProps) {
  const { lang, csrf } = visitor;
  const t = tokenTexts[lang];
  const address = `/admin/tokens/${row.id}`;
  return (
    <DeskPage {...visitor} title={t.tokenTitle(row.name)}>
      <p class="desk-up small">
        <a href="/admin/tokens">{t.back}</a>
      </p>
      <h1 class="desk-title">
        {row.name} <span class="mono soft desk-end">…{row.lastFour}</span>{" "}
        <TokenStatePill lang={lang} row={row} now={now} />
      </h1>
      {isChanged ? <Notice tone="good">{t.changed}</Notice> : null}
      <div class="desk-columns">
        {row.revokedAt === null ? (
          <Card>
            <TokenForm lang={lang} csrf={csrf} action={address} button={t.change} fields={fields} wrong={wrong} />
          </Card>
        ) : (
          <Notice tone="plain">{t.revoked}</Notice>
        )}
        <div class="stack">
          <Facts row={row} lang={lang} />
          {row.revokedAt === null ? (
            <form method="post" action={`${address}/revoke`}>
              <Csrf token={csrf} />
              <Button type="submit" kind="danger">
                {t.revoke}
              </Button>
            </form>
          ) : null}
        </div>
      </div>
    </DeskPage>
  );
}

function Facts({ row, lang }: Pick<Visitor, "lang"> & { row: TokenRow }) {
  const t = tokenTexts[lang];
  return (
    <Card>
      <dl class="facts">
        <dt>{t.limit}</dt>
        <dd>
          <LimitWords lang={lang} row={row} />
        </dd>
        <dt>{t.uses}</dt>
        <dd>{formatNumber(row.uses, lang)}</dd>
        <dt>{t.lastUsed}</dt>
        <dd>{row.lastUsedAt === null ? t.never : <When at={row.lastUsedAt} lang={lang} />}</dd>
        <dt>{t.created}</dt>
        <dd>
          <When at={row.createdAt} lang={lang} />
        </dd>
        {row.revokedAt === null ? null : (
          <>
            <dt>{t.states.revoked}</dt>
            <dd>
              <When at={row.revokedAt} lang={lang} />
            </dd>
          </>
        )}
      </dl>
      <p class="small">
        <a href={`/admin/failures?token=${row.id}`}>{t.failuresLink}</a>
      </p>
    </Card>
  );
}

/** Asks before a token ends. */
export function RevokePage({ row, ...visitor }: Visitor & { row: TokenRow }) {
  const { lang, csrf } = visitor;
  const t = tokenTexts[lang];
  return (
    <DeskPage {...visitor} title={t.revoke}>
      <div class="desk-narrow stack">
        <h1>{t.revokeTitle(row.name)}</h1>
        <Notice tone="warning">{t.revokeText}</Notice>
        <form class="row" method="post" action={`/admin/tokens/${row.id}/revoke`}>
          <Csrf token={csrf} />
          <input type="hidden" name="confirmed" value="yes" />
          <Button type="submit" kind="danger">
            {t.revoke}
          </Button>
          <ButtonLink kind="quiet" href={`/admin/tokens/${row.id}`}>
            {t.cancel}
          </ButtonLink>
        </form>
      </div>
    </DeskPage>
  );
}
