import type { FailurePage } from "../../../records/records.ts";
import type { Language } from "../../pages/language.ts";
import { TableBox } from "../../pages/parts.tsx";
import { failureTexts } from "./i18n/failures.ts";
import { When } from "./when.tsx";

type FailureRow = FailurePage["rows"][number];

/** Failed attempts in rows. */
export function FailureTable({ lang, rows }: { lang: Language; rows: readonly FailureRow[] }) {
  const t = failureTexts[lang];
  return (
    <TableBox label={t.title}>
      <table class="table desk-failures">
        <thead>
          <tr>
            <th scope="col">{t.time}</th>
            <th scope="col">{t.key}</th>
            <th scope="col">{t.model}</th>
            <th scope="col">{t.verdict}</th>
            <th scope="col" class="is-number">
              {t.status}
            </th>
            <th scope="col">{t.message}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              <th scope="row" class="desk-time">
                <When at={row.at} lang={lang} />
              </th>
              <td>
                <Whose lang={lang} row={row} />
              </td>
              <td class="mono">{row.model ?? t.noKey}</td>
              <td>
                <span title={row.verdict}>{verdictName(row.verdict, lang)}</span>
              </td>
              <td class="is-number">{row.status ?? t.noKey}</td>
              <td class="desk-words">{row.message ?? t.noKey}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

function Whose({ lang, row }: { lang: Language; row: FailureRow }) {
  const t = failureTexts[lang];
  return (
    <>
      {row.keyId === null ? (
        <span class="soft">{t.ownKey}</span>
      ) : (
        <a class="desk-id" href={`/admin/keys/${row.keyId}`}>
          {row.keyId}
        </a>
      )}
      {row.tokenId === null ? null : (
        <a class="desk-token small" href={`/admin/tokens/${row.tokenId}`}>
          {t.viaToken(row.tokenId)}
        </a>
      )}
    </>
  );
}

/** In words; a verdict of another version of the Worker as it is. */
export function verdictName(verdict: string, lang: Language): string {
  const names: Record<string, string> = failureTexts[lang].verdicts;
  return (Object.hasOwn(names, verdict) ? names[verdict] : undefined) ?? verdict;
}
