import type { Child } from "hono/jsx";
import { common } from "./i18n/common.ts";
import { Icon, PlateMark } from "./icons.tsx";
import { HTML_LANG, inLanguage, type Language } from "./language.ts";

export interface LayoutProps {
  lang: Language;
  /** Of the page; the project's name is put behind it. */
  title: string;
  /** Of the page, with its query if that matters: the switch of language leads back to it. */
  path: string;
  description?: string;
  /** Client modules below /assets/. */
  scripts?: readonly string[];
  /** There are `<Chart>`s on the page. */
  charts?: boolean;
  /** Further style sheets below /assets/. */
  styles?: readonly string[];
  /** Takes the place of the public pages' navigation. */
  nav?: readonly NavLink[];
  /** Stands at the end of the header, such as a sign-out button. */
  aside?: Child;
  /** The operator's pages: wide, and not for search engines. */
  operator?: boolean;
  /** Where the code of this deployment is. */
  source?: string | undefined;
  children?: Child;
}

export interface NavLink {
  href: string;
  label: string;
  /** `true`: the page is an entry of what the link leads to. By default only the link to the page itself is marked. */
  current?: "page" | "true" | undefined;
}

const CHART_STYLES = ["vendor/uPlot.min.css"];
const CHART_SCRIPTS = ["chart.js"];

/** Every page's frame: head, header with navigation and language, main, footer. */
export function Layout(props: LayoutProps) {
  const { lang, title, path, scripts = [], styles = [], charts = false, operator = false, description } = props;
  const t = common[lang];
  return (
    <html lang={HTML_LANG[lang]} class={operator ? "is-desk" : undefined}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title === "Potluck" ? title : `${title} · Potluck`}</title>
        {description === undefined ? null : <meta name="description" content={description} />}
        {operator ? <meta name="robots" content="noindex" /> : null}
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" content="#fbf5ea" media="(prefers-color-scheme: light)" />
        <meta name="theme-color" content="#1b1613" media="(prefers-color-scheme: dark)" />
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        {[...(charts ? CHART_STYLES : []), "potluck.css", ...styles].map((name) => (
          <link rel="stylesheet" href={`/assets/${name}`} />
        ))}
        {charts ? <script defer src="/assets/vendor/uPlot.iife.min.js"></script> : null}
        {["page.js", ...(charts ? CHART_SCRIPTS : []), ...scripts].map((name) => (
          <script type="module" src={`/assets/${name}`}></script>
        ))}
      </head>
      <body>
        <a class="skip" href="#content">
          {t.skip}
        </a>
        <Header {...props} />
        <main id="content" class="page" tabindex={-1}>
          {props.children}
        </main>
        <Footer lang={lang} path={path} source={props.source} />
      </body>
    </html>
  );
}

function Header({ lang, path, operator = false, nav, aside }: LayoutProps) {
  const t = common[lang];
  const links: readonly NavLink[] = nav ?? [
    { href: "/", label: t.home },
    { href: "/my-key", label: t.myKey },
  ];
  const here = path.split("?", 1)[0];
  const other = lang === "en" ? "zh" : "en";
  return (
    <header class="masthead">
      <div class="cloth" aria-hidden="true"></div>
      <div class="masthead__row">
        <a class="brand" href={operator ? "/admin" : "/"}>
          <PlateMark />
          <span class="brand__name">Potluck</span>
          {operator ? <span class="brand__tag">{t.operator}</span> : null}
        </a>
        <nav class="nav" aria-label={t.navigation}>
          {links.map(({ href, label, current }) => (
            <a class="nav__link" href={href} aria-current={current ?? (href === here ? "page" : undefined)}>
              {label}
            </a>
          ))}
        </nav>
        <div class="masthead__end">
          <a
            class="nav__link nav__link--language"
            href={inLanguage(path, other)}
            hreflang={HTML_LANG[other]}
            rel="nofollow"
          >
            <Icon name="globe" />
            <span lang={HTML_LANG[other]}>{t.otherLanguage}</span>
          </a>
          {aside}
        </div>
      </div>
    </header>
  );
}

function Footer({ lang, source }: Pick<LayoutProps, "lang" | "path" | "source">) {
  const t = common[lang];
  return (
    <footer class="footer">
      <div class="footer__row">
        <p>{t.footer}</p>
        <ul class="footer__links">
          {source === undefined || source === "" ? null : (
            <li>
              <a href={source}>{t.source}</a>
            </li>
          )}
          <li>
            <a href={`/badge.svg?lang=${lang}`}>{t.badge}</a>
          </li>
          <li>
            <a href="/keycount">{t.keyCount}</a>
          </li>
          <li>
            <a href="/health">{t.health}</a>
          </li>
        </ul>
      </div>
      <div class="cloth" aria-hidden="true"></div>
    </footer>
  );
}
