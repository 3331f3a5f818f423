import { privacy as texts } from "./i18n/privacy.ts";
import type { Language } from "./language.ts";
import { Card, Section, TableBox, Words } from "./parts.tsx";

const TERMS = "https://ai.google.dev/gemini-api/terms";
const REGIONS = "https://ai.google.dev/gemini-api/docs/available-regions";

export interface PrivacyProps {
  lang: Language;
  promptStore: "never" | "leave";
  failuresKeptDays: number;
}

/** What people should know before they share. It says what this deployment's settings do, not what the defaults do. */
export function Privacy({ lang, promptStore, failuresKeptDays }: PrivacyProps) {
  const t = texts[lang];
  return (
    <Section id="privacy" title={t.title} lead={t.lead}>
      <div class="stack">
        <WhoSeesWhat lang={lang} />
        <p class="prose">
          <Words text={promptStore === "never" ? t.storeNever : t.storeLeave} />
        </p>
        <div class="grid grid--pairs">
          {t.points.map(({ title, text }) => (
            <Card title={title}>
              <p>{text}</p>
            </Card>
          ))}
        </div>
        <div class="prose">
          <p>{t.failures(failuresKeptDays)}</p>
          <h3>{t.termsTitle}</h3>
          <p>{t.terms}</p>
          <p class="row">
            <a href={TERMS} rel="noreferrer">
              {t.termsLink}
            </a>
            <a href={REGIONS} rel="noreferrer">
              {t.regionsLink}
            </a>
          </p>
        </div>
      </div>
    </Section>
  );
}

/** The roles are said because narrow screens show each row as a block, and a block alone is no row any more. */
function WhoSeesWhat({ lang }: { lang: Language }) {
  const t = texts[lang];
  return (
    <TableBox label={t.tableTitle}>
      <table class="table table--words" role="table">
        <caption class="table__caption">{t.tableTitle}</caption>
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">
              {t.who}
            </th>
            <th scope="col" role="columnheader">
              {t.prompt}
            </th>
            <th scope="col" role="columnheader">
              {t.key}
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {t.rows.map(({ who, prompt, key }) => (
            <tr role="row">
              <th scope="row" role="rowheader">
                {who}
              </th>
              <td role="cell" data-label={t.prompt}>
                {prompt}
              </td>
              <td role="cell" data-label={t.key}>
                {key}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}
