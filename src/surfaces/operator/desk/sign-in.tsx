import type { Context } from "hono";
import type { Services } from "../../../services.ts";
import { Layout } from "../../pages/layout.tsx";
import { readLanguage, type Language } from "../../pages/language.ts";
import { renderPage } from "../../pages/page.tsx";
import { Button, Copyable, Field, Notice } from "../../pages/parts.tsx";
import { tryToken } from "../guard.ts";
import { rememberBrowser, whoTries } from "../known-browser.ts";
import { isFromOwnPages, readForm } from "../own-pages.ts";
import { beginSession, endSession, sessionOf } from "../session.ts";
import { PlainPage } from "./frame.tsx";
import { frameTexts } from "./i18n/frame.ts";

/** A path of the desk, and nothing that a browser could take for another site. */
const OWN_PATH = /^\/admin(?:[/?][\w\-./?=&%*~+,:]*)?$/;

/** Signing in and out. */
export function signInPages(services: Services) {
  return {
    async show(c: Context) {
      const to = targetOf(c.req.query("to"));
      if ((await sessionOf(c, services)) !== undefined) return c.redirect(to, 303);
      const lang = readLanguage(c);
      return renderPage(c, <SignInPage lang={lang} to={to} isSignedOut={c.req.query("signed-out") !== undefined} />);
    },

    async submit(c: Context) {
      const lang = readLanguage(c);
      const t = frameTexts[lang];
      if (!isFromOwnPages(c.req.raw.headers, c.req.url)) return foreignForm(c);
      const form = await readForm(c);
      const to = targetOf(textOf(form.get("to")));
      const outcome = await tryToken(textOf(form.get("token")) ?? "", whoTries(c, services), services);
      switch (outcome.kind) {
        case "right":
          await beginSession(c, services);
          rememberBrowser(c, services);
          return c.redirect(to, 303);
        case "wrong":
          return renderPage(c, <SignInPage lang={lang} to={to} error={t.wrongToken} />, { status: 401 });
        case "wait": {
          c.header("retry-after", String(Math.ceil(outcome.ms / 1000)));
          const error = t.tooMany(Math.ceil(outcome.ms / 60_000));
          return renderPage(c, <SignInPage lang={lang} to={to} error={error} />, { status: 429 });
        }
      }
    },

    async signOut(c: Context) {
      await endSession(c, services);
      return c.redirect("/admin/sign-in?signed-out", 303);
    },
  };
}

/** Where to go after the sign-in; a link from elsewhere must not lead away from the desk. */
export function targetOf(to: string | undefined): string {
  const isOwn = to !== undefined && OWN_PATH.test(to) && !to.includes("..") && !to.startsWith("/admin/sign-");
  return isOwn ? to : "/admin";
}

function textOf(value: File | string | null): string | undefined {
  return typeof value === "string" ? value.trim() : undefined;
}

function SignInPage({ lang, to, error, isSignedOut = false }: SignInPageProps) {
  const t = frameTexts[lang];
  const path = to === "/admin" ? "/admin/sign-in" : `/admin/sign-in?to=${encodeURIComponent(to)}`;
  const described = error === undefined ? "token-hint" : "token-hint token-error";
  return (
    <Layout lang={lang} title={t.signIn} path={path} operator nav={[]} styles={["desk.css"]}>
      <div class="desk-sign-in stack">
        <h1>{t.signInTitle}</h1>
        <p class="lead">{t.signInLead}</p>
        {isSignedOut && error === undefined ? <Notice tone="good">{t.signedOut}</Notice> : null}
        <form class="card stack" method="post" action="/admin/sign-in">
          <input type="hidden" name="to" value={to} />
          <Field id="token" label={t.token} hint={t.tokenHint} error={error}>
            <input
              class="input input--mono"
              id="token"
              name="token"
              type="password"
              autocomplete="current-password"
              autocapitalize="off"
              spellcheck={false}
              required
              autofocus
              aria-describedby={described}
              aria-invalid={error === undefined ? undefined : "true"}
            />
          </Field>
          <div class="row">
            <Button type="submit" icon="key">
              {t.signIn}
            </Button>
          </div>
        </form>
      </div>
    </Layout>
  );
}

interface SignInPageProps {
  lang: Language;
  to: string;
  error?: string;
  isSignedOut?: boolean;
}

/** The answer to a form of another site, or of a session that is over. */
export function foreignForm(c: Context): Response | Promise<Response> {
  const lang = readLanguage(c);
  const t = frameTexts[lang];
  const page = <PlainPage lang={lang} path="/admin" title={t.foreign} text={t.foreignText} />;
  return renderPage(c, page, { status: 403 });
}

/** Without ADMIN_TOKEN there is no desk; what turns it on is no secret. */
export function deskIsOff(c: Context): Response | Promise<Response> {
  const lang = readLanguage(c);
  const t = frameTexts[lang];
  const page = (
    <PlainPage lang={lang} path="/admin" title={t.off} text={t.offText}>
      <Copyable lang={lang} text={t.offCommand} label={t.offCommandLabel} />
      <p>{t.offSelfHosted}</p>
    </PlainPage>
  );
  return renderPage(c, page, { status: 404 });
}
