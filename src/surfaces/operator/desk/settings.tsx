import type { Context, Hono } from "hono";
import type { SettingRow } from "../../../live-settings.ts";
import type { Services } from "../../../services.ts";
import { formatNumber } from "../../pages/format.ts";
import type { Language } from "../../pages/language.ts";
import { renderPage } from "../../pages/page.tsx";
import { Button, Notice, Pill, Words } from "../../pages/parts.tsx";
import { readForm } from "../own-pages.ts";
import type { SignedIn } from "../session.ts";
import { Csrf, DeskPage, say, visitorOf, type Visitor } from "./frame.tsx";
import { CHINESE_DOCS, GROUPS, settingTexts } from "./i18n/settings.ts";
import { When } from "./when.tsx";

/** What was tried in vain, to be shown where it was typed. */
interface Refused {
  name: string;
  value: string;
  message: string;
}

/** `/admin/settings`: what may be changed while the Worker runs. Secrets are not among it. */
export function settingsPages(desk: Hono<SignedIn>, { liveSettings }: Services): void {
  desk.get("/settings", async (c) => show(c, await liveSettings.list()));

  desk.post("/settings/:name{[A-Z][A-Z0-9_]{1,40}}", async (c) => {
    const name = c.req.param("name");
    const form = await readForm(c);
    const given = form.get("value");
    const value = typeof given === "string" ? given.slice(0, 2000) : "";
    const isReset = form.get("reset") !== null;
    const change = await (isReset ? liveSettings.reset(name) : liveSettings.change(name, value));
    switch (change.kind) {
      case "changed":
        return c.redirect(`/admin/settings?${isReset ? "reset" : "saved"}=${name}#${name}`, 303);
      case "invalid":
        return show(c, await liveSettings.list(), { name, value, message: change.message });
      case "not_editable":
      case "unknown":
        return say(c, "notFound", 404);
    }
  });
}

function show(c: Context<SignedIn>, rows: readonly SettingRow[], refused?: Refused) {
  const visitor = { ...visitorOf(c), path: "/admin/settings" };
  const known = (name: string | undefined) => rows.find((row) => row.name === name)?.name;
  const t = settingTexts[visitor.lang];
  const [saved, reset] = [known(c.req.query("saved")), known(c.req.query("reset"))];
  const done = saved === undefined ? reset && t.resetDone(reset) : t.saved(saved);
  const page = <SettingsPage {...visitor} rows={rows} refused={refused} done={done} />;
  return renderPage(c, page, { status: refused === undefined ? 200 : 422 });
}

interface SettingsPageProps extends Visitor {
  rows: readonly SettingRow[];
  refused: Refused | undefined;
  done: string | undefined;
}

function SettingsPage({ rows, refused, done, ...visitor }: SettingsPageProps) {
  const { lang, csrf } = visitor;
  const t = settingTexts[lang];
  return (
    <DeskPage {...visitor} title={t.title}>
      <h1>{t.title}</h1>
      <p class="lead">{t.lead}</p>
      {done === undefined ? null : <Notice tone="good">{done}</Notice>}
      {grouped(rows).map(({ group, rows: members }) => (
        <section class="desk-group" aria-labelledby={`group-${group}`}>
          <h2 class="desk-h2" id={`group-${group}`}>
            {t.groups[group]}
          </h2>
          <div class="card desk-settings">
            {members.map((row) => (
              <Setting lang={lang} csrf={csrf} row={row} refused={row.name === refused?.name ? refused : undefined} />
            ))}
          </div>
        </section>
      ))}
      <p class="soft small">{t.secrets}</p>
    </DeskPage>
  );
}

type Group = keyof typeof GROUPS;

/** In the order of the groups; a setting that none of them names stands with the requests. */
function grouped(rows: readonly SettingRow[]): { group: Group; rows: SettingRow[] }[] {
  const groups = Object.keys(GROUPS) as Group[];
  const named = groups.map((group) => ({
    group,
    rows: GROUPS[group].flatMap((name) => rows.filter((row) => row.name === name)),
  }));
  const known = new Set(named.flatMap(({ rows: members }) => members));
  const others = rows.filter((row) => !known.has(row));
  return named.map((one) => (one.group === "requests" ? { ...one, rows: [...one.rows, ...others] } : one));
}

interface SettingProps {
  lang: Language;
  csrf: string;
  row: SettingRow;
  refused: Refused | undefined;
}

function Setting({ lang, csrf, row, refused }: SettingProps) {
  const t = settingTexts[lang];
  const { name } = row;
  return (
    <div class={refused === undefined ? "desk-setting" : "desk-setting field--wrong"} id={name}>
      <div class="desk-setting__text">
        <label class="desk-setting__name mono" for={`value-${name}`}>
          {name}
        </label>
        {row.overridden ? <Pill tone="info">{t.changed}</Pill> : null}
        <p class="soft" id={`doc-${name}`}>
          <Words text={docOf(row, lang)} />
        </p>
        <p class="small soft">
          {`${t.default} `}
          <code>{shown(row.default, lang)}</code>
          {` · ${t.deployed} `}
          <code>{shown(row.deployed, lang)}</code>
          {row.accepts.kind === "number" ? ` · ${rangeOf(row, lang, t.between)}` : null}
          {row.changedAt === null ? null : (
            <>
              {` · ${t.changed} `}
              <When at={row.changedAt} lang={lang} />
            </>
          )}
        </p>
        {row.problem === null ? null : (
          <p class="field__error">
            {t.problem} {row.problem}
          </p>
        )}
      </div>
      <form class="desk-setting__form" method="post" action={`/admin/settings/${name}`}>
        <Csrf token={csrf} />
        <div class="input-row">
          <Control row={row} value={refused?.value ?? row.value} isWrong={refused !== undefined} />
          <Button type="submit" kind="quiet" aria-label={t.changeLabel(name)}>
            {t.change}
          </Button>
          {row.overridden ? (
            <Button type="submit" kind="quiet" name="reset" value="1" aria-label={t.resetLabel(name)}>
              {t.reset}
            </Button>
          ) : null}
        </div>
        {refused === undefined ? null : (
          <p class="field__error" id={`error-${name}`} role="alert">
            {messageOf(row, refused, lang)}
          </p>
        )}
      </form>
    </div>
  );
}

function Control({ row, value, isWrong }: { row: SettingRow; value: string; isWrong: boolean }) {
  const { name, accepts } = row;
  const common = {
    id: `value-${name}`,
    name: "value",
    "aria-describedby": isWrong ? `doc-${name} error-${name}` : `doc-${name}`,
    "aria-invalid": isWrong ? ("true" as const) : undefined,
  };
  switch (accepts.kind) {
    case "choice":
      return (
        <select class="select" {...common}>
          {accepts.choices.map((choice) => (
            <option value={choice} selected={choice === value}>
              {choice}
            </option>
          ))}
        </select>
      );
    case "number":
      return (
        <input class="input input--mono" type="text" inputmode="numeric" maxlength={12} value={value} {...common} />
      );
    case "text":
      return (
        <input class="input input--mono" type="text" maxlength={2000} spellcheck={false} value={value} {...common} />
      );
  }
}

function docOf({ name, doc }: SettingRow, lang: Language): string {
  const chinese: Record<string, string> = CHINESE_DOCS;
  return (lang === "zh" && Object.hasOwn(chinese, name) ? chinese[name] : undefined) ?? doc;
}

function shown(value: string, lang: Language): string {
  return value === "" ? settingTexts[lang].empty : value;
}

function rangeOf({ accepts }: SettingRow, lang: Language, words: (min: string, max: string) => string): string {
  return accepts.kind === "number" ? words(formatNumber(accepts.min, lang), formatNumber(accepts.max, lang)) : "";
}

/** What the value must be, in the reader's language. */
function messageOf(row: SettingRow, { message }: Refused, lang: Language): string {
  const t = settingTexts[lang];
  switch (row.accepts.kind) {
    case "number":
      return rangeOf(row, lang, t.mustBeNumber);
    case "choice":
      return t.mustBeChoice(row.accepts.choices.join(", "));
    case "text":
      if (row.name === "VERIFY_MODEL") return t.mustBeModel;
      return row.name === "MODELS" ? t.mustBeModels : message;
  }
}
