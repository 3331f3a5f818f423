import { formatNumber } from "../../pages/format.ts";
import type { Language } from "../../pages/language.ts";
import { Button, Field, Pill, TableBox, type Tone } from "../../pages/parts.tsx";
import { Csrf } from "./frame.tsx";
import { tokenTexts } from "./i18n/tokens.ts";
import { stateOf, type TokenFields, type TokenRow, type TokenState, type WrongField } from "./token-form.ts";
import { When } from "./when.tsx";

const TONES: Record<TokenState, Tone> = { good: "good", expired: "warning", revoked: "plain", used_up: "warning" };

export function TokenStatePill({ lang, row, now }: { lang: Language; row: TokenRow; now: number }) {
  const state = stateOf(row, now);
  return <Pill tone={TONES[state]}>{tokenTexts[lang].states[state]}</Pill>;
}

export function TokenTable({ lang, rows, now }: { lang: Language; rows: readonly TokenRow[]; now: number }) {
  const t = tokenTexts[lang];
  return (
    <TableBox label={t.tableLabel}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t.name}</th>
            <th scope="col">{t.end}</th>
            <th scope="col">{t.state}</th>
            <th scope="col">{t.models}</th>
            <th scope="col">{t.limit}</th>
            <th scope="col" class="is-number">
              {t.uses}
            </th>
            <th scope="col">{t.expires}</th>
            <th scope="col">{t.lastUsed}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              <th scope="row">
                <a class="desk-id" href={`/admin/tokens/${row.id}`}>
                  {row.name}
                </a>
              </th>
              <td class="mono">…{row.lastFour}</td>
              <td>
                <TokenStatePill lang={lang} row={row} now={now} />
              </td>
              <td class="mono desk-note">{row.models ?? t.allModels}</td>
              <td>
                <LimitWords lang={lang} row={row} />
              </td>
              <td class="is-number">{formatNumber(row.uses, lang)}</td>
              <td class="desk-time">{row.expiresAt === null ? t.never : <When at={row.expiresAt} lang={lang} />}</td>
              <td class="desk-time">{row.lastUsedAt === null ? t.never : <When at={row.lastUsedAt} lang={lang} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

export function LimitWords({ lang, row }: { lang: Language; row: TokenRow }) {
  const t = tokenTexts[lang];
  if (row.requestLimit === null) return <span class="soft">{t.noLimit}</span>;
  const used = t.used(formatNumber(row.used, lang), formatNumber(row.requestLimit, lang));
  return (
    <span>
      {used} <span class="soft">{t.perPeriod[row.limitPeriod]}</span>
    </span>
  );
}

interface TokenFormProps {
  lang: Language;
  csrf: string;
  action: string;
  button: string;
  fields: TokenFields;
  wrong: WrongField | undefined;
}

/** The terms of a token, new or not. */
export function TokenForm({ lang, csrf, action, button, fields, wrong }: TokenFormProps) {
  const t = tokenTexts[lang];
  const errorOf = (field: WrongField) => (field === wrong ? t.errors[field] : undefined);
  const describe = (field: WrongField) => ({
    "aria-describedby": field === wrong ? `${field}-hint ${field}-error` : `${field}-hint`,
    "aria-invalid": field === wrong ? ("true" as const) : undefined,
  });
  return (
    <form class="desk-form" method="post" action={action}>
      <Csrf token={csrf} />
      <Field id="name" label={t.name} hint={t.nameHint} error={errorOf("name")}>
        <input
          class="input"
          id="name"
          name="name"
          type="text"
          required
          maxlength={100}
          value={fields.name}
          autocomplete="off"
          {...describe("name")}
        />
      </Field>
      <Field id="models" label={t.models} hint={t.modelsHint} error={errorOf("models")}>
        <input
          class="input input--mono"
          id="models"
          name="models"
          type="text"
          maxlength={2000}
          value={fields.models}
          spellcheck={false}
          autocomplete="off"
          {...describe("models")}
        />
      </Field>
      <div class="desk-pair">
        <Field id="requestLimit" label={t.limit} hint={t.limitHint} error={errorOf("requestLimit")}>
          <input
            class="input"
            id="requestLimit"
            name="requestLimit"
            type="text"
            inputmode="numeric"
            maxlength={10}
            value={fields.requestLimit}
            autocomplete="off"
            {...describe("requestLimit")}
          />
        </Field>
        <Field id="limitPeriod" label={t.period}>
          <select class="select" id="limitPeriod" name="limitPeriod">
            {(["day", "month", "total"] as const).map((period) => (
              <option value={period} selected={period === fields.limitPeriod}>
                {t.periods[period]}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <Field id="expiresAt" label={t.expires} hint={t.expiresHint} error={errorOf("expiresAt")}>
        <input
          class="input"
          id="expiresAt"
          name="expiresAt"
          type="date"
          value={fields.expiresAt}
          {...describe("expiresAt")}
        />
      </Field>
      <Button type="submit">{button}</Button>
    </form>
  );
}
