import type { Hono } from "hono";
import type { FailurePage } from "../../../records/records.ts";
import type { Services } from "../../../services.ts";
import { Icon } from "../../pages/icons.tsx";
import type { Language } from "../../pages/language.ts";
import { renderPage } from "../../pages/page.tsx";
import { Button, ButtonLink, Field, Notice } from "../../pages/parts.tsx";
import type { SignedIn } from "../session.ts";
import {
  failuresPath,
  newerPath,
  olderPath,
  readFailureFields,
  toFailureQuery,
  type FailureFields,
} from "./failure-query.ts";
import { FailureTable } from "./failure-table.tsx";
import { DeskPage, visitorOf, type Visitor } from "./frame.tsx";
import { failureTexts } from "./i18n/failures.ts";

/** `/admin/failures`: the log of failed attempts, with filters. */
export function failurePages(desk: Hono<SignedIn>, { records }: Services): void {
  desk.get("/failures", async (c) => {
    const { searchParams } = new URL(c.req.url);
    const fields = readFailureFields(searchParams);
    const found = await records.failures(toFailureQuery(fields));
    const visitor = { ...visitorOf(c), path: failuresPath(fields) };
    return renderPage(c, <FailuresPage {...visitor} fields={fields} found={found} />);
  });
}

interface FailuresPageProps extends Visitor {
  fields: FailureFields;
  found: FailurePage;
}

function FailuresPage({ fields, found, ...visitor }: FailuresPageProps) {
  const { lang } = visitor;
  const t = failureTexts[lang];
  const { before, trail: _trail, ...filter } = fields;
  const newer = newerPath(fields);
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  return (
    <DeskPage {...visitor} title={t.title}>
      <h1>{t.title}</h1>
      <p class="lead">
        {t.lead} <a href="/admin/settings#FAILURES_KEEP_DAYS">{t.settingsLink}</a>
      </p>
      <Filters lang={lang} fields={fields} isFiltered={isFiltered} />
      {found.rows.length === 0 ? (
        <Notice tone="plain">{found.next === null ? t.none : t.noneHere}</Notice>
      ) : (
        <FailureTable lang={lang} rows={found.rows} />
      )}
      <nav class="row desk-pages" aria-label={t.title}>
        {before === undefined ? null : (
          <ButtonLink kind="quiet" href={failuresPath(filter)}>
            {t.newest}
          </ButtonLink>
        )}
        {newer === undefined ? null : (
          <ButtonLink kind="quiet" href={newer} rel="prev">
            {t.newer}
          </ButtonLink>
        )}
        {found.next === null ? null : (
          <ButtonLink kind="quiet" href={olderPath(fields, found.next)} icon="arrow" rel="next">
            {t.older}
          </ButtonLink>
        )}
      </nav>
    </DeskPage>
  );
}

interface FiltersProps {
  lang: Language;
  fields: FailureFields;
  isFiltered: boolean;
}

function Filters({ lang, fields, isFiltered }: FiltersProps) {
  const t = failureTexts[lang];
  return (
    <details class="card desk-fold" open={isFiltered}>
      <summary>
        <Icon name="search" /> {t.filter}
      </summary>
      <form class="desk-filter" method="get" action="/admin/failures" role="search">
        <TextField id="text" label={t.text} value={fields.text} maxlength={100} />
        <Field id="verdict" label={t.verdict}>
          <select class="select" id="verdict" name="verdict">
            <option value="">{t.anyVerdict}</option>
            {Object.entries(t.verdicts).map(([name, label]) => (
              <option value={name} selected={name === fields.verdict}>
                {label}
              </option>
            ))}
          </select>
        </Field>
        <TextField id="model" label={t.model} value={fields.model} maxlength={100} />
        <TextField id="status" label={t.status} value={fields.status} isNumber maxlength={3} />
        <TextField id="key" label={t.key} value={fields.key} isNumber maxlength={15} />
        <TextField id="token" label={t.token} value={fields.token} isNumber maxlength={15} />
        <Field id="from" label={t.from}>
          <input class="input" id="from" name="from" type="datetime-local" value={fields.from} />
        </Field>
        <Field id="to" label={t.to}>
          <input class="input" id="to" name="to" type="datetime-local" value={fields.to} />
        </Field>
        <div class="row desk-filter__end">
          <Button type="submit" kind="quiet" icon="search">
            {t.filter}
          </Button>
          {isFiltered ? <a href="/admin/failures">{t.clear}</a> : null}
        </div>
      </form>
    </details>
  );
}

interface TextFieldProps {
  id: string;
  label: string;
  value: string | number | undefined;
  isNumber?: boolean;
  maxlength: number;
}

function TextField({ id, label, value, isNumber = false, maxlength }: TextFieldProps) {
  return (
    <Field id={id} label={label}>
      <input
        class="input"
        id={id}
        name={id}
        type="text"
        value={value}
        maxlength={maxlength}
        autocomplete="off"
        spellcheck={false}
        {...(isNumber ? { inputmode: "numeric", pattern: "[0-9]*" } : {})}
      />
    </Field>
  );
}
