import type { Context, Hono } from "hono";
import { toApiKey } from "../../../api-key.ts";
import type { DeskPage as Page } from "../../../pool/desk-list.ts";
import type { Services } from "../../../services.ts";
import { formatNumber } from "../../pages/format.ts";
import { renderPage } from "../../pages/page.tsx";
import { ButtonLink, Notice } from "../../pages/parts.tsx";
import { readForm } from "../own-pages.ts";
import type { SignedIn } from "../session.ts";
import { DeskPage, visitorOf, type Visitor } from "./frame.tsx";
import { frameTexts } from "./i18n/frame.ts";
import { keyTexts } from "./i18n/keys.ts";
import { KeyFilters, KeySearch } from "./key-filters.tsx";
import { filterOf, keysPath, readKeyQuery, type KeyQuery } from "./key-query.ts";
import { KeyTable } from "./key-table.tsx";
import { KeyWorkBar, KeyWorkDialog } from "./key-work-bar.tsx";

/** `/admin/keys`: the pool's keys, page by page, and the search for one. */
export function keyListPages(desk: Hono<SignedIn>, { desk: keys }: Services): void {
  desk.get("/keys", async (c) => {
    const query = readKeyQuery(new URL(c.req.url).searchParams);
    const page = await keys.list(query);
    // A cursor of another question, or all that stood there is gone: the first page.
    const isLost = page === undefined || (page.keys.length === 0 && query.cursor !== undefined);
    if (isLost) return c.redirect(keysPath({ ...query, cursor: undefined }), 303);
    return show(c, query, page);
  });

  desk.post("/keys/search", async (c) => {
    const { lang } = visitorOf(c);
    const t = keyTexts[lang];
    const given = (await readForm(c)).get("q");
    const text = typeof given === "string" ? given.trim() : "";
    const { q } = readKeyQuery(new URLSearchParams({ q: text }));
    if (q !== undefined) return c.redirect(keysPath(readKeyQuery(new URLSearchParams({ q }))), 303);
    const key = toApiKey(text);
    const found = key === undefined ? undefined : await keys.findByKey(key);
    if (found !== undefined) return c.redirect(`/admin/keys/${found.id}`, 303);
    const trouble = key === undefined ? t.searchUnclear : t.searchMissing(key.lastFour);
    const query = readKeyQuery(new URLSearchParams());
    const page = await keys.list(query);
    return show(c, query, page ?? EMPTY, trouble);
  });
}

const EMPTY: Page = { keys: [], next: null, previous: null, total: 0, totalIsExact: true };

function show(c: Context<SignedIn>, query: KeyQuery, page: Page, trouble?: string) {
  const visitor = { ...visitorOf(c), path: keysPath(query) };
  const status = trouble === undefined ? 200 : 404;
  return renderPage(c, <KeysPage {...visitor} query={query} page={page} trouble={trouble} />, { status });
}

interface KeysPageProps extends Visitor {
  query: KeyQuery;
  page: Page;
  trouble: string | undefined;
}

function KeysPage({ query, page, trouble, ...visitor }: KeysPageProps) {
  const { lang } = visitor;
  const t = keyTexts[lang];
  const isFiltered = Object.values(filterOf(query)).some((value) => value !== undefined);
  return (
    <DeskPage {...visitor} title={t.title} scripts={["desk-keys.js"]}>
      <div class="desk-head">
        <div>
          <h1>{t.title}</h1>
          <p class="soft">{t.lead}</p>
        </div>
        <ButtonLink href="/admin/keys/import" icon="plus">
          {t.importLink}
        </ButtonLink>
      </div>
      <div class="desk-tools">
        <KeySearch lang={lang} csrf={visitor.csrf} error={trouble} />
        <KeyFilters lang={lang} query={query} />
      </div>
      <p class="desk-count" role="status">
        {t.found(page.total, page.totalIsExact)}
      </p>
      {page.keys.length === 0 ? (
        <Notice tone="plain">{isFiltered ? t.none : t.noneYet}</Notice>
      ) : (
        <KeyList visitor={visitor} query={query} page={page} />
      )}
    </DeskPage>
  );
}

function KeyList({ visitor, query, page }: { visitor: Visitor; query: KeyQuery; page: Page }) {
  const { lang, csrf } = visitor;
  const t = keyTexts[lang];
  const total = `${formatNumber(page.total, lang)}${page.totalIsExact ? "" : "+"}`;
  return (
    <>
      <form class="stack" method="post" action="/admin/keys/actions" data-key-work>
        <KeyWorkBar lang={lang} csrf={csrf} filter={filterOf(query)} total={page.total} shownTotal={total} />
        <KeyTable lang={lang} query={query} keys={page.keys} />
      </form>
      <Pages lang={lang} query={query} page={page} />
      <p class="desk-export small">
        {t.exportLabel}:{" "}
        <a href={exportPath(query, "json")} download>
          {t.exportJson}
        </a>
        {" · "}
        <a href={exportPath(query, "csv")} download>
          {t.exportCsv}
        </a>
      </p>
      <KeyWorkDialog lang={lang} />
    </>
  );
}

function Pages({ lang, query, page }: { lang: Visitor["lang"]; query: KeyQuery; page: Page }) {
  const t = frameTexts[lang];
  const { next, previous } = page;
  if (query.cursor === undefined && next === null) return null;
  return (
    <nav class="row desk-pages" aria-label={keyTexts[lang].tableLabel}>
      {query.cursor === undefined ? null : (
        <ButtonLink kind="quiet" href={keysPath({ ...query, cursor: undefined })}>
          {t.firstPage}
        </ButtonLink>
      )}
      {previous === null ? null : (
        <ButtonLink kind="quiet" href={keysPath({ ...query, cursor: previous })} rel="prev">
          {t.previousPage}
        </ButtonLink>
      )}
      {next === null ? null : (
        <ButtonLink kind="quiet" href={keysPath({ ...query, cursor: next })} icon="arrow" rel="next">
          {t.nextPage}
        </ButtonLink>
      )}
    </nav>
  );
}

function exportPath(query: KeyQuery, format: "json" | "csv"): string {
  const path = keysPath({ ...readKeyQuery(new URLSearchParams()), ...filterOf(query) }, "/api/admin/keys/export");
  return `${path}${path.includes("?") ? "&" : "?"}format=${format}`;
}
