import type { DeskKey } from "../../../pool/desk.ts";
import { formatNumber } from "../../pages/format.ts";
import type { Language } from "../../pages/language.ts";
import { TableBox } from "../../pages/parts.tsx";
import { frameTexts } from "./i18n/frame.ts";
import { keyTexts } from "./i18n/keys.ts";
import { keysPath, type KeyQuery, type Sort } from "./key-query.ts";
import { KeyStatus, Reason } from "./key-status.tsx";
import { When } from "./when.tsx";

/** What is looked for from its large end comes so at the first click. */
const LARGEST_FIRST: readonly Sort[] = ["uses", "errors", "contributed", "lastUsed"];

/** A page of keys with a box before each; inside the form that works on them. */
export function KeyTable({ lang, query, keys }: { lang: Language; query: KeyQuery; keys: readonly DeskKey[] }) {
  const t = keyTexts[lang];
  const { columns } = t;
  return (
    <TableBox label={t.tableLabel}>
      <table class="table desk-keys">
        <thead>
          <tr>
            <th scope="col" class="desk-pick">
              <label class="desk-box">
                <span class="visually-hidden">{t.selectPage}</span>
                <input type="checkbox" data-pick-page hidden />
              </label>
            </th>
            <SortHeader lang={lang} query={query} sort="id" label={columns.id} />
            <th scope="col">{columns.end}</th>
            <SortHeader lang={lang} query={query} sort="status" label={columns.status} />
            <th scope="col">{columns.reason}</th>
            <SortHeader lang={lang} query={query} sort="uses" label={columns.uses} isNumber />
            <SortHeader lang={lang} query={query} sort="errors" label={columns.errors} isNumber />
            <SortHeader lang={lang} query={query} sort="contributed" label={columns.contributed} />
            <SortHeader lang={lang} query={query} sort="lastUsed" label={columns.lastUsed} />
            <th scope="col">{columns.note}</th>
          </tr>
        </thead>
        <tbody>
          {keys.map((row) => (
            <KeyRow lang={lang} row={row} />
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

function KeyRow({ lang, row }: { lang: Language; row: DeskKey }) {
  const t = keyTexts[lang];
  return (
    <tr>
      <td class="desk-pick">
        <label class="desk-box">
          <span class="visually-hidden">{t.selectKey(row.id)}</span>
          <input type="checkbox" name="ids" value={row.id} />
        </label>
      </td>
      <th scope="row">
        <a class="desk-id" href={`/admin/keys/${row.id}`}>
          {row.id}
        </a>
      </th>
      <td class="mono">{row.lastFour === "" ? <span class="soft">{t.withdrawnEnd}</span> : `…${row.lastFour}`}</td>
      <td>
        <KeyStatus row={row} lang={lang} />
      </td>
      <td>
        <Reason reason={row.reason} lang={lang} />
      </td>
      <td class="is-number">{formatNumber(row.uses, lang)}</td>
      <td class="is-number">{formatNumber(row.errors, lang)}</td>
      <td class="desk-time">
        <When at={row.contributedAt} lang={lang} />
      </td>
      <td class="desk-time">
        {row.lastUsedAt === null ? (
          <span class="soft">{frameTexts[lang].never}</span>
        ) : (
          <When at={row.lastUsedAt} lang={lang} />
        )}
      </td>
      <td class="desk-note">
        <span class="desk-clamp">{row.note}</span>
      </td>
    </tr>
  );
}

interface SortHeaderProps {
  lang: Language;
  query: KeyQuery;
  sort: Sort;
  label: string;
  isNumber?: boolean;
}

function SortHeader({ lang, query, sort, label, isNumber = false }: SortHeaderProps) {
  const t = keyTexts[lang];
  const { sort: current = "id", order: direction = "asc" } = query;
  const isCurrent = current === sort;
  const natural = LARGEST_FIRST.includes(sort) ? "desc" : "asc";
  const order = isCurrent ? (direction === "asc" ? "desc" : "asc") : natural;
  const href = keysPath({ ...query, sort, order, cursor: undefined });
  const shown = direction === "asc" ? "ascending" : "descending";
  return (
    <th scope="col" class={isNumber ? "is-number" : undefined} aria-sort={isCurrent ? shown : undefined}>
      <a class="desk-sort" href={href}>
        {label}
        {isCurrent ? <span aria-hidden="true">{direction === "asc" ? " ↑" : " ↓"}</span> : null}
        {isCurrent ? <span class="visually-hidden"> ({direction === "asc" ? t.sortedAsc : t.sortedDesc})</span> : null}
      </a>
    </th>
  );
}
