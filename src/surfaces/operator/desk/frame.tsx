import type { Context } from "hono";
import type { PropsWithChildren } from "hono/jsx";
import { Layout, type NavLink } from "../../pages/layout.tsx";
import { readLanguage, type Language } from "../../pages/language.ts";
import { renderPage, type PageOptions } from "../../pages/page.tsx";
import { Button, ButtonLink, Notice } from "../../pages/parts.tsx";
import { CSRF_FIELD } from "../own-pages.ts";
import type { SignedIn } from "../session.ts";
import { frameTexts } from "./i18n/frame.ts";

/** What every page of the desk is told by its request. */
export interface Visitor {
  lang: Language;
  /** Pathname and query. */
  path: string;
  /** The session's token for forms. */
  csrf: string;
}

export function visitorOf(c: Context<SignedIn>): Visitor {
  const { pathname, search } = new URL(c.req.url);
  return { lang: readLanguage(c), path: pathname + search, csrf: c.get("session").csrfToken };
}

interface DeskPageProps extends Visitor {
  title: string;
  charts?: boolean;
  /** Client modules below /assets/, beside the desk's own. */
  scripts?: readonly string[];
}

/** The frame of a page behind the sign-in. */
export function DeskPage({
  lang,
  path,
  csrf,
  title,
  charts,
  scripts = [],
  children,
}: PropsWithChildren<DeskPageProps>) {
  const t = frameTexts[lang];
  const nav = [
    { href: "/admin", label: t.overview },
    { href: "/admin/keys", label: t.keys },
    { href: "/admin/keys/import", label: t.importKeys },
    { href: "/admin/tokens", label: t.tokens },
    { href: "/admin/failures", label: t.failures },
    { href: "/admin/settings", label: t.settings },
  ];
  const signOut = (
    <form method="post" action="/admin/sign-out">
      <Csrf token={csrf} />
      <Button kind="quiet" type="submit" icon="door" small>
        {t.signOut}
      </Button>
    </form>
  );
  return (
    <Layout
      lang={lang}
      title={title}
      path={path}
      operator
      nav={marked(nav, path)}
      aside={signOut}
      styles={["desk.css"]}
      scripts={scripts}
      {...(charts === undefined ? {} : { charts })}
    >
      {children}
    </Layout>
  );
}

/** The page of one key belongs to the keys, that of one token to the tokens: the nearest list is marked. */
function marked(nav: readonly NavLink[], path: string): NavLink[] {
  const here = path.split("?", 1)[0] ?? "";
  const around = nav.filter(({ href }) => href !== "/admin" && `${here}/`.startsWith(`${href}/`));
  const nearest = around.toSorted((one, other) => other.href.length - one.href.length)[0];
  return nav.map((link) => (link === nearest && link.href !== here ? { ...link, current: "true" } : link));
}

/** The field that tells a form of ours from another site's. Every POST form of the desk has it. */
export function Csrf({ token }: { token: string }) {
  return <input type="hidden" name={CSRF_FIELD} value={token} />;
}

/** A page that says one thing, for people who are signed in or not. */
export function PlainPage({
  lang,
  path,
  title,
  text,
  tone = "warning",
  children,
}: PropsWithChildren<{
  lang: Language;
  path: string;
  title: string;
  text: string;
  tone?: "warning" | "bad";
}>) {
  const t = frameTexts[lang];
  return (
    <Layout lang={lang} title={title} path={path} operator nav={[]} styles={["desk.css"]}>
      <div class="desk-narrow stack">
        <h1>{title}</h1>
        <Notice tone={tone}>{text}</Notice>
        {children ?? (
          <p>
            <ButtonLink kind="quiet" href="/admin">
              {t.back}
            </ButtonLink>
          </p>
        )}
      </div>
    </Layout>
  );
}

/** Says what went wrong where there is no page to say it on. */
export function say(
  c: Context,
  what: "notFound" | "broken" | "tooLarge" | "keyInAddress",
  status: NonNullable<PageOptions["status"]>,
): Response | Promise<Response> {
  const lang = readLanguage(c);
  const t = frameTexts[lang];
  const page = <PlainPage lang={lang} path="/admin" title={t[what]} text={t[`${what}Text`]} />;
  return renderPage(c, page, { status });
}
